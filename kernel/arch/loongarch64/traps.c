/* SPDX-License-Identifier: MIT */
/* Sorts exceptions and interrupts into trap kinds, and takes care of the way back to user mode.
 * Owns: the meaning of ESTAT.
 * Relies on: entry.S; the handlers of trap.h; extable.h.
 * Never: lets a fault of the kernel be resolved unless its instruction is in the exception table. */
#include "abi/signal.h"
#include "core/log.h"
#include "csr.h"
#include "fpu.h"
#include "percpu.h"
#include "proc/process.h"
#include "trap/extable.h"
#include "trap/trap.h"
#include "trap_entry.h"

#define BREAK_CODE 0x7fff
#define BREAK_OVERFLOW 6
#define BREAK_DIVZERO 7
#define FPE_INTOVF 2

enum {
	E_INTERRUPT = 0,
	E_LOAD = 1,
	E_STORE = 2,
	E_FETCH = 3,
	E_MODIFY = 4,
	E_NO_READ = 5,
	E_NO_EXEC = 6,
	E_LEVEL = 7,
	E_ADDRESS = 8,
	E_ALIGNMENT = 9,
	E_BOUND = 10,
	E_SYSCALL = ECODE_SYS,
	E_BREAK = 12,
	E_ILLEGAL = 13,
	E_PRIVILEGE = 14,
	E_NO_FPU = 15,
	E_NO_LSX = 16,
	E_NO_LASX = 17,
	E_FPU = 18,
	E_COUNT = 64,
};

static const char *const names[E_COUNT] = {
	[E_LOAD] = "page fault (load)",
	[E_STORE] = "page fault (store)",
	[E_FETCH] = "page fault (fetch)",
	[E_MODIFY] = "page fault (not writable)",
	[E_NO_READ] = "page fault (not readable)",
	[E_NO_EXEC] = "page fault (not executable)",
	[E_LEVEL] = "page fault (privilege level)",
	[E_ADDRESS] = "address error",
	[E_ALIGNMENT] = "unaligned access",
	[E_BOUND] = "bound check",
	[E_SYSCALL] = "system call",
	[E_BREAK] = "breakpoint",
	[E_ILLEGAL] = "illegal instruction",
	[E_PRIVILEGE] = "privileged instruction",
	[E_NO_FPU] = "no FPU",
	[E_NO_LSX] = "no LSX",
	[E_NO_LASX] = "no LASX",
	[E_FPU] = "floating-point exception",
};

extern const char idle_window[], idle_done[]; /* entry.S */

static unsigned int code_of(const struct arch_regs *r)
{
	return r->estat >> ECODE_SHIFT & (E_COUNT - 1);
}

static bool from_user(const struct arch_regs *r)
{
	return r->prmd & PLV_MASK;
}

static bool is_page_fault(unsigned int code)
{
	return code >= E_LOAD && code <= E_LEVEL;
}

/* The TLB holds pages in pairs, one that is not there beside one that is: its entry may be out of date. */
static void forget_invalid(const struct arch_regs *r)
{
	unsigned int code = code_of(r);

	if (code >= E_LOAD && code <= E_FETCH && r->badv < ARCH_USER_TOP)
		paging_fault(r->badv);
}

static unsigned int access(unsigned int code)
{
	if (code == E_FETCH || code == E_NO_EXEC)
		return TRAP_ACCESS_EXEC;
	return code == E_STORE || code == E_MODIFY ? TRAP_ACCESS_WRITE : TRAP_ACCESS_READ;
}

_Noreturn static void die(const struct arch_regs *r)
{
	unsigned int code = code_of(r);

	dump_regs(r);
	panic("%s (code %u) in the kernel at %p, address %p", names[code] ? names[code] : "exception", code,
	      (void *)r->pc, (void *)r->badv);
}

_Noreturn void trap_overflow(struct arch_regs *r)
{
	dump_regs(r);
	panic("kernel stack overflow at %p", (void *)r->pc);
}

/* The compilers' way to tell of a division by zero is a code in BREAK. */
static enum trap_kind sort_break(uint64_t instruction, struct trap_info *info)
{
	unsigned int code = instruction & BREAK_CODE;

	if (code != BREAK_DIVZERO && code != BREAK_OVERFLOW)
		return TRAP_BREAKPOINT;
	info->code = code == BREAK_DIVZERO ? FPE_INTDIV : FPE_INTOVF;
	return TRAP_ARITHMETIC;
}

/* What Linux makes of each exception of user mode. */
static enum trap_kind sort(const struct arch_regs *r, struct trap_info *info)
{
	unsigned int code = code_of(r);

	if (is_page_fault(code)) {
		info->access = access(code);
		return TRAP_PAGE_FAULT;
	}
	switch (code) {
	case E_ADDRESS:
		info->code = BUS_ADRERR;
		return TRAP_ALIGNMENT;
	case E_ALIGNMENT:
		info->code = BUS_ADRALN;
		return TRAP_ALIGNMENT;
	case E_BREAK:
		return sort_break(csr_read(CSR_BADI), info);
	case E_ILLEGAL:
	case E_PRIVILEGE:
	case E_NO_FPU:
	case E_NO_LSX:
	case E_NO_LASX:
		info->code = SI_KERNEL;
		return TRAP_ILLEGAL;
	case E_FPU:
		info->code = fpu_exception_code();
		return TRAP_FLOAT;
	default:
		info->code = SI_KERNEL;
		return TRAP_PROTECTION;
	}
}

static void user_exception(struct arch_regs *r, struct trap_info *info)
{
	enum trap_kind kind = sort(r, info);
	bool fault = kind == TRAP_PAGE_FAULT;

	forget_invalid(r);
	current_thread()->arch.fault = !fault ? 0 : info->access == TRAP_ACCESS_WRITE ? FAULT_WRITE : FAULT_READ;
	if (trap_dispatch(kind, info))
		return;
	signal_force(SIGSEGV, fault ? SEGV_MAPERR : SI_KERNEL, fault ? info->addr : 0);
}

static void kernel_exception(struct arch_regs *r, struct trap_info *info)
{
	uint64_t fixup = extable_find(r->pc);

	if (!fixup)
		die(r);
	forget_invalid(r);
	if (is_page_fault(code_of(r)) && r->badv < ARCH_USER_TOP && this_arch_cpu() && arch_this_cpu() &&
	    trap_dispatch(sort(r, info), info))
		return;
	r->pc = fixup;
}

static void interrupt(struct arch_regs *r, struct trap_info *info)
{
	uint64_t lines = r->estat & INT_ALL;

	if (r->pc >= (uint64_t)idle_window && r->pc < (uint64_t)idle_done)
		r->pc = (uint64_t)idle_done;
	if (lines & 1 << INT_TIMER) {
		csr_write(CSR_TICLR, 1);
		trap_dispatch(TRAP_TIMER, info);
	}
	while (lines & 1 << INT_HW0 && interrupts_take(&info->irq))
		trap_dispatch(TRAP_IRQ, info);
}

void trap_enter(struct arch_regs *r)
{
	unsigned int code = code_of(r);
	bool known = is_page_fault(code) || code == E_ADDRESS || code == E_ALIGNMENT;
	struct trap_info info = { .regs = r, .user = from_user(r), .addr = known ? r->badv : r->pc };

	if (code == E_INTERRUPT)
		interrupt(r, &info);
	else if (info.user)
		user_exception(r, &info);
	else
		kernel_exception(r, &info);
	if (info.user)
		exit_to_user(r);
}

/* return_to_user() leaves interrupts off: what comes after its last look interrupts user mode. A program counter that
 * is none faults there. */
void exit_to_user(struct arch_regs *r)
{
	return_to_user(r);
	ASSERT(!arch_irq_enabled());
}

void syscall_enter(struct arch_regs *r)
{
	uint64_t args[6];
	long result;

	arch_irq_enable();
	arch_syscall_args(r, args);
	result = syscall_dispatch(r->r[11], args);
	/* execve and rt_sigreturn have replaced the frame: it is no system call's any more. */
	if (!r->estat)
		r->r[4] = (uint64_t)result;
	exit_to_user(r);
}

void arch_syscall_args(const struct arch_regs *r, uint64_t args[6])
{
	args[0] = r->orig_a0;
	for (unsigned int i = 1; i < 6; i++)
		args[i] = r->r[4 + i];
}

uaddr_t arch_regs_pc(const struct arch_regs *r)
{
	return r->pc;
}

uaddr_t arch_regs_sp(const struct arch_regs *r)
{
	return r->r[3];
}

/* SYSCALL is four bytes long. */
void arch_syscall_restart(struct arch_regs *r)
{
	r->pc -= 4;
	r->r[4] = r->orig_a0;
	r->estat = 1UL << REGS_TRAP_BIT;
}

void arch_syscall_result(struct arch_regs *r, long result)
{
	r->r[4] = (uint64_t)result;
}

long arch_syscall_get_result(const struct arch_regs *r)
{
	return (long)r->r[4];
}

long arch_syscall_number(const struct arch_regs *r)
{
	return r->estat ? -1 : (long)r->r[11];
}
