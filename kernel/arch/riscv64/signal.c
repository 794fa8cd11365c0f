/* SPDX-License-Identifier: MIT */
/* Linux's rt signal frame for riscv64.
 * Owns: its layout.
 * Relies on: fpu.h; proc/signal.c for which signal, and whose stack; the vDSO for the way back.
 * Never: takes more than the user's registers from the frame. */
#include "abi/errno.h"
#include "abi/signal.h"
#include "core/log.h"
#include "core/string.h"
#include "cpu.h"
#include "fpu.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/process.h"

#define USER_WORDS 32 /* of struct arch_regs: pc and x1 to x31 */

struct sigcontext {
	uint64_t regs[USER_WORDS];
	/* Room for the Q extension's registers; what follows the D extension's is not looked at, but for the last
	 * words, which are 0: no further state follows. */
	struct arch_fpu fpu;
	uint8_t room[252];
	uint32_t reserved[3];
} __attribute__((aligned(16)));

struct ucontext {
	uint64_t flags, link;
	struct stack_user stack;
	uint64_t sigmask;
	uint8_t room[120]; /* for a longer mask */
	struct sigcontext mcontext;
};

struct frame {
	struct siginfo_user info;
	struct ucontext uc;
};
_Static_assert(sizeof(struct sigcontext) == 784, "sigcontext of riscv64");
_Static_assert(offsetof(struct sigcontext, reserved) == 772, "sigcontext of riscv64");
_Static_assert(offsetof(struct ucontext, mcontext) == 176 && sizeof(struct frame) == 1088, "rt_sigframe of riscv64");

size_t arch_minsigstksz(void)
{
	return sizeof(struct frame) + 16;
}

int arch_signal_push(struct arch_regs *r, const struct sigaction_kernel *act, const struct ksiginfo *info,
		     uint64_t oldmask, uaddr_t altstack_top)
{
	struct thread *t = current_thread();
	uaddr_t at = ALIGN_DOWN((altstack_top ? altstack_top : r->sp) - sizeof(struct frame), 16);
	struct frame f = { .uc = { .stack = altstack_of(t), .sigmask = oldmask } };

	if (!altstack_frame_fits(t, r->sp, altstack_top, at))
		return -EFAULT;
	siginfo_to_user(&f.info, info);
	memcpy(f.uc.mcontext.regs, r, sizeof(f.uc.mcontext.regs));
	if (cpu_has('d')) {
		fpu_save(&t->arch, r);
		f.uc.mcontext.fpu = t->arch.fpu;
	}
	if (copy_to_user(at, &f, sizeof(f)))
		return -EFAULT;
	r->ra = t->process->space->sigreturn;
	r->a0 = (uint64_t)info->signo;
	r->a1 = at + offsetof(struct frame, info);
	r->a2 = at + offsetof(struct frame, uc);
	r->pc = act->handler;
	r->sp = at;
	r->cause = ARCH_CAUSE_NONE;
	return 0;
}

/* By way of a buffer: to copy may mean to sleep, and then the thread's own state is written. */
int arch_signal_pop(struct arch_regs *r, uint64_t *mask)
{
	struct thread *t = current_thread();
	struct ucontext uc;

	if (copy_from_user(&uc, r->sp + offsetof(struct frame, uc), sizeof(uc)))
		return -EFAULT;
	for (size_t i = 0; i < ARRAY_SIZE(uc.mcontext.reserved); i++)
		if (uc.mcontext.reserved[i])
			return -EFAULT;
	memcpy(r, uc.mcontext.regs, sizeof(uc.mcontext.regs));
	r->cause = ARCH_CAUSE_NONE;
	t->arch.fpu = uc.mcontext.fpu;
	fpu_restore(&t->arch, r);
	altstack_restore(t, &uc.stack, r->sp);
	*mask = uc.sigmask;
	return 0;
}
