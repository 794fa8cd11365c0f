/* SPDX-License-Identifier: MIT */
/* Sorts exceptions and interrupts into trap kinds, and takes care of the way back to user mode.
 * Owns: what each vector means.
 * Relies on: entry.S; the handlers of trap.h.
 * Never: lets a fault of the kernel be resolved unless its instruction is in the exception table. */
#include "abi/signal.h"
#include "apic.h"
#include "core/log.h"
#include "fpu.h"
#include "proc/process.h"
#include "trap/extable.h"
#include "trap/trap.h"
#include "trap_entry.h"
#include "x86.h"

#define ERROR_PRESENT 1u
#define ERROR_WRITE 2u
#define ERROR_RESERVED 8u
#define ERROR_FETCH 16u
#define DR6_STEP 0x4000u
#define DR6_DEFAULT 0xffff0ff0u
#define TRAP_HWBKPT 4

enum {
	V_DIVIDE = 0,
	V_DEBUG = 1,
	V_NMI = VECTOR_NMI,
	V_BREAKPOINT = 3,
	V_OVERFLOW = 4,
	V_BOUND = 5,
	V_OPCODE = 6,
	V_NO_FPU = 7,
	V_DOUBLE = VECTOR_DOUBLE_FAULT,
	V_TSS = 10,
	V_SEGMENT = 11,
	V_STACK = 12,
	V_PROTECTION = 13,
	V_PAGE = 14,
	V_X87 = 16,
	V_ALIGNMENT = 17,
	V_MACHINE = VECTOR_MACHINE_CHECK,
	V_SIMD = 19,
	V_EXCEPTIONS = 32,
};

static const char *const names[V_EXCEPTIONS] = {
	[V_DIVIDE] = "divide error",
	[V_DEBUG] = "debug exception",
	[V_NMI] = "non-maskable interrupt",
	[V_BREAKPOINT] = "breakpoint",
	[V_OVERFLOW] = "overflow",
	[V_BOUND] = "bound range exceeded",
	[V_OPCODE] = "invalid opcode",
	[V_NO_FPU] = "no FPU",
	[V_DOUBLE] = "double fault",
	[V_TSS] = "invalid TSS",
	[V_SEGMENT] = "segment not present",
	[V_STACK] = "stack fault",
	[V_PROTECTION] = "general protection fault",
	[V_PAGE] = "page fault",
	[V_X87] = "x87 exception",
	[V_ALIGNMENT] = "alignment check",
	[V_MACHINE] = "machine check",
	[V_SIMD] = "SIMD exception",
};

extern const char boot_stack_guard[];

static const char *const access_names[] = {
	[TRAP_ACCESS_READ] = "read of",
	[TRAP_ACCESS_WRITE] = "write to",
	[TRAP_ACCESS_EXEC] = "execution of",
};

static const char *name_of(uint64_t vector)
{
	return vector < V_EXCEPTIONS && names[vector] ? names[vector] : "exception";
}

static unsigned int access(const struct arch_regs *r)
{
	if (r->error & ERROR_FETCH)
		return TRAP_ACCESS_EXEC;
	return r->error & ERROR_WRITE ? TRAP_ACCESS_WRITE : TRAP_ACCESS_READ;
}

_Noreturn static void die(struct arch_regs *r)
{
	dump_regs(r);
	if (r->vector == V_PAGE)
		panic("page fault%s: %s %p, at %p",
		      r->error & ERROR_RESERVED ? " on a damaged page table" : " in the kernel",
		      access_names[access(r)], (void *)read_cr2(), (void *)r->rip);
	panic("%s (vector %lu, error %lx) in the kernel at %p", name_of(r->vector), r->vector, r->error,
	      (void *)r->rip);
}

/* The page fault that led to a double fault was in what is left unmapped below the stack. */
static bool stack_overflowed(uint64_t cr2)
{
	const struct thread *t = arch_this_cpu() ? current_thread() : NULL;

	if (t && t->kstack)
		return (uint64_t)t->kstack - cr2 - 1 < ARCH_KSTACK_SIZE;
	return cr2 - (uint64_t)boot_stack_guard < PAGE_SIZE;
}

_Noreturn void trap_fatal(struct arch_regs *r)
{
	uint64_t cr2 = read_cr2();

	dump_regs(r);
	if (r->vector == V_DOUBLE && stack_overflowed(cr2))
		panic("kernel stack overflow at %p", (void *)r->rip);
	if (r->vector == V_DOUBLE)
		panic("double fault at %p, stack pointer %p, cr2 %p", (void *)r->rip, (void *)r->rsp, (void *)cr2);
	panic("%s at %p", name_of(r->vector), (void *)r->rip);
}

/* What Linux makes of each exception of user mode. */
static enum trap_kind sort(struct arch_regs *r, struct trap_info *info)
{
	uint64_t dr6;

	switch (r->vector) {
	case V_DIVIDE:
		info->code = FPE_INTDIV;
		return TRAP_ARITHMETIC;
	case V_DEBUG:
		__asm__ volatile("mov %%db6, %0" : "=r"(dr6));
		__asm__ volatile("mov %0, %%db6" : : "r"((uint64_t)DR6_DEFAULT));
		info->code = dr6 & DR6_STEP ? TRAP_TRACE : dr6 & 15 ? TRAP_HWBKPT : TRAP_BRKPT;
		return TRAP_STEP;
	case V_BREAKPOINT:
		info->code = SI_KERNEL;
		return TRAP_BREAKPOINT;
	case V_OPCODE:
		info->code = ILL_ILLOPN;
		return TRAP_ILLEGAL;
	case V_X87:
		info->code = fpu_x87_code();
		return TRAP_FLOAT;
	case V_SIMD:
		info->code = fpu_sse_code();
		return TRAP_FLOAT;
	case V_ALIGNMENT:
		info->code = BUS_ADRALN;
		info->addr = 0;
		return TRAP_ALIGNMENT;
	case V_STACK:
	case V_SEGMENT:
		info->code = SI_KERNEL;
		info->addr = 0;
		return TRAP_ALIGNMENT;
	case V_PAGE:
		info->access = access(r);
		return TRAP_PAGE_FAULT;
	default:
		info->code = SI_KERNEL;
		return TRAP_PROTECTION;
	}
}

static void user_exception(struct arch_regs *r, struct trap_info *info, uint64_t cr2)
{
	struct arch_thread *t = &current_thread()->arch;
	enum trap_kind kind = sort(r, info);

	if (kind == TRAP_PAGE_FAULT && r->error & ERROR_RESERVED)
		die(r);
	t->trapno = r->vector;
	t->error = r->error;
	if (kind == TRAP_PAGE_FAULT)
		t->cr2 = cr2;
	/* As on Linux: programs do not learn what of the kernel is mapped. */
	if (kind == TRAP_PAGE_FAULT && cr2 >= ARCH_USER_TOP)
		t->error |= ERROR_PRESENT;
	if (trap_dispatch(kind, info))
		return;
	if (kind == TRAP_PAGE_FAULT && cr2 < ARCH_USER_TOP)
		signal_force(SIGSEGV, r->error & ERROR_PRESENT ? SEGV_ACCERR : SEGV_MAPERR, cr2);
	else
		signal_force(SIGSEGV, SI_KERNEL, 0);
}

static void kernel_exception(struct arch_regs *r, struct trap_info *info, uint64_t cr2)
{
	uint64_t fixup = extable_find(r->rip);

	if (!fixup)
		die(r);
	if (r->vector == V_PAGE && cr2 < ARCH_USER_TOP && arch_this_cpu() && trap_dispatch(sort(r, info), info))
		return;
	r->rip = fixup;
}

static void exception(struct arch_regs *r)
{
	uint64_t cr2 = read_cr2();
	struct trap_info info = {
		.regs = r,
		.user = r->cs & 3,
		.addr = r->vector == V_PAGE ? cr2 : r->rip,
	};

	if (info.user)
		user_exception(r, &info, cr2);
	else
		kernel_exception(r, &info, cr2);
}

static void interrupt(struct arch_regs *r)
{
	static bool told[256];
	struct trap_info info = { .regs = r, .user = r->cs & 3, .addr = r->rip };

	if (r->vector == VECTOR_SPURIOUS)
		return;
	if (r->vector == VECTOR_TIMER) {
		trap_dispatch(TRAP_TIMER, &info);
	} else if (apic_vector_irq((unsigned int)r->vector, &info.irq)) {
		trap_dispatch(TRAP_IRQ, &info);
	} else {
		if (!told[r->vector])
			log_warn("interrupt: vector %lu is nobody's", r->vector);
		told[r->vector] = true;
		return;
	}
	apic_end_of_interrupt();
}

void trap_enter(struct arch_regs *r)
{
	if (r->vector < V_EXCEPTIONS)
		exception(r);
	else
		interrupt(r);
	if (r->cs & 3)
		exit_to_user(r);
}

/* IRETQ and SYSRETQ would fault in the kernel, with the user's GS, on a program counter that is not canonical. */
static bool pc_unusable(const struct arch_regs *r)
{
	return r->rip >= ARCH_USER_TOP + PAGE_SIZE;
}

/* return_to_user() leaves interrupts off: what comes after its last look interrupts user mode. */
void exit_to_user(struct arch_regs *r)
{
	do {
		if (unlikely(pc_unusable(r)))
			signal_force(SIGSEGV, SI_KERNEL, 0);
		return_to_user(r);
	} while (unlikely(pc_unusable(r)));
	ASSERT(!arch_irq_enabled());
}

bool syscall_enter(struct arch_regs *r)
{
	uint64_t args[6];
	long result;

	arch_irq_enable();
	arch_syscall_args(r, args);
	r->rax = (uint64_t)-38; /* -ENOSYS: what a tracer sees meanwhile */
	result = syscall_dispatch(r->orig_rax, args);
	/* execve and rt_sigreturn have replaced the frame: it is no system call's any more. */
	if (r->vector == VECTOR_SYSCALL)
		r->rax = (uint64_t)result;
	exit_to_user(r);
	return r->rcx == r->rip && r->r11 == r->rflags && r->rip < ARCH_USER_TOP && r->cs == SEL_USER_CS &&
	       r->ss == SEL_USER_DS && !(r->rflags & (RFLAGS_RF | RFLAGS_TF));
}

void arch_syscall_args(const struct arch_regs *r, uint64_t args[6])
{
	args[0] = r->rdi;
	args[1] = r->rsi;
	args[2] = r->rdx;
	args[3] = r->r10;
	args[4] = r->r8;
	args[5] = r->r9;
}

uaddr_t arch_regs_pc(const struct arch_regs *r)
{
	return r->rip;
}

uaddr_t arch_regs_sp(const struct arch_regs *r)
{
	return r->rsp;
}

/* SYSCALL is two bytes long. */
void arch_syscall_restart(struct arch_regs *r)
{
	r->rip -= 2;
	r->rax = r->orig_rax;
	r->vector = 0;
}

void arch_syscall_result(struct arch_regs *r, long result)
{
	r->rax = (uint64_t)result;
}

long arch_syscall_get_result(const struct arch_regs *r)
{
	return (long)r->rax;
}

long arch_syscall_number(const struct arch_regs *r)
{
	return r->vector == VECTOR_SYSCALL ? (long)r->orig_rax : -1;
}
