/* SPDX-License-Identifier: MIT */
/* What happens before a thread returns to user mode: signals, stops, preemption, its end.
 * Owns: return_to_user(). Relies on: arch_signal_push(), signal.c.
 * Never: returns with interrupts on: nothing can become pending between the last look and user mode. */
#include "abi/errno.h"
#include "abi/sched.h"
#include "core/log.h"
#include "proc/internal.h"
#include "syscall/internal.h"

/* What is left of an interrupted system call's wish to be made again. */
static long restart_wish(const struct arch_regs *regs)
{
	long result;

	if (arch_syscall_number(regs) < 0)
		return 0;
	result = arch_syscall_get_result(regs);
	return result == -ERESTARTSYS || result == -ERESTARTNOHAND || result == -ERESTART_RESTARTBLOCK ? result : 0;
}

/* `act`: the handler that is about to run, or NULL. */
static void settle_restart(struct arch_regs *regs, long *wish, const struct sigaction_kernel *act)
{
	struct thread *t = current_thread();
	long result = *wish;

	if (!result)
		return;
	*wish = 0;
	if (act && (result != -ERESTARTSYS || !(act->flags & SA_RESTART))) {
		arch_syscall_result(regs, -EINTR);
		return;
	}
	t->restart.armed = result == -ERESTART_RESTARTBLOCK;
	arch_syscall_restart(regs);
}

/* The process has stopped or goes on: SIGCHLD to the parent, unless it does not want it, and wake its wait4. */
static void tell_parent(struct process *p, int code, int status)
{
	struct ksiginfo info = { .signo = SIGCHLD, .code = code, .status = status, .pid = p->pid, .uid = p->uid };
	unsigned long flags = process_table_lock();
	struct process *parent = p->parent;
	struct sigaction_kernel act;

	info.utime = p->user_ns / (NSEC_PER_SEC / USER_HZ);
	info.stime = p->kernel_ns / (NSEC_PER_SEC / USER_HZ);
	signal_action(parent, SIGCHLD, &act);
	if (act.handler != SIG_IGN && !(act.flags & SA_NOCLDSTOP))
		signal_send_process(parent, &info);
	waitq_wake(&parent->child_wait, WAKE_ALL);
	process_table_unlock(flags);
}

/* True if there was something to tell; signal_lock is taken inside. */
static bool tell_news(struct process *p)
{
	unsigned long flags = spin_lock(&p->signal_lock);
	bool stopped = p->notify_stopped, continued = p->notify_continued;
	int signo = p->stop_status;

	p->notify_stopped = p->notify_continued = false;
	spin_unlock(&p->signal_lock, flags);
	if (continued)
		tell_parent(p, CLD_CONTINUED, SIGCONT);
	if (stopped && signo)
		tell_parent(p, CLD_STOPPED, signo);
	return stopped || continued;
}

/* Stay here while the process is stopped; only SIGKILL and SIGCONT end that. */
static void stop_here(struct thread *t)
{
	struct process *p = t->process;
	bool counted = false;
	unsigned long flags = spin_lock(&p->signal_lock);

	while (p->stop_status) {
		sleep_begin();
		if (!counted && ++p->stopped_threads == p->thread_count)
			p->notify_stopped = true;
		counted = true;
		spin_unlock(&p->signal_lock, flags);
		if (p->notify_stopped)
			tell_news(p);
		if (!signal_kill_pending(t))
			sched_block(THREAD_STOPPED);
		flags = spin_lock(&p->signal_lock);
		if (signal_kill_pending(t))
			break;
	}
	if (counted)
		p->stopped_threads--;
	spin_unlock(&p->signal_lock, flags);
}

static void wake_others(struct process *p, const struct thread *but)
{
	struct thread *t;

	list_each(t, &p->threads, in_process)
		if (t != but)
			sched_wake(t);
}

/* The default action of a stop signal. A SIGCONT that was sent since the dequeue wins: it would have flushed the
 * stop. */
static void start_stop(struct thread *t, int signo)
{
	struct process *p = t->process;
	unsigned long flags;

	if (signo != SIGSTOP && process_group_orphaned(p->pgid))
		return;
	flags = spin_lock(&p->signal_lock);
	if (!p->stop_status && !((p->pending.set | t->pending.set) & (SIGBIT(SIGCONT) | SIGBIT(SIGKILL)))) {
		p->stop_status = signo;
		p->stop_reported = false;
		p->continued = false;
		p->notify_continued = false;
		wake_others(p, t);
	}
	spin_unlock(&p->signal_lock, flags);
}

static _Noreturn void die_of(const struct arch_regs *regs, const struct ksiginfo *info)
{
	struct thread *t = current_thread();
	char name[16];

	trace_signal(t, info);
	if (info->code > 0 && info->code != SI_KERNEL && info->signo != SIGCHLD)
		log_info("%s[%d]: killed by %s: address 0x%lx, pc 0x%lx, sp 0x%lx", t->process->name, t->tid,
			 signal_name(info->signo, name), info->addr, arch_regs_pc(regs), arch_regs_sp(regs));
	process_exit(info->signo);
}

static uaddr_t altstack_top(const struct thread *t, const struct arch_regs *regs, const struct sigaction_kernel *act)
{
	if (!(act->flags & SA_ONSTACK) || t->altstack_flags & SS_DISABLE || !t->altstack_size)
		return 0;
	if (!(t->altstack_flags & SS_AUTODISARM) && altstack_holds(t, arch_regs_sp(regs)))
		return 0;
	return t->altstack + t->altstack_size;
}

static void run_handler(struct arch_regs *regs, const struct sigaction_kernel *act, const struct ksiginfo *info)
{
	struct thread *t = current_thread();
	uint64_t oldmask = t->restore_sigmask ? t->saved_sigmask : t->sigmask;
	uint64_t mask = t->sigmask | act->mask;

	if (!(act->flags & SA_NODEFER))
		mask |= SIGBIT(info->signo);
	t->restore_sigmask = false;
	trace_signal(t, info);
	if (arch_signal_push(regs, act, info, oldmask, altstack_top(t, regs, act))) {
		/* No room for the frame. A SIGSEGV that cannot be handled for this reason kills. */
		if (info->signo == SIGSEGV)
			signal_set_mask(t->sigmask | SIGBIT(SIGSEGV));
		signal_force(SIGSEGV, SI_KERNEL, 0);
		return;
	}
	if (t->altstack_flags & SS_AUTODISARM) {
		t->altstack = 0;
		t->altstack_size = 0;
		t->altstack_flags = SS_DISABLE;
	}
	signal_set_mask(mask);
}

/* Takes one signal and does what its action says: false if none was pending. */
static bool deliver_one(struct thread *t, struct arch_regs *regs, long *restart)
{
	struct process *p = t->process;
	struct ksiginfo info;
	struct sigaction_kernel act;
	unsigned long flags = spin_lock(&p->signal_lock), hand_flags;
	bool found = signal_dequeue_locked(t, ~t->sigmask, &info);

	if (found) {
		hand_flags = spin_lock(&p->sighand->lock);
		act = p->sighand->actions[info.signo - 1];
		if (act.flags & SA_RESETHAND && act.handler != SIG_IGN && act.handler != SIG_DFL)
			p->sighand->actions[info.signo - 1].handler = SIG_DFL;
		spin_unlock(&p->sighand->lock, hand_flags);
	}
	spin_unlock(&p->signal_lock, flags);
	if (!found)
		return false;
	signal_dequeued(&info);
	if (SIGBIT(info.signo) & SIG_UNBLOCKABLE)
		act.handler = SIG_DFL;
	if (signal_action_ignores(&act, info.signo))
		return true;
	if (act.handler != SIG_DFL) {
		settle_restart(regs, restart, &act);
		run_handler(regs, &act, &info);
	} else if (SIGBIT(info.signo) & SIG_STOPS) {
		trace_signal(t, &info);
		start_stop(t, info.signo);
	} else {
		die_of(regs, &info);
	}
	return true;
}

static bool has_work(const struct thread *t)
{
	const struct process *p = t->process;
	uint64_t pending = t->pending.set | p->pending.set;

	return arch_this_cpu()->need_resched || pending & ~t->sigmask || t->restore_sigmask || p->exiting ||
	       p->exec_thread || p->stop_status || p->notify_stopped || p->notify_continued;
}

void return_to_user(struct arch_regs *regs)
{
	struct thread *t;
	long restart;

	sched_finish_switch();
	t = current_thread();
	restart = restart_wish(regs);
	for (;;) {
		arch_irq_save();
		if (likely(!has_work(t) && !restart))
			break;
		arch_irq_enable();
		if (arch_this_cpu()->need_resched)
			schedule();
		exit_check();
		if (t->process->stop_status && !signal_kill_pending(t))
			stop_here(t);
		else if (!tell_news(t->process) && !deliver_one(t, regs, &restart)) {
			settle_restart(regs, &restart, NULL);
			if (t->restore_sigmask) {
				t->restore_sigmask = false;
				signal_set_mask(t->saved_sigmask);
			}
		}
	}
	sched_leave_kernel();
}
