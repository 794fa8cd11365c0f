/* SPDX-License-Identifier: MIT */
/* The system calls about signals, but for sending (kill.c).
 * Owns: nothing. Relies on: signal.c, sigqueue.c.
 * Never: more than 64 signals: sigsetsize must be 8. */
#include "abi/errno.h"
#include "core/string.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "time/clock.h"
#include "time/timekeeping.h"

#define SIGSET_SIZE 8
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

/* Others are dropped: a program that reads its action back learns what is supported. */
#define SA_KNOWN                                                                                                    \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND)

static int set_action(struct process *p, int signo, const struct sigaction_kernel *new, struct sigaction_kernel *old)
{
	unsigned long flags = spin_lock(&p->signal_lock);
	unsigned long hand_flags = spin_lock(&p->sighand->lock);
	struct sigaction_kernel *act = &p->sighand->actions[signo - 1];
	struct thread *t;

	*old = *act;
	if (new) {
		*act = *new;
		act->flags &= SA_KNOWN;
		act->mask &= ~SIG_UNBLOCKABLE;
	}
	spin_unlock(&p->sighand->lock, hand_flags);
	/* What is ignored now is not delivered later (POSIX, sigaction). */
	if (new && signal_action_ignores(new, signo)) {
		sigpending_flush(p, &p->pending, SIGBIT(signo));
		list_each(t, &p->threads, in_process)
			sigpending_flush(p, &t->pending, SIGBIT(signo));
	}
	spin_unlock(&p->signal_lock, flags);
	return 0;
}

SYSCALL(rt_sigaction)
{
	int signo = (int)arg[0];
	struct sigaction_kernel new, old;

	if (arg[3] != SIGSET_SIZE)
		return -EINVAL;
	if (arg[1] && copy_from_user(&new, arg[1], sizeof(new)))
		return -EFAULT;
	if (signo < 1 || signo > NSIG || (arg[1] && SIGBIT(signo) & SIG_UNBLOCKABLE))
		return -EINVAL;
	set_action(current_process(), signo, arg[1] ? &new : NULL, &old);
	return arg[2] ? copy_to_user(arg[2], &old, sizeof(old)) : 0;
}

SYSCALL(rt_sigprocmask)
{
	struct thread *t = current_thread();
	uint64_t old = t->sigmask, set;

	if (arg[3] != SIGSET_SIZE)
		return -EINVAL;
	if (arg[1]) {
		if (copy_from_user(&set, arg[1], sizeof(set)))
			return -EFAULT;
		switch ((int)arg[0]) {
		case SIG_BLOCK: signal_set_mask(old | set); break;
		case SIG_UNBLOCK: signal_set_mask(old & ~set); break;
		case SIG_SETMASK: signal_set_mask(set); break;
		default: return -EINVAL;
		}
	}
	return arg[2] ? copy_to_user(arg[2], &old, sizeof(old)) : 0;
}

SYSCALL(rt_sigpending)
{
	struct thread *t = current_thread();
	uint64_t set = (t->pending.set | t->process->pending.set) & t->sigmask;

	if (arg[1] > SIGSET_SIZE)
		return -EINVAL;
	return copy_to_user(arg[0], &set, arg[1]);
}

static long wait_for_handler(void)
{
	int rc;

	do {
		sleep_begin();
		rc = sleep_commit(NO_DEADLINE);
	} while (!rc);
	return -ERESTARTNOHAND;
}

SYSCALL(rt_sigsuspend)
{
	uint64_t mask;

	if (arg[1] != SIGSET_SIZE)
		return -EINVAL;
	if (copy_from_user(&mask, arg[0], sizeof(mask)))
		return -EFAULT;
	signal_set_temporary_mask(mask);
	return wait_for_handler();
}

SYSCALL(pause)
{
	return wait_for_handler();
}

static bool take_awaited(struct thread *t, uint64_t set, struct ksiginfo *info)
{
	unsigned long flags = spin_lock(&t->process->signal_lock);
	bool found = signal_dequeue_locked(t, set, info);

	t->sigwait = found ? 0 : set;
	spin_unlock(&t->process->signal_lock, flags);
	return found;
}

SYSCALL(rt_sigtimedwait)
{
	struct thread *t = current_thread();
	uint64_t set, deadline = NO_DEADLINE;
	struct ksiginfo info;
	struct siginfo_user u;
	bool found;
	int rc = 0;

	if (arg[3] != SIGSET_SIZE)
		return -EINVAL;
	if (copy_from_user(&set, arg[0], sizeof(set)))
		return -EFAULT;
	if (arg[2]) {
		struct vdk_timespec ts;

		if (copy_from_user(&ts, arg[2], sizeof(ts)))
			return -EFAULT;
		if (!timespec_valid(&ts))
			return -EINVAL;
		deadline = time_add(clock_now_ns(), timespec_ns(&ts));
	}
	set &= ~SIG_UNBLOCKABLE;
	for (;;) {
		sleep_begin();
		found = take_awaited(t, set, &info);
		if (found || rc)
			break;
		rc = sleep_commit(deadline);
	}
	sleep_cancel();
	t->sigwait = 0;
	if (!found)
		return rc == -ETIMEDOUT ? -EAGAIN : -EINTR;
	signal_dequeued(&info);
	siginfo_to_user(&u, &info);
	if (arg[1] && copy_to_user(arg[1], &u, sizeof(u)))
		return -EFAULT;
	return info.signo;
}

SYSCALL(rt_sigreturn)
{
	struct arch_regs *regs = arch_thread_regs(current_thread());
	uint64_t mask;

	if (arch_signal_pop(regs, &mask)) {
		signal_force(SIGSEGV, SI_KERNEL, 0);
		return 0;
	}
	signal_set_mask(mask);
	return arch_syscall_get_result(regs);
}
