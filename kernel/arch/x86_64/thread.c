/* SPDX-License-Identifier: MIT */
/* Threads: their first steps, and the switch from one to another.
 * Owns: struct arch_thread; FS and GS base, and where the CPU finds the kernel stack.
 * Relies on: the scheduler for who runs.
 * Never: touches FPU registers of a thread that has no user mode. */
#include "abi/errno.h"
#include "core/log.h"
#include "core/string.h"
#include "fpu.h"
#include "mm/uaccess.h"
#include "percpu.h"
#include "proc/process.h"
#include "syscall/syscall.h"
#include "trap_entry.h"
#include "x86.h"

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

/* What switch_stacks() pops, and where it returns to. */
struct start_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, rip;
};

struct arch_regs *arch_thread_regs(struct thread *t)
{
	return (struct arch_regs *)(t->kstack + ARCH_KSTACK_SIZE) - 1;
}

static void start_at(struct thread *t, char *top, void (*fn)(void), uint64_t rbx, uint64_t r12)
{
	struct start_frame *f = (struct start_frame *)top - 1;

	*f = (struct start_frame){ .rip = (uint64_t)fn, .rbx = rbx, .r12 = r12 };
	t->arch.ksp = (uint64_t)f;
}

/* Below the user registers: a kernel thread may come to have them. */
void arch_thread_init(struct thread *t, void (*fn)(void *arg), void *arg)
{
	char *top = (char *)ALIGN_DOWN((uint64_t)arch_thread_regs(t), 16);

	start_at(t, top, thread_start_kernel, (uint64_t)fn, (uint64_t)arg);
	t->arch.user = false;
}

static uint64_t get_fs_base(void)
{
	uint64_t v;

	if (!cpu_features.fsgsbase)
		return rdmsr(MSR_FS_BASE);
	__asm__ volatile("rdfsbase %0" : "=r"(v));
	return v;
}

static void set_fs_base(uint64_t v)
{
	if (cpu_features.fsgsbase)
		__asm__ volatile("wrfsbase %0" : : "r"(v));
	else
		wrmsr(MSR_FS_BASE, v);
}

/* The CPU faults on a base that is not canonical. */
bool arch_tls_valid(uaddr_t tls)
{
	return tls < ARCH_USER_TOP;
}

void arch_thread_fork(struct thread *child, const struct thread *parent, uaddr_t sp, bool set_tls, uaddr_t tls)
{
	struct arch_regs *r = arch_thread_regs(child);

	ASSERT(parent == current_thread() && parent->arch.user && (!set_tls || arch_tls_valid(tls)));
	*r = *((const struct arch_regs *)(parent->kstack + ARCH_KSTACK_SIZE) - 1);
	r->rax = 0;
	if (sp)
		r->rsp = sp;
	fpu_save(&child->arch);
	child->arch.user = true;
	child->arch.fs_base = set_tls ? tls : get_fs_base();
	child->arch.gs_base = rdmsr(MSR_KERNEL_GS_BASE);
	start_at(child, (char *)r, thread_start_user, 0, 0);
}

void arch_thread_exec(struct thread *t, uaddr_t pc, uaddr_t sp)
{
	ASSERT(t == current_thread());
	*arch_thread_regs(t) = (struct arch_regs){
		.orig_rax = (uint64_t)-1,
		.rip = pc,
		.cs = SEL_USER_CS,
		.rflags = RFLAGS_IF | RFLAGS_FIXED,
		.rsp = sp,
		.ss = SEL_USER_DS,
	};
	t->arch.user = true;
	t->arch.trapno = t->arch.error = t->arch.cr2 = 0;
	fpu_reset();
	set_fs_base(0);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
}

void arch_thread_switch(struct thread *from, struct thread *to)
{
	struct arch_cpu *c = this_arch_cpu();

	if (from->arch.user) {
		fpu_switch_out(&from->arch);
		from->arch.fs_base = get_fs_base();
		from->arch.gs_base = rdmsr(MSR_KERNEL_GS_BASE);
	}
	if (to->kstack) {
		c->kstack_top = (uint64_t)to->kstack + ARCH_KSTACK_SIZE;
		c->tss.rsp[0] = c->kstack_top;
	}
	if (to->arch.user) {
		fpu_restore(&to->arch);
		set_fs_base(to->arch.fs_base);
		wrmsr(MSR_KERNEL_GS_BASE, to->arch.gs_base);
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

SYSCALL(arch_prctl)
{
	uint64_t base = arg[1];

	switch ((int)arg[0]) {
	case ARCH_SET_FS:
		if (!arch_tls_valid(base))
			return -EPERM;
		set_fs_base(base);
		return 0;
	case ARCH_SET_GS:
		if (!arch_tls_valid(base))
			return -EPERM;
		wrmsr(MSR_KERNEL_GS_BASE, base);
		return 0;
	case ARCH_GET_FS:
		base = get_fs_base();
		return copy_to_user(arg[1], &base, sizeof(base));
	case ARCH_GET_GS:
		base = rdmsr(MSR_KERNEL_GS_BASE);
		return copy_to_user(arg[1], &base, sizeof(base));
	default:
		return -EINVAL;
	}
}
