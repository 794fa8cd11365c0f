/* SPDX-License-Identifier: MIT */
/* wait4, waitid.
 * Owns: which child is reported, and how. Relies on: exit.c for zombies, stop.c for stops.
 * Never: tells threads of one process apart: every thread may wait for every child of the process. */
#include "abi/errno.h"
#include "abi/sched.h"
#include "core/string.h"
#include "mm/uaccess.h"
#include "proc/internal.h"

struct wanted {
	int type, id; /* P_ALL, P_PID, P_PGID */
	unsigned int options;
};

struct found {
	int pid, status, code; /* as wait4 reports it; CLD_* */
	uint32_t uid;
	struct rusage_user usage;
};

static bool eligible(const struct process *child, const struct wanted *w)
{
	bool clone = child->exit_signal != SIGCHLD;

	if (w->type == P_PID && child->pid != w->id)
		return false;
	if (w->type == P_PGID && child->pgid != w->id)
		return false;
	return w->options & WALL || clone == !!(w->options & WCLONE);
}

static void note(struct found *f, struct process *child, int code, int status)
{
	f->pid = child->pid;
	f->uid = child->uid;
	f->code = code;
	f->status = status;
	process_usage(child, &f->usage);
}

/* Has this child something to report? */
static bool report(struct process *child, const struct wanted *w, struct found *f, struct list *reaped)
{
	bool keep = w->options & WNOWAIT;
	unsigned long flags;
	bool stopped, continued;

	if (child->dead) {
		if (!(w->options & WEXITED))
			return false;
		note(f, child, child->exit_status & 0x7f ? CLD_KILLED : CLD_EXITED, child->exit_status);
		if (!keep)
			process_reap_locked(child, reaped);
		return true;
	}
	flags = spin_lock(&child->signal_lock);
	stopped = w->options & WUNTRACED && child->stop_status && child->stopped_threads == child->thread_count &&
		  !child->stop_reported;
	continued = !stopped && w->options & WCONTINUED && child->continued;
	f->status = stopped ? STATUS_STOPPED(child->stop_status) : STATUS_CONTINUED;
	if (stopped && !keep)
		child->stop_reported = true;
	if (continued && !keep)
		child->continued = false;
	spin_unlock(&child->signal_lock, flags);
	if (stopped || continued)
		note(f, child, stopped ? CLD_STOPPED : CLD_CONTINUED, f->status);
	return stopped || continued;
}

/* 1: found; 0: nothing yet; -ECHILD. */
static int look(const struct wanted *w, struct found *f)
{
	struct process *p = current_process(), *child, *tmp;
	struct list reaped = LIST_INIT(reaped);
	unsigned long flags = process_table_lock();
	int rc = -ECHILD;

	list_each_safe(child, tmp, &p->children, sibling) {
		if (!eligible(child, w))
			continue;
		rc = report(child, w, f, &reaped);
		if (rc)
			break;
	}
	process_table_unlock(flags);
	process_reap_finish(&reaped);
	return rc;
}

static int wait_for(const struct wanted *w, struct found *f)
{
	int result = 0;
	int rc = wait_event(&current_process()->child_wait, (result = look(w, f)) != 0 || w->options & WNOHANG,
			    NO_DEADLINE);

	return rc ? -ERESTARTSYS : result;
}

SYSCALL(wait4)
{
	int pid = (int)arg[0], rc;
	unsigned int options = (unsigned int)arg[2];
	struct found f;
	struct wanted w = { .options = options | WEXITED };

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WCLONE | WALL))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	w.type = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	w.id = pid > 0 ? pid : pid == 0 ? current_process()->pgid : -pid;
	rc = wait_for(&w, &f);
	if (rc <= 0)
		return rc;
	if (arg[1] && copy_to_user(arg[1], &f.status, sizeof(f.status)))
		return -EFAULT;
	if (arg[3] && copy_to_user(arg[3], &f.usage, sizeof(f.usage)))
		return -EFAULT;
	return f.pid;
}

static int info_status(const struct found *f)
{
	switch (f->code) {
	case CLD_EXITED: return f->status >> 8 & 0xff;
	case CLD_STOPPED: return f->status >> 8;
	case CLD_CONTINUED: return SIGCONT;
	}
	return f->status & 0x7f;
}

/* Only the fields that waitid defines are written, as on Linux. */
static int put_info(uaddr_t to, const struct found *f, bool any)
{
	struct siginfo_user u;

	memset(&u, 0, sizeof(u));
	if (any) {
		u.si_signo = SIGCHLD;
		u.si_code = f->code;
		u.u.child.pid = f->pid;
		u.u.child.uid = f->uid;
		u.u.child.status = info_status(f);
	}
	return copy_to_user(to, &u, offsetof(struct siginfo_user, u.child.pad));
}

SYSCALL(waitid)
{
	int which = (int)arg[0], id = (int)arg[1], rc;
	unsigned int options = (unsigned int)arg[3];
	struct found f;
	struct wanted w = { .type = which, .id = id, .options = options };

	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | WNOTHREAD | WCLONE | WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	switch (which) {
	case P_ALL:
		break;
	case P_PID:
		if (id <= 0)
			return -EINVAL;
		break;
	case P_PGID:
		if (id < 0)
			return -EINVAL;
		if (!id)
			w.id = current_process()->pgid;
		break;
	case P_PIDFD:
		return id < 0 ? -EINVAL : -EBADF; /* no descriptor is a pidfd here */
	default:
		return -EINVAL;
	}
	rc = wait_for(&w, &f);
	if (rc < 0)
		return rc;
	if (rc && arg[4] && copy_to_user(arg[4], &f.usage, sizeof(f.usage)))
		return -EFAULT;
	return arg[2] ? put_info(arg[2], &f, rc) : 0;
}
