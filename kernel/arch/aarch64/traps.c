/* SPDX-License-Identifier: MIT */
/* Sorts exceptions and interrupts into trap kinds, and takes care of the way back to user mode.
 * Owns: what each exception class means.
 * Relies on: entry.S; the handlers of trap.h.
 * Never: lets a fault of the kernel be resolved unless its instruction is in the exception table. */
#include "abi/signal.h"
#include "core/log.h"
#include "gic.h"
#include "proc/process.h"
#include "sysreg.h"
#include "timer.h"
#include "trap/extable.h"
#include "trap/trap.h"
#include "trap_entry.h"

/* Arm ARM, ESR_EL1. */
#define ESR_EC(esr) ((esr) >> ESR_EC_SHIFT & 63)
#define ESR_FSC(esr) ((esr) & 63)
#define ESR_WRITE 0x40u
#define ESR_CACHE_MAINTENANCE 0x100u
#define ESR_FP_VALID (1u << 23)
#define ESR_FAULT_DETAILS (0x1ffffffu & ~(ESR_WRITE | ESR_CACHE_MAINTENANCE))
#define FSC_TRANSLATION_0 4
#define FSC_ALIGNMENT 0x21

enum {
	EC_WFX = 0x01,
	EC_PAC_FAIL = 0x1c,
	EC_FETCH_USER = 0x20,
	EC_FETCH = 0x21,
	EC_PC_ALIGNMENT = 0x22,
	EC_DATA_USER = 0x24,
	EC_DATA = 0x25,
	EC_SP_ALIGNMENT = 0x26,
	EC_FP = 0x2c,
	EC_SERROR = 0x2f,
	EC_BREAKPOINT_USER = 0x30,
	EC_STEP_USER = 0x32,
	EC_WATCHPOINT_USER = 0x34,
	EC_BRK = 0x3c,
};

#define BUS_OBJERR 3
#define TRAP_HWBKPT 4
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define FPE_FLTUNK 14
#define INSTRUCTION_SIZE 4

static const char *const access_names[] = {
	[TRAP_ACCESS_READ] = "read of",
	[TRAP_ACCESS_WRITE] = "write to",
	[TRAP_ACCESS_EXEC] = "execution of",
};

static bool from_user(const struct arch_regs *r)
{
	return (r->pstate & PSR_MODE_MASK) == PSR_EL0T;
}

static bool is_abort(uint64_t esr)
{
	unsigned int ec = ESR_EC(esr);

	return ec == EC_FETCH_USER || ec == EC_FETCH || ec == EC_DATA_USER || ec == EC_DATA;
}

/* Translation, access flag and permission faults, at any level. */
static bool is_page_fault(uint64_t esr)
{
	unsigned int kind = ESR_FSC(esr) >> 2;

	return is_abort(esr) && kind >= 1 && kind <= 3;
}

static unsigned int access(uint64_t esr)
{
	if (ESR_EC(esr) == EC_FETCH_USER || ESR_EC(esr) == EC_FETCH)
		return TRAP_ACCESS_EXEC;
	return esr & ESR_WRITE && !(esr & ESR_CACHE_MAINTENANCE) ? TRAP_ACCESS_WRITE : TRAP_ACCESS_READ;
}

/* The top byte of a user pointer is a tag, which translation ignores. */
static uint64_t untagged(uint64_t far)
{
	return (uint64_t)((int64_t)(far << 8) >> 8);
}

_Noreturn static void die(struct arch_regs *r, uint64_t esr, uint64_t far)
{
	dump_regs(r);
	if (is_abort(esr))
		panic("page fault in the kernel: %s %p, at %p (esr %lx)", access_names[access(esr)], (void *)far,
		      (void *)r->pc, esr);
	panic("exception class %lx (esr %lx) in the kernel at %p", (unsigned long)ESR_EC(esr), esr, (void *)r->pc);
}

_Noreturn void trap_fatal(struct arch_regs *r, uint64_t esr, uint64_t far)
{
	dump_regs(r);
	panic("an exception that must not be: esr %lx, address %p, at %p", esr, (void *)far, (void *)r->pc);
}

_Noreturn void trap_stack_overflow(struct arch_regs *r)
{
	dump_regs(r);
	panic("kernel stack overflow at %p", (void *)r->pc);
}

static int fp_code(uint64_t esr)
{
	static const struct {
		uint8_t bit, code;
	} codes[] = { { 0, FPE_FLTINV }, { 1, FPE_FLTDIV }, { 2, FPE_FLTOVF }, { 3, FPE_FLTUND }, { 4, FPE_FLTRES } };

	for (size_t i = 0; esr & ESR_FP_VALID && i < ARRAY_SIZE(codes); i++)
		if (esr >> codes[i].bit & 1)
			return codes[i].code;
	return FPE_FLTUNK;
}

static enum trap_kind sort_abort(uint64_t esr, uint64_t far, struct trap_info *info)
{
	info->addr = far;
	if (is_page_fault(esr)) {
		info->access = access(esr);
		return TRAP_PAGE_FAULT;
	}
	info->code = ESR_FSC(esr) == FSC_ALIGNMENT ? BUS_ADRALN : BUS_OBJERR;
	return TRAP_ALIGNMENT;
}

/* What Linux makes of each exception of user mode. */
static enum trap_kind sort(const struct arch_regs *r, uint64_t esr, uint64_t far, struct trap_info *info)
{
	switch (ESR_EC(esr)) {
	case EC_FETCH_USER:
	case EC_DATA_USER:
		return sort_abort(esr, far, info);
	case EC_PC_ALIGNMENT:
		info->code = BUS_ADRALN;
		info->addr = far;
		return TRAP_ALIGNMENT;
	case EC_SP_ALIGNMENT:
		info->code = BUS_ADRALN;
		info->addr = r->sp;
		return TRAP_ALIGNMENT;
	case EC_FP:
		info->code = fp_code(esr);
		return TRAP_FLOAT;
	case EC_BRK:
		info->code = TRAP_BRKPT;
		return TRAP_BREAKPOINT;
	case EC_STEP_USER:
		info->code = TRAP_TRACE;
		return TRAP_STEP;
	case EC_BREAKPOINT_USER:
	case EC_WATCHPOINT_USER:
		info->code = TRAP_HWBKPT;
		return TRAP_STEP;
	case EC_PAC_FAIL:
		info->code = ILL_ILLOPN;
		return TRAP_ILLEGAL;
	default:
		/* Undefined; a system register or an extension that user mode may not use; an illegal PSTATE. */
		info->code = ILL_ILLOPC;
		return TRAP_ILLEGAL;
	}
}

void user_trap_enter(struct arch_regs *r, uint64_t esr, uint64_t far)
{
	struct arch_thread *t = &current_thread()->arch;
	struct trap_info info = { .regs = r, .user = true, .addr = r->pc };
	enum trap_kind kind;

	/* As on Linux, WFI is a no-operation. */
	if (ESR_EC(esr) == EC_WFX) {
		r->pc += INSTRUCTION_SIZE;
		exit_to_user(r);
		return;
	}
	far = untagged(far);
	kind = sort(r, esr, far, &info);
	t->esr = kind == TRAP_PAGE_FAULT || kind == TRAP_ALIGNMENT ? esr : 0;
	t->fault_addr = is_abort(esr) ? far : 0;
	/* As on Linux: programs do not learn what of the kernel is mapped. */
	if (is_abort(esr) && far >= ARCH_USER_TOP)
		t->esr = (esr & ~(uint64_t)ESR_FAULT_DETAILS) | FSC_TRANSLATION_0;
	if (!trap_dispatch(kind, &info))
		signal_force(SIGSEGV, SI_KERNEL, 0);
	exit_to_user(r);
}

void kernel_trap_enter(struct arch_regs *r, uint64_t esr, uint64_t far)
{
	struct trap_info info = { .regs = r, .addr = far, .access = access(esr) };
	uint64_t fixup = is_abort(esr) ? extable_find(r->pc) : 0;

	if (!fixup)
		die(r, esr, far);
	if (is_page_fault(esr) && far < ARCH_USER_TOP && arch_this_cpu() && trap_dispatch(TRAP_PAGE_FAULT, &info))
		return;
	r->pc = fixup;
}

static void interrupt(struct arch_regs *r)
{
	struct trap_info info = { .regs = r, .user = from_user(r), .addr = r->pc };

	info.irq = gic_acknowledge();
	if (info.irq == GIC_NONE)
		return;
	if (timer_is(info.irq)) {
		timer_stop();
		trap_dispatch(TRAP_TIMER, &info);
	} else {
		trap_dispatch(TRAP_IRQ, &info);
	}
	gic_end(info.irq);
}

void kernel_irq_enter(struct arch_regs *r)
{
	interrupt(r);
}

void user_irq_enter(struct arch_regs *r)
{
	interrupt(r);
	exit_to_user(r);
}

/* return_to_user() leaves interrupts off: what comes after its last look interrupts user mode. */
void exit_to_user(struct arch_regs *r)
{
	return_to_user(r);
	ASSERT(!arch_irq_enabled() && from_user(r));
}

/* The first six registers are the arguments. A call that replaces the registers has no use for them after. */
void syscall_enter(struct arch_regs *r)
{
	long result;

	arch_irq_enable();
	result = syscall_dispatch((uint64_t)r->syscall, r->x);
	/* execve and rt_sigreturn have replaced the frame: it is no system call's any more. */
	if (r->syscall >= 0)
		r->x[0] = (uint64_t)result;
	exit_to_user(r);
}

void arch_syscall_args(const struct arch_regs *r, uint64_t args[6])
{
	args[0] = r->orig_x0;
	for (int i = 1; i < 6; i++)
		args[i] = r->x[i];
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
	r->pc -= INSTRUCTION_SIZE;
	r->x[0] = r->orig_x0;
	r->syscall = -1;
}

void arch_syscall_result(struct arch_regs *r, long result)
{
	r->x[0] = (uint64_t)result;
}

long arch_syscall_get_result(const struct arch_regs *r)
{
	return (long)r->x[0];
}

long arch_syscall_number(const struct arch_regs *r)
{
	return r->syscall;
}
