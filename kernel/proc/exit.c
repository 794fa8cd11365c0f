/* SPDX-License-Identifier: MIT */
/* The ends of threads and processes, and of the system when the first process ends.
 * Owns: the order in which things are given back. Relies on: futex_exit(), the console for the last status.
 * Never: frees the running thread's stack; the next thread does, see sched_finish_switch(). */
#include "abi/errno.h"
#include "abi/sched.h"
#include "core/log.h"
#include "fs/file.h"
#include "mm/space.h"
#include "proc/internal.h"
#include "syscall/internal.h"

static void wake_all_threads(struct process *p, const struct thread *but)
{
	struct thread *t;

	list_each(t, &p->threads, in_process)
		if (t != but)
			sched_wake(t);
}

static void live_stats(struct process *p, void *arg)
{
	(void)arg;
	if (!p->dead && p->pid != 1)
		syscall_stats(p);
}

/* Whatever else runs is killed by the power going off. */
static _Noreturn void system_end(int status)
{
	int signo = status & 0x7f;
	int code = signo ? 128 + signo : status >> 8 & 0xff;

	process_each(live_stats, NULL);
	console_exit_status(code);
	arch_power_off(code);
}

static bool has_stopped_locked(int pgid, const struct process *but)
{
	struct process *p;

	list_each(p, &all_processes, all_link)
		if (p->pgid == pgid && p != but && !p->dead && p->stop_status)
			return true;
	return false;
}

static void send_locked(int pgid, int signo)
{
	struct ksiginfo info = { .signo = signo, .code = SI_KERNEL };
	struct process *p;

	list_each(p, &all_processes, all_link)
		if (p->pgid == pgid)
			signal_send_process(p, &info);
}

/* A group with stopped members that nobody can continue any more (POSIX, _exit). */
static void hang_up_locked(int pgid, const struct process *leaving)
{
	if (group_orphaned_locked(pgid, leaving) && has_stopped_locked(pgid, leaving)) {
		send_locked(pgid, SIGHUP);
		send_locked(pgid, SIGCONT);
	}
}

/* The children go to pid 1; those that are dead already are news for it. */
static void leave_children_locked(struct process *p, struct list *reaped)
{
	struct process *init = process_find(1), *child, *tmp;

	list_each_safe(child, tmp, &p->children, sibling) {
		bool linked = child->pgid != p->pgid && child->sid == p->sid;

		list_remove(&child->sibling);
		child->parent = init;
		list_push_back(&init->children, &child->sibling);
		if (child->parent_death_signal && !child->dead) {
			struct ksiginfo info = { .signo = child->parent_death_signal, .code = SI_USER, .pid = p->pid,
						 .uid = p->uid };

			signal_send_process(child, &info);
		}
		child->exit_signal = SIGCHLD;
		if (child->dead) {
			exit_notify_parent_locked(child, reaped);
			continue;
		}
		if (linked)
			hang_up_locked(child->pgid, NULL);
	}
}

void exit_notify_parent_locked(struct process *p, struct list *reaped)
{
	struct process *parent = p->parent;
	int signo = p->exit_signal, status = p->exit_status;
	bool reap = false;

	if (signo == SIGCHLD) {
		struct sigaction_kernel act;

		signal_action(parent, SIGCHLD, &act);
		reap = act.handler == SIG_IGN || act.flags & SA_NOCLDWAIT;
		if (act.handler == SIG_IGN)
			signo = 0;
	}
	if (signo > 0 && signo <= NSIG) {
		bool killed = status & 0x7f;
		struct ksiginfo info = {
			.signo = signo,
			.code = killed ? CLD_KILLED : CLD_EXITED,
			.pid = p->pid,
			.uid = p->uid,
			.status = killed ? status & 0x7f : status >> 8 & 0xff,
			.utime = p->user_ns / (NSEC_PER_SEC / USER_HZ),
			.stime = p->kernel_ns / (NSEC_PER_SEC / USER_HZ),
		};

		signal_send_process(parent, &info);
	}
	if (reap) {
		process_unlink_locked(p);
		list_push_back(reaped, &p->sibling);
	}
	waitq_wake(&parent->child_wait, WAKE_ALL);
}

void process_reap_locked(struct process *p, struct list *reaped)
{
	struct process *parent = p->parent;

	parent->child_user_ns += p->user_ns + p->child_user_ns;
	parent->child_kernel_ns += p->kernel_ns + p->child_kernel_ns;
	for (int i = 0; i < 2; i++)
		parent->child_switches[i] += p->dead_switches[i] + p->child_switches[i];
	process_unlink_locked(p);
	list_push_back(reaped, &p->sibling);
}

void process_reap_finish(struct list *reaped)
{
	while (!list_empty(reaped)) {
		struct process *p = list_first(reaped, struct process, sibling);

		list_remove(&p->sibling);
		process_put(p);
	}
}

void process_exec_done(struct process *p)
{
	__atomic_store_n(&p->vfork_done, true, __ATOMIC_RELEASE);
	waitq_wake(&p->vfork_wait, WAKE_ALL);
}

/* The last thread gives back what the process holds, while it is still in the table. */
static void release_process(struct process *p)
{
	struct files *files;
	struct fs_context *fs;
	struct space *space;
	unsigned long flags;

	timer_cancel(&p->alarm);
	ptimers_exit(p);
	flags = spin_lock(&p->lock);
	files = p->files;
	fs = p->fs;
	p->files = NULL;
	p->fs = NULL;
	spin_unlock(&p->lock, flags);
	files_put(files);
	fs_context_put(fs);

	flags = spin_lock(&p->lock);
	space = p->space;
	p->space = NULL;
	arch_space_switch(NULL);
	spin_unlock(&p->lock, flags);
	space_put(space);
	process_exec_done(p);
}

_Noreturn void thread_exit(int status)
{
	struct thread *t = current_thread();
	struct process *p = t->process;
	struct list reaped = LIST_INIT(reaped);
	unsigned long flags;
	bool last;

	futex_exit(t);
	flags = spin_lock(&p->lock);
	if (t->tid == p->pid)
		p->exit_status = status;
	last = --p->live_threads == 0;
	if (last && !p->exiting) {
		p->exiting = true;
		p->group_status = p->exit_status;
	}
	spin_unlock(&p->lock, flags);
	trace_exit(t, p->exiting ? p->group_status : status);
	if (last) {
		syscall_stats(p);
		if (p->pid == 1)
			system_end(p->group_status);
		release_process(p);
		session_leader_exit(p);
	}
	sched_charge(t);
	flags = process_table_lock();
	thread_remove_locked(t);
	if (last) {
		unsigned long signal_flags = spin_lock(&p->signal_lock);

		sigpending_flush(p, &p->pending, UINT64_MAX);
		p->stop_status = 0;
		spin_unlock(&p->signal_lock, signal_flags);
		p->exit_status = p->group_status;
		leave_children_locked(p, &reaped);
		if (p->parent->sid == p->sid && p->parent->pgid != p->pgid)
			hang_up_locked(p->pgid, p);
		p->dead = true;
		exit_notify_parent_locked(p, &reaped);
	}
	process_table_unlock(flags);
	process_reap_finish(&reaped);
	if (!last)
		waitq_wake(&p->threads_wait, WAKE_ALL);
	sched_block(THREAD_DEAD);
	panic("a dead thread runs");
}

_Noreturn void process_exit(int status)
{
	struct thread *t = current_thread();
	struct process *p = t->process;
	unsigned long flags = spin_lock(&p->lock);

	if (!p->exiting && !p->exec_thread) {
		p->exiting = true;
		p->group_status = status;
		wake_all_threads(p, t);
	}
	spin_unlock(&p->lock, flags);
	thread_exit(p->exiting ? p->group_status : status);
}

void exit_check(void)
{
	struct thread *t = current_thread();
	struct process *p = t->process;

	if (unlikely(p->exiting))
		thread_exit(p->group_status);
	if (unlikely(p->exec_thread && p->exec_thread != t))
		thread_exit(0);
}

static bool alone(const struct process *p)
{
	return __atomic_load_n(&p->thread_count, __ATOMIC_ACQUIRE) == 1;
}

int process_kill_other_threads(void)
{
	struct thread *t = current_thread();
	struct process *p = t->process;
	struct waiter w;
	unsigned long flags = spin_lock(&p->lock);

	if (p->exiting || p->exec_thread) {
		spin_unlock(&p->lock, flags);
		return -EINTR;
	}
	p->exec_thread = t;
	wake_all_threads(p, t);
	spin_unlock(&p->lock, flags);

	/* Nothing may interrupt this: the others only have to get to return_to_user(). */
	waiter_init(&w);
	for (;;) {
		sleep_begin();
		waitq_add(&p->threads_wait, &w);
		if (alone(p))
			break;
		sleep_commit_unbroken();
		waitq_remove(&w);
	}
	sleep_cancel();
	waitq_remove(&w);
	futex_exit(t);
	flags = process_table_lock();
	if (t->tid != p->pid)
		thread_renumber_locked(t, p->pid);
	process_table_unlock(flags);
	p->exec_thread = NULL;
	return 0;
}

SYSCALL(exit)
{
	thread_exit(STATUS_EXITED((int)arg[0]));
}

SYSCALL(exit_group)
{
	process_exit(STATUS_EXITED((int)arg[0]));
}
