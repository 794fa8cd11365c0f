/* SPDX-License-Identifier: MIT */
/* Threads: their first steps, and the switch from one to another.
 * Owns: struct arch_thread, and where the entry code finds the kernel stack.
 * Relies on: the scheduler for who runs; user registers, TLS pointer included, being on the kernel stack.
 * Never: touches FPU registers of a thread that has no user mode. */
#include "core/log.h"
#include "core/string.h"
#include "csr.h"
#include "fpu.h"
#include "percpu.h"
#include "proc/process.h"
#include "trap_entry.h"

/* What switch_stacks() loads, and where it returns to. */
struct start_frame {
	uint64_t ra, s[12], pad;
};

struct arch_regs *arch_thread_regs(struct thread *t)
{
	return (struct arch_regs *)(t->kstack + ARCH_KSTACK_SIZE) - 1;
}

static void start_at(struct thread *t, void (*fn)(void), uint64_t s1, uint64_t s2)
{
	struct start_frame *f = (struct start_frame *)arch_thread_regs(t) - 1;

	*f = (struct start_frame){ .ra = (uint64_t)fn, .s = { [1] = s1, [2] = s2 } };
	t->arch.ksp = (uint64_t)f;
}

/* Below the user registers: a kernel thread may come to have them. */
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

/* thread_start_user() finds the stack pointer on the user registers, as switch_stacks() leaves it. */
void arch_thread_fork(struct thread *child, const struct thread *parent, uaddr_t sp, bool set_tls, uaddr_t tls)
{
	struct thread *t = current_thread();
	struct arch_regs *r = arch_thread_regs(child);

	ASSERT(parent == t && t->arch.user);
	fpu_save(&t->arch, arch_thread_regs(t));
	*r = *arch_thread_regs(t);
	r->a0 = 0;
	if (sp)
		r->sp = sp;
	if (set_tls)
		r->tp = tls;
	child->arch.user = true;
	child->arch.fpu = t->arch.fpu;
	start_at(child, thread_start_user, 0, 0);
}

void arch_thread_exec(struct thread *t, uaddr_t pc, uaddr_t sp)
{
	struct arch_regs *r = arch_thread_regs(t);

	ASSERT(t == current_thread());
	*r = (struct arch_regs){
		.pc = pc,
		.sp = sp,
		.status = (csr_read(sstatus) & STATUS_UXL) | STATUS_SPIE,
		.cause = ARCH_CAUSE_NONE,
	};
	t->arch.user = true;
	memset(&t->arch.fpu, 0, sizeof(t->arch.fpu));
	fpu_restore(&t->arch, r);
}

void arch_thread_switch(struct thread *from, struct thread *to)
{
	if (from->arch.user)
		fpu_save(&from->arch, arch_thread_regs(from));
	this_arch_cpu()->kstack_top = to->kstack ? (uint64_t)to->kstack + ARCH_KSTACK_SIZE : (uint64_t)boot_stack_top;
	if (to->arch.user)
		fpu_restore(&to->arch, arch_thread_regs(to));
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
