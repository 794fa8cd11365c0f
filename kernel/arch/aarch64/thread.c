/* SPDX-License-Identifier: MIT */
/* Threads: their first steps, and the switch from one to another.
 * Owns: struct arch_thread; TPIDR_EL0, the TLS pointer.
 * Relies on: the scheduler for who runs; the kernel using no FPSIMD register: they hold the running thread's state.
 * Never: touches FPSIMD registers of a thread that has no user mode. */
#include "abi/errno.h"
#include "core/log.h"
#include "core/string.h"
#include "proc/process.h"
#include "sysreg.h"
#include "trap_entry.h"

/* What switch_stacks() pops, and where it returns to. */
struct start_frame {
	uint64_t x19, x20, x21_x29[9], pc;
};
_Static_assert(sizeof(struct start_frame) == 96, "entry.S");
_Static_assert(sizeof(struct arch_regs) == REGS_SIZE && REGS_SIZE % 16 == 0, "asm.h");
_Static_assert(offsetof(struct arch_regs, x[30]) == REGS_LR && offsetof(struct arch_regs, pc) == REGS_PC, "asm.h");
_Static_assert(offsetof(struct arch_regs, orig_x0) == REGS_ORIG_X0, "asm.h");
_Static_assert(offsetof(struct arch_regs, syscall) == REGS_SYSCALL, "asm.h");
_Static_assert(ARCH_KSTACK_SIZE == 1 << KSTACK_SHIFT, "asm.h");

struct arch_regs *arch_thread_regs(struct thread *t)
{
	return (struct arch_regs *)(t->kstack + ARCH_KSTACK_SIZE) - 1;
}

static void start_at(struct thread *t, void (*fn)(void), uint64_t x19, uint64_t x20)
{
	/* Below the user registers: a kernel thread may come to have them. */
	struct start_frame *f = (struct start_frame *)arch_thread_regs(t) - 1;

	*f = (struct start_frame){ .pc = (uint64_t)fn, .x19 = x19, .x20 = x20 };
	t->arch.ksp = (uint64_t)f;
}

void arch_thread_init(struct thread *t, void (*fn)(void *arg), void *arg)
{
	start_at(t, thread_start_kernel, (uint64_t)fn, (uint64_t)arg);
	t->arch.user = false;
}

bool arch_tls_valid(uaddr_t tls)
{
	(void)tls;
	return true;
}

void arch_thread_fork(struct thread *child, const struct thread *parent, uaddr_t sp, bool set_tls, uaddr_t tls)
{
	struct arch_regs *r = arch_thread_regs(child);

	ASSERT(parent == current_thread() && parent->arch.user);
	*r = *((const struct arch_regs *)(parent->kstack + ARCH_KSTACK_SIZE) - 1);
	r->x[0] = 0;
	if (sp)
		r->sp = sp;
	fpsimd_save(&child->arch.fpsimd);
	child->arch.user = true;
	child->arch.tls = set_tls ? tls : SYSREG_READ(tpidr_el0);
	start_at(child, thread_start_user, 0, 0);
}

void arch_thread_exec(struct thread *t, uaddr_t pc, uaddr_t sp)
{
	static const struct arch_fpsimd initial;

	ASSERT(t == current_thread());
	*arch_thread_regs(t) = (struct arch_regs){ .pc = pc, .sp = sp, .pstate = PSR_EL0T, .syscall = -1 };
	t->arch.user = true;
	t->arch.fault_addr = t->arch.esr = 0;
	fpsimd_load(&initial);
	SYSREG_WRITE(tpidr_el0, 0);
}

/* The kernel stack needs no telling: on the way to user mode, SP_EL1 is left at its top. */
void arch_thread_switch(struct thread *from, struct thread *to)
{
	if (from->arch.user) {
		fpsimd_save(&from->arch.fpsimd);
		from->arch.tls = SYSREG_READ(tpidr_el0);
	}
	if (to->arch.user) {
		fpsimd_load(&to->arch.fpsimd);
		SYSREG_WRITE(tpidr_el0, to->arch.tls);
	}
	switch_stacks(&from->arch.ksp, to->arch.ksp);
}

_Noreturn void arch_return_to_user(void)
{
	arch_irq_save();
	enter_user(arch_thread_regs(current_thread()));
}

void arch_thread_free(struct thread *t)
{
	memset(&t->arch, 0, sizeof(t->arch));
}
