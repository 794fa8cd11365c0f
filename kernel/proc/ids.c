/* SPDX-License-Identifier: MIT */
/* Process ids, process groups and sessions.
 * Owns: pgid and sid of each process. Relies on: the process table's lock.
 * Never: knows terminals; they ask for groups and sessions by number. */
#include "abi/errno.h"
#include "proc/internal.h"

SYSCALL(getpid)
{
	return current_process()->pid;
}

SYSCALL(gettid)
{
	return current_thread()->tid;
}

static int parent_pid(const struct process *p)
{
	unsigned long flags = process_table_lock();
	int pid = p->parent->pid;

	process_table_unlock(flags);
	return pid;
}

SYSCALL(getppid)
{
	return parent_pid(current_process());
}

SYSCALL(set_tid_address)
{
	struct thread *t = current_thread();

	t->clear_child_tid = arg[0];
	return t->tid;
}

SYSCALL(getpgrp)
{
	return current_process()->pgid;
}

static long id_of(int pid, bool session)
{
	unsigned long flags = process_table_lock();
	struct process *p = pid ? process_find(pid) : current_process();
	struct thread *t = p ? NULL : thread_find(pid);
	long id = -ESRCH;

	if (t)
		p = t->process;
	if (p)
		id = session ? p->sid : p->pgid;
	process_table_unlock(flags);
	return id;
}

SYSCALL(getpgid)
{
	return id_of((int)arg[0], false);
}

SYSCALL(getsid)
{
	return id_of((int)arg[0], true);
}

static bool group_exists_locked(int pgid, int sid)
{
	struct process *p;

	list_each(p, &all_processes, all_link)
		if (p->pgid == pgid && p->sid == sid)
			return true;
	return false;
}

static long set_group_locked(struct process *p, int pgid)
{
	struct process *me = current_process();

	if (!p)
		return -ESRCH;
	if (p != me) {
		if (p->parent != me)
			return -ESRCH;
		if (p->sid != me->sid)
			return -EPERM;
		if (p->exec_done)
			return -EACCES;
	}
	if (p->sid == p->pid)
		return -EPERM;
	if (pgid != p->pid && !group_exists_locked(pgid, p->sid))
		return -EPERM;
	p->pgid = pgid;
	return 0;
}

SYSCALL(setpgid)
{
	int pid = (int)arg[0], pgid = (int)arg[1];
	unsigned long flags;
	long rc;

	if (!pid)
		pid = current_process()->pid;
	if (!pgid)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	flags = process_table_lock();
	rc = set_group_locked(process_find(pid), pgid);
	process_table_unlock(flags);
	return rc;
}

SYSCALL(setsid)
{
	struct process *me = current_process(), *p;
	unsigned long flags = process_table_lock();
	long rc = me->pid;

	list_each(p, &all_processes, all_link)
		if (p->pgid == me->pid)
			rc = -EPERM;
	if (rc > 0)
		me->sid = me->pgid = me->pid;
	process_table_unlock(flags);
	return rc;
}

/* POSIX's orphaned process group: pid 1's children count, since it may well be the shell. */
bool group_orphaned_locked(int pgid, const struct process *ignored)
{
	const struct process *p;

	list_each(p, &all_processes, all_link)
		if (p->pgid == pgid && p != ignored && !p->dead && p->parent->pgid != pgid && p->parent->sid == p->sid)
			return false;
	return true;
}

bool process_group_orphaned(int pgid)
{
	unsigned long flags = process_table_lock();
	bool orphaned = group_orphaned_locked(pgid, NULL);

	process_table_unlock(flags);
	return orphaned;
}

void session_leader_exit(struct process *p)
{
	if (p->sid == p->pid)
		tty_session_end(p->sid);
}
