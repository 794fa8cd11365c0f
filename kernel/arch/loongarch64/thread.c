/* SPDX-License-Identifier: MIT */
/* Threads: their first steps, and the switch from one to another.
 * Owns: struct arch_thread.
 * Relies on: the scheduler for who runs. The TLS pointer is r2, a register as any other.
 * Never: touches FPU registers of a thread that has no user mode. */
#include "core/log.h"
#include "core/string.h"
#include "csr.h"
#include "proc/process.h"
#include "trap_entry.h"

/* What switch_stacks() loads, and where it returns to. */
struct start_frame {
	uint64_t ra, fp, s[9], pad;
};

struct arch_regs *arch_thread_regs(struct thread *t)
{
	return (struct arch_regs *)(t->kstack + ARCH_KSTACK_SIZE) - 1;
}

static void start_at(struct thread *t, char *top, void (*fn)(void), uint64_t s0, uint64_t s1)
{
	struct start_frame *f = (struct start_frame *)top - 1;

	*f = (struct start_frame){ .ra = (uint64_t)fn, .s = { s0, s1 } };
	t->arch.ksp = (uint64_t)f;
}

/* Below the user registers: a kernel thread may come to have them. */
void arch_thread_init(struct thread *t, void (*fn)(void *arg), void *arg)
{
	start_at(t, (char *)arch_thread_regs(t), thread_start_kernel, (uint64_t)fn, (uint64_t)arg);
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
	r->r[4] = 0;
	if (sp)
		r->r[3] = sp;
	if (set_tls)
		r->r[2] = tls;
	fpu_save(&child->arch.fpu);
	child->arch.user = true;
	start_at(child, (char *)r, thread_start_user, 0, 0);
}

void arch_thread_exec(struct thread *t, uaddr_t pc, uaddr_t sp)
{
	ASSERT(t == current_thread());
	*arch_thread_regs(t) = (struct arch_regs){ .r[3] = sp, .pc = pc, .estat = 1UL << REGS_TRAP_BIT };
	t->arch.user = true;
	t->arch.fault = 0;
	t->arch.fpu = (struct fpu_state){ 0 };
	fpu_load(&t->arch.fpu);
}

void arch_thread_switch(struct thread *from, struct thread *to)
{
	if (from->arch.user)
		fpu_save(&from->arch.fpu);
	if (to->arch.user)
		fpu_load(&to->arch.fpu);
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
