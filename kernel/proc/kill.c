/* SPDX-License-Identifier: MIT */
/* System calls that send signals.
 * Owns: who may signal whom. Relies on: signal.c.
 * Never: protects pid 1. */
#include "abi/errno.h"
#include "mm/uaccess.h"
#include "proc/internal.h"

static bool may_signal(const struct process *to, int signo)
{
	const struct process *me = current_process();

	if (process_privileged(me) || me == to)
		return true;
	if (me->euid == to->suid || me->euid == to->uid || me->uid == to->suid || me->uid == to->uid)
		return true;
	return signo == SIGCONT && me->sid == to->sid;
}

/* The table locked. */
static long send_checked(struct process *p, struct thread *t, const struct ksiginfo *info)
{
	int rc;

	if (!may_signal(p, info->signo))
		return -EPERM;
	if (!info->signo)
		return 0;
	rc = signal_send(p, t, info, NULL);
	return MIN(rc, 0);
}

/* kill(-1) and kill(-pgid): success if one could be signalled. */
static long send_many(int pgid, const struct ksiginfo *info)
{
	unsigned long flags = process_table_lock();
	struct process *p, *me = current_process();
	bool found = false, sent = false;
	long rc, error = -ESRCH;

	list_each(p, &all_processes, all_link) {
		if (pgid == -1 ? p->pid == 1 || p == me : p->pgid != pgid)
			continue;
		rc = send_checked(p, NULL, info);
		found = true;
		if (rc)
			error = rc;
		else
			sent = true;
	}
	process_table_unlock(flags);
	return found && sent ? 0 : error;
}

static long send_one(int pid, const struct ksiginfo *info)
{
	unsigned long flags = process_table_lock();
	struct process *p = process_find(pid);
	struct thread *t = p ? NULL : thread_find(pid);
	long rc = -ESRCH;

	if (t)
		p = t->process; /* kill() takes a thread's id for its process, as on Linux */
	if (p)
		rc = send_checked(p, NULL, info);
	process_table_unlock(flags);
	return rc;
}

/* tgid 0: any process. */
static long send_thread(int tgid, int tid, const struct ksiginfo *info)
{
	unsigned long flags = process_table_lock();
	struct thread *t = thread_find(tid);
	long rc = -ESRCH;

	if (t && (!tgid || t->process->pid == tgid))
		rc = send_checked(t->process, t, info);
	process_table_unlock(flags);
	return rc;
}

static struct ksiginfo user_info(int signo, int code)
{
	const struct process *me = current_process();

	return (struct ksiginfo){ .signo = signo, .code = code, .pid = me->pid, .uid = me->uid };
}

static bool bad_signal(int signo)
{
	return signo < 0 || signo > NSIG;
}

SYSCALL(kill)
{
	int pid = (int)arg[0], signo = (int)arg[1];
	struct ksiginfo info = user_info(signo, SI_USER);

	if (bad_signal(signo))
		return -EINVAL;
	if (pid > 0)
		return send_one(pid, &info);
	if (pid == INT32_MIN)
		return -ESRCH;
	return send_many(pid == 0 ? current_process()->pgid : pid == -1 ? -1 : -pid, &info);
}

SYSCALL(tkill)
{
	int tid = (int)arg[0], signo = (int)arg[1];
	struct ksiginfo info = user_info(signo, SI_TKILL);

	if (tid <= 0 || bad_signal(signo))
		return -EINVAL;
	return send_thread(0, tid, &info);
}

SYSCALL(tgkill)
{
	int tgid = (int)arg[0], tid = (int)arg[1], signo = (int)arg[2];
	struct ksiginfo info = user_info(signo, SI_TKILL);

	if (tgid <= 0 || tid <= 0 || bad_signal(signo))
		return -EINVAL;
	return send_thread(tgid, tid, &info);
}

/* The sender fills the siginfo itself; only to itself may it pretend to be the kernel or kill(). */
static long read_info(struct ksiginfo *info, uaddr_t from, int signo, int target)
{
	struct siginfo_user u;

	if (copy_from_user(&u, from, sizeof(u)))
		return -EFAULT;
	*info = (struct ksiginfo){ .signo = signo, .code = u.si_code, .err = u.si_errno };
	if (u.si_code == SI_TIMER) {
		info->status = u.u.timer.id;
		info->overrun = u.u.timer.overrun;
		info->value = u.u.timer.value;
	} else {
		info->pid = u.u.kill.pid;
		info->uid = u.u.kill.uid;
		info->value = u.u.kill.value;
		info->addr = u.u.fault.addr;
	}
	if (bad_signal(signo))
		return -EINVAL;
	if ((u.si_code >= 0 || u.si_code == SI_TKILL) && current_process()->pid != target)
		return -EPERM;
	return 0;
}

SYSCALL(rt_sigqueueinfo)
{
	int pid = (int)arg[0];
	struct ksiginfo info;
	long rc = read_info(&info, arg[2], (int)arg[1], pid);

	return rc ? rc : send_one(pid, &info);
}

SYSCALL(rt_tgsigqueueinfo)
{
	int tgid = (int)arg[0], tid = (int)arg[1];
	struct ksiginfo info;
	long rc = read_info(&info, arg[3], (int)arg[2], tgid);

	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	return rc ? rc : send_thread(tgid, tid, &info);
}
