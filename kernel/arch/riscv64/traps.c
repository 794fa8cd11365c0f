/* SPDX-License-Identifier: MIT */
/* Sorts exceptions and interrupts into trap kinds, and takes care of the way back to user mode.
 * Owns: struct arch_regs's meaning for system calls.
 * Relies on: entry.S; the handlers of trap.h; the firmware handing exceptions on that it does not resolve.
 * Never: forgives a fault of the kernel unless its instruction is in the exception table. */
#include "abi/signal.h"
#include "core/log.h"
#include "csr.h"
#include "percpu.h"
#include "plic.h"
#include "proc/process.h"
#include "timer.h"
#include "trap/extable.h"
#include "trap/trap.h"
#include "trap_entry.h"

#define CAUSE_INTERRUPT (1UL << 63)
#define ECALL_BYTES 4
/* Below this much of a stack nothing but an overflow comes. */
#define STACK_END_BYTES 1024

enum {
	FETCH_MISALIGNED = 0,
	FETCH_ACCESS = 1,
	ILLEGAL = 2,
	BREAKPOINT = 3,
	LOAD_MISALIGNED = 4,
	LOAD_ACCESS = 5,
	STORE_MISALIGNED = 6,
	STORE_ACCESS = 7,
	FETCH_PAGE = 12,
	LOAD_PAGE = 13,
	STORE_PAGE = 15,
};

static const char *const names[] = {
	[FETCH_MISALIGNED] = "misaligned jump",
	[FETCH_ACCESS] = "access fault of a fetch",
	[ILLEGAL] = "illegal instruction",
	[BREAKPOINT] = "breakpoint",
	[LOAD_MISALIGNED] = "misaligned load",
	[LOAD_ACCESS] = "access fault of a load",
	[STORE_MISALIGNED] = "misaligned store",
	[STORE_ACCESS] = "access fault of a store",
	[FETCH_PAGE] = "page fault: execution of",
	[LOAD_PAGE] = "page fault: read of",
	[STORE_PAGE] = "page fault: write to",
};

extern const char boot_stack[];

_Noreturn static void die(const struct arch_regs *r)
{
	const char *name = r->cause < ARRAY_SIZE(names) ? names[r->cause] : NULL;

	dump_regs(r);
	panic("%s %p in the kernel at %p (cause %lu)", name ? name : "exception", (void *)r->tval, (void *)r->pc,
	      r->cause);
}

_Noreturn void trap_no_stack(struct arch_regs *r)
{
	const struct thread *t = arch_this_cpu() ? current_thread() : NULL;
	uint64_t end = t && t->kstack ? (uint64_t)t->kstack : (uint64_t)boot_stack;

	dump_regs(r);
	if (r->sp - (end - ARCH_KSTACK_SIZE) < ARCH_KSTACK_SIZE + STACK_END_BYTES)
		panic("kernel stack overflow at %p", (void *)r->pc);
	panic("trap with stack pointer %p, at %p (cause %lx)", (void *)r->sp, (void *)r->pc, r->cause);
}

static bool is_page_fault(const struct arch_regs *r)
{
	return r->cause == FETCH_PAGE || r->cause == LOAD_PAGE || r->cause == STORE_PAGE;
}

/* What Linux makes of each exception of user mode. All but page faults tell the program counter as the address. */
static enum trap_kind sort(const struct arch_regs *r, struct trap_info *info)
{
	switch (r->cause) {
	case FETCH_MISALIGNED:
	case LOAD_MISALIGNED:
	case STORE_MISALIGNED:
		info->code = BUS_ADRALN;
		return TRAP_ALIGNMENT;
	case FETCH_ACCESS:
	case LOAD_ACCESS:
	case STORE_ACCESS:
		info->code = SEGV_ACCERR;
		return TRAP_PROTECTION;
	case BREAKPOINT:
		info->code = TRAP_BRKPT;
		return TRAP_BREAKPOINT;
	case FETCH_PAGE:
		info->access = TRAP_ACCESS_EXEC;
		return TRAP_PAGE_FAULT;
	case LOAD_PAGE:
		info->access = TRAP_ACCESS_READ;
		return TRAP_PAGE_FAULT;
	case STORE_PAGE:
		info->access = TRAP_ACCESS_WRITE;
		return TRAP_PAGE_FAULT;
	default:
		info->code = ILL_ILLOPC;
		return TRAP_ILLEGAL;
	}
}

/* A page fault that comes again at once: the hart may remember an entry as it was. */
static void note_page_fault(uint64_t va)
{
	struct arch_cpu *c = this_arch_cpu();

	if (va == c->last_fault)
		sfence_all();
	c->last_fault = va;
}

static void user_exception(struct arch_regs *r, struct trap_info *info)
{
	if (!trap_dispatch(sort(r, info), info))
		signal_force(SIGSEGV, SI_KERNEL, 0);
}

static void kernel_exception(struct arch_regs *r)
{
	uint64_t fixup = extable_find(r->pc);

	if (!fixup)
		die(r);
	r->pc = fixup;
}

static void interrupt(struct trap_info *info, uint64_t number)
{
	static bool told[64];

	switch (number) {
	case IRQ_TIMER:
		timer_stop();
		trap_dispatch(TRAP_TIMER, info);
		break;
	case IRQ_EXTERNAL:
		while (plic_claim(&info->irq)) {
			trap_dispatch(TRAP_IRQ, info);
			plic_complete(info->irq);
		}
		break;
	default:
		if (number < ARRAY_SIZE(told) && !told[number]) {
			told[number] = true;
			log_warn("interrupt: number %lu is nobody's", number);
		}
	}
}

void trap_enter(struct arch_regs *r)
{
	struct trap_info info = {
		.regs = r,
		.user = !(r->status & STATUS_SPP),
		.addr = is_page_fault(r) ? r->tval : r->pc,
	};

	if (is_page_fault(r))
		note_page_fault(r->tval);
	if (r->cause & CAUSE_INTERRUPT)
		interrupt(&info, r->cause & ~CAUSE_INTERRUPT);
	else if (info.user)
		user_exception(r, &info);
	else
		kernel_exception(r);
	if (info.user)
		exit_to_user(r);
}

/* return_to_user() leaves interrupts off: what comes after its last look interrupts user mode. */
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
	r->pc += ECALL_BYTES;
	r->orig_a0 = r->a0;
	arch_syscall_args(r, args);
	result = syscall_dispatch(r->a7, args);
	/* execve and rt_sigreturn have replaced the frame: it is no system call's any more. */
	if (r->cause == CAUSE_ECALL)
		r->a0 = (uint64_t)result;
	exit_to_user(r);
}

void arch_syscall_args(const struct arch_regs *r, uint64_t args[6])
{
	args[0] = r->orig_a0;
	args[1] = r->a1;
	args[2] = r->a2;
	args[3] = r->a3;
	args[4] = r->a4;
	args[5] = r->a5;
}

uaddr_t arch_regs_pc(const struct arch_regs *r)
{
	return r->pc;
}

uaddr_t arch_regs_sp(const struct arch_regs *r)
{
	return r->sp;
}

void arch_syscall_restart(struct arch_regs *r)
{
	r->pc -= ECALL_BYTES;
	r->a0 = r->orig_a0;
	r->cause = ARCH_CAUSE_NONE;
}

void arch_syscall_result(struct arch_regs *r, long result)
{
	r->a0 = (uint64_t)result;
}

long arch_syscall_get_result(const struct arch_regs *r)
{
	return (long)r->a0;
}

long arch_syscall_number(const struct arch_regs *r)
{
	return r->cause == CAUSE_ECALL ? (long)r->a7 : -1;
}
