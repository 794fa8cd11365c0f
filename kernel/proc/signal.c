/* SPDX-License-Identifier: MIT */
/* Sending signals.
 * Owns: who gets a signal and who is woken for it. Relies on: sigqueue.c, sched_wake().
 * Never: takes the process table's lock while it holds a signal_lock; what the parent must hear is told by the process
 * itself, see deliver.c. */
#include "abi/errno.h"
#include "core/log.h"
#include "core/string.h"
#include "proc/internal.h"
#include "syscall/internal.h"

static uint64_t pending_set(const struct thread *t)
{
	return __atomic_load_n(&t->pending.set, __ATOMIC_RELAXED) |
	       __atomic_load_n(&t->process->pending.set, __ATOMIC_RELAXED);
}

static bool must_end(const struct thread *t)
{
	const struct process *p = t->process;

	return p->exiting || (p->exec_thread && p->exec_thread != t);
}

/* Does one of `set` do what `test` asks? */
static bool any_action(const struct thread *t, uint64_t set,
		       bool (*test)(const struct sigaction_kernel *act, int signo))
{
	for (; set; set &= set - 1) {
		int signo = __builtin_ctzl(set) + 1;
		struct sigaction_kernel act;

		signal_action(t->process, signo, &act);
		if (test(&act, signo))
			return true;
	}
	return false;
}

static bool acts(const struct sigaction_kernel *act, int signo)
{
	return !signal_action_ignores(act, signo);
}

static bool kills(const struct sigaction_kernel *act, int signo)
{
	return signo == SIGKILL ||
	       (act->handler == SIG_DFL && !(SIGBIT(signo) & (SIG_IGNORED_BY_DEFAULT | SIG_STOPS)));
}

bool signal_pending(const struct thread *t)
{
	const struct process *p = t->process;
	uint64_t set = pending_set(t) & ~t->sigmask;

	if (must_end(t) || p->stop_status || p->notify_stopped || p->notify_continued)
		return true;
	return set && any_action(t, set, acts);
}

bool signal_fatal_pending(const struct thread *t)
{
	uint64_t set = pending_set(t) & ~t->sigmask;

	return must_end(t) || (set && any_action(t, set, kills));
}

bool signal_kill_pending(const struct thread *t)
{
	return must_end(t) || pending_set(t) & SIGBIT(SIGKILL);
}

static bool wants(const struct thread *t, uint64_t bit)
{
	return !(t->sigmask & bit) || t->sigwait & bit;
}

void signal_retarget(struct process *p)
{
	struct thread *t;

	if (!p->pending.set && !p->notify_stopped && !p->notify_continued)
		return;
	list_each(t, &p->threads, in_process)
		if (p->pending.set & (~t->sigmask | t->sigwait) || p->notify_stopped || p->notify_continued)
			sched_wake(t);
}

/* One thread is enough: each looks at the process's queue. The running one is there first. */
static void wake_one(struct process *p, uint64_t bit)
{
	struct thread *t, *current = current_thread();

	if (current->process == p && !list_empty(&current->in_process) && wants(current, bit)) {
		sched_wake(current);
		return;
	}
	list_each(t, &p->threads, in_process) {
		if (wants(t, bit)) {
			sched_wake(t);
			return;
		}
	}
}

static void flush_everywhere(struct process *p, uint64_t set)
{
	struct thread *t;

	sigpending_flush(p, &p->pending, set);
	list_each(t, &p->threads, in_process)
		sigpending_flush(p, &t->pending, set);
}

static void wake_all(struct process *p)
{
	struct thread *t;

	list_each(t, &p->threads, in_process)
		sched_wake(t);
}

/* Stops and continuations cancel each other as soon as they are sent, whatever the action and the mask. */
static void job_control(struct process *p, int signo)
{
	if (SIGBIT(signo) & SIG_STOPS)
		flush_everywhere(p, SIGBIT(SIGCONT));
	if (signo != SIGCONT)
		return;
	flush_everywhere(p, SIG_STOPS);
	if (!p->stop_status)
		return;
	if (p->stopped_threads == p->thread_count) {
		p->continued = true;
		p->notify_continued = true;
	}
	p->notify_stopped = false;
	p->stop_reported = false;
	p->stop_status = 0;
	wake_all(p);
}

int signal_send(struct process *p, struct thread *t, const struct ksiginfo *info, struct ksiginfo *entry)
{
	uint64_t bit = SIGBIT(info->signo);
	unsigned long flags = spin_lock(&p->signal_lock);
	const struct thread *first = t ? t : list_first(&p->threads, struct thread, in_process);
	struct sigaction_kernel act;
	int rc = 1;

	ASSERT(info->signo >= 1 && info->signo <= NSIG);
	if (!first)
		goto out; /* it has ended */
	job_control(p, info->signo);
	signal_action(p, info->signo, &act);
	if (signal_action_ignores(&act, info->signo) && !((first->sigmask | first->sigwait) & bit))
		goto out;
	rc = sigpending_add(p, t ? &t->pending : &p->pending, info, entry);
	if (rc)
		goto out;
	if (info->signo == SIGKILL)
		wake_all(p);
	else if (!t)
		wake_one(p, bit);
	else if (wants(t, bit))
		sched_wake(t);
out:
	spin_unlock(&p->signal_lock, flags);
	return rc;
}

void signal_send_process(struct process *p, const struct ksiginfo *info)
{
	signal_send(p, NULL, info, NULL);
}

void signal_send_thread(struct thread *t, const struct ksiginfo *info)
{
	signal_send(t->process, t, info, NULL);
}

int signal_send_group(int pgid, const struct ksiginfo *info)
{
	unsigned long flags = process_table_lock();
	struct process *p;
	int n = 0;

	list_each(p, &all_processes, all_link) {
		if (p->pgid != pgid)
			continue;
		signal_send_process(p, info);
		n++;
	}
	process_table_unlock(flags);
	return n;
}

int signal_kernel_group(int pgid, int signo)
{
	return signal_send_group(pgid, &(struct ksiginfo){ .signo = signo, .code = SI_KERNEL });
}

void signal_current(int signo)
{
	struct thread *t = current_thread();
	struct ksiginfo info = { .signo = signo, .code = SI_USER, .pid = t->process->pid, .uid = t->process->uid };

	signal_send_thread(t, &info);
}

bool signal_would_act(int signo)
{
	struct thread *t = current_thread();
	struct sigaction_kernel act;

	signal_action(t->process, signo, &act);
	return !(t->sigmask & SIGBIT(signo)) && act.handler != SIG_IGN;
}

void signal_force(int signo, int code, uaddr_t addr)
{
	struct thread *t = current_thread();
	struct process *p = t->process;
	struct ksiginfo info = { .signo = signo, .code = code, .addr = addr };
	unsigned long flags = spin_lock(&p->signal_lock);
	unsigned long hand_flags = spin_lock(&p->sighand->lock);
	struct sigaction_kernel *act = &p->sighand->actions[signo - 1];

	if (act->handler == SIG_IGN || t->sigmask & SIGBIT(signo))
		act->handler = SIG_DFL;
	spin_unlock(&p->sighand->lock, hand_flags);
	t->sigmask &= ~SIGBIT(signo);
	spin_unlock(&p->signal_lock, flags);
	signal_send_thread(t, &info);
}

void signal_set_mask(uint64_t mask)
{
	struct thread *t = current_thread();
	struct process *p = t->process;
	unsigned long flags = spin_lock(&p->signal_lock);
	uint64_t blocked = mask & ~SIG_UNBLOCKABLE & ~t->sigmask;

	t->sigmask = mask & ~SIG_UNBLOCKABLE;
	if (p->pending.set & blocked)
		signal_retarget(p);
	spin_unlock(&p->signal_lock, flags);
}

void signal_set_temporary_mask(uint64_t mask)
{
	struct thread *t = current_thread();

	t->saved_sigmask = t->sigmask;
	t->restore_sigmask = true;
	signal_set_mask(mask);
}

void signal_exec_reset(struct process *p)
{
	struct thread *t = current_thread();
	struct sighand *old = p->sighand, *new = old;
	unsigned long flags;

	ptimers_exit(p);
	if (__atomic_load_n(&old->refs, __ATOMIC_ACQUIRE) > 1) {
		new = sighand_create();
		if (!new)
			process_exit(SIGKILL);
	}
	flags = spin_lock(&old->lock);
	for (int i = 0; i < NSIG; i++) {
		uint64_t handler = old->actions[i].handler == SIG_IGN ? SIG_IGN : SIG_DFL;

		new->actions[i] = (struct sigaction_kernel){ .handler = handler };
	}
	spin_unlock(&old->lock, flags);
	flags = spin_lock(&p->signal_lock);
	p->sighand = new;
	t->altstack = 0;
	t->altstack_size = 0;
	t->altstack_flags = SS_DISABLE;
	spin_unlock(&p->signal_lock, flags);
	if (new != old)
		sighand_put(old);
	p->exec_done = true;
	p->exit_signal = SIGCHLD;
}

/* A timer that sent the signal is armed again now, so that signals cannot come faster than they are taken. */
void signal_dequeued(struct ksiginfo *info)
{
	if (info->timer)
		ptimer_signal_dequeued(info);
	else if (info->signo == SIGALRM)
		itimer_signal_dequeued(current_process());
}
