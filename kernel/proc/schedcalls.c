/* SPDX-License-Identifier: MIT */
/* System calls about scheduling.
 * Owns: policies, priorities and nice values. Relies on: sched.c.
 * Never: more CPUs than run; the affinity mask is what there is. */
#include "abi/errno.h"
#include "abi/sched.h"
#include "core/string.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "time/clock.h"

#define RT_PRIORITY_MAX 99
#define NICE_MIN (-20)
#define NICE_MAX 19
#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2
#define CPUS 1

SYSCALL(sched_yield)
{
	sched_yield_now();
	return 0;
}

static bool real_time(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool known(int policy)
{
	return real_time(policy) || policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

/* The table locked. */
static struct thread *find(int tid)
{
	return tid ? thread_find(tid) : current_thread();
}

static bool may_change(const struct thread *t)
{
	const struct process *me = current_process(), *p = t->process;

	return process_privileged(me) || me->euid == p->uid || me->euid == p->euid;
}

static long set_scheduler_locked(struct thread *t, int policy, int rt_priority, bool reset)
{
	const struct process *me = current_process();

	if (policy < 0)
		policy = t->policy;
	if (!known(policy) || rt_priority < 0 || rt_priority > RT_PRIORITY_MAX || real_time(policy) != !!rt_priority)
		return -EINVAL;
	if (!may_change(t))
		return -EPERM;
	if (!process_privileged(me)) {
		uint64_t limit = me->rlimits[RLIMIT_RTPRIO][0];

		if (real_time(policy) && (uint64_t)rt_priority > limit && rt_priority > t->rt_priority)
			return -EPERM;
		if (t->reset_on_fork && !reset)
			return -EPERM;
	}
	t->reset_on_fork = reset;
	return sched_set_policy(t, policy, rt_priority);
}

static long set_scheduler(int tid, int policy, uaddr_t param)
{
	unsigned long flags;
	struct thread *t;
	int32_t rt_priority;
	bool reset = policy >= 0 && policy & SCHED_RESET_ON_FORK;
	long rc = -ESRCH;

	if (!param || tid < 0)
		return -EINVAL;
	if (copy_from_user(&rt_priority, param, sizeof(rt_priority)))
		return -EFAULT;
	flags = process_table_lock();
	t = find(tid);
	if (t)
		rc = set_scheduler_locked(t, policy < 0 ? policy : policy & ~SCHED_RESET_ON_FORK, rt_priority,
					  policy < 0 ? t->reset_on_fork : reset);
	process_table_unlock(flags);
	return rc;
}

SYSCALL(sched_setscheduler)
{
	return (int)arg[1] < 0 ? -EINVAL : set_scheduler((int)arg[0], (int)arg[1], arg[2]);
}

SYSCALL(sched_setparam)
{
	return set_scheduler((int)arg[0], -1, arg[1]);
}

/* Copies what `t` says while the table is locked: -EINVAL or -ESRCH. */
static long snapshot(int tid, struct thread *copy)
{
	unsigned long flags;
	struct thread *t;

	if (tid < 0)
		return -EINVAL;
	flags = process_table_lock();
	t = find(tid);
	if (t) {
		copy->policy = t->policy;
		copy->rt_priority = t->rt_priority;
		copy->nice = t->nice;
		copy->reset_on_fork = t->reset_on_fork;
	}
	process_table_unlock(flags);
	return t ? 0 : -ESRCH;
}

SYSCALL(sched_getscheduler)
{
	struct thread t;
	long rc = snapshot((int)arg[0], &t);

	return rc ? rc : t.policy | (t.reset_on_fork ? SCHED_RESET_ON_FORK : 0);
}

SYSCALL(sched_getparam)
{
	struct thread t;
	int32_t rt_priority;
	long rc;

	if (!arg[1])
		return -EINVAL;
	rc = snapshot((int)arg[0], &t);
	if (rc)
		return rc;
	rt_priority = t.rt_priority;
	return copy_to_user(arg[1], &rt_priority, sizeof(rt_priority));
}

SYSCALL(sched_get_priority_max)
{
	int policy = (int)arg[0];

	return !known(policy) ? -EINVAL : real_time(policy) ? RT_PRIORITY_MAX : 0;
}

SYSCALL(sched_get_priority_min)
{
	int policy = (int)arg[0];

	return !known(policy) ? -EINVAL : real_time(policy) ? 1 : 0;
}

SYSCALL(sched_rr_get_interval)
{
	struct thread t;
	struct vdk_timespec ts;
	long rc = snapshot((int)arg[0], &t);

	if (rc)
		return rc;
	ts = ns_timespec(t.policy == SCHED_FIFO ? 0 : sched_slice_ns(&t));
	return copy_to_user(arg[1], &ts, sizeof(ts));
}

static bool thread_exists(int tid)
{
	struct thread t;

	return !snapshot(tid, &t);
}

/* Masks are arrays of 64-bit words. */
SYSCALL(sched_getaffinity)
{
	uint64_t mask = (1UL << CPUS) - 1;

	if (arg[1] < sizeof(mask) || arg[1] & 7)
		return -EINVAL;
	if (!thread_exists((int)arg[0]))
		return -ESRCH;
	return copy_to_user(arg[2], &mask, sizeof(mask)) ? -EFAULT : (long)sizeof(mask);
}

SYSCALL(sched_setaffinity)
{
	uint64_t mask = 0, all = (1UL << CPUS) - 1;
	unsigned long flags;
	struct thread *t;
	long rc = -ESRCH;

	if (copy_from_user(&mask, arg[2], MIN((uint64_t)(uint32_t)arg[1], sizeof(mask))))
		return -EFAULT;
	flags = process_table_lock();
	t = find((int)arg[0]);
	if (t)
		rc = !may_change(t) ? -EPERM : mask & all ? 0 : -EINVAL;
	process_table_unlock(flags);
	return rc;
}

static bool chosen(const struct process *p, int which, int who)
{
	const struct process *me = current_process();

	if (which == PRIO_PGRP)
		return p->pgid == (who ? who : me->pgid);
	return p->uid == (who ? (uint32_t)who : me->uid);
}

/* The best nice value among the chosen, as 20 - nice. */
SYSCALL(getpriority)
{
	int which = (int)arg[0], who = (int)arg[1];
	struct process *p;
	struct thread *t;
	unsigned long flags;
	long best = -ESRCH;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	flags = process_table_lock();
	if (which == PRIO_PROCESS) {
		t = find(who);
		best = t ? 20 - t->nice : -ESRCH;
	} else {
		list_each(p, &all_processes, all_link) {
			if (!chosen(p, which, who))
				continue;
			list_each(t, &p->threads, in_process)
				best = MAX(best, 20 - t->nice);
		}
	}
	process_table_unlock(flags);
	return best;
}

static long set_nice_locked(struct thread *t, int nice)
{
	const struct process *me = current_process();
	uint64_t limit = me->rlimits[RLIMIT_NICE][0];

	if (!may_change(t))
		return -EPERM;
	/* RLIMIT_NICE counts like getpriority: 20 - nice. */
	if (nice < t->nice && !process_privileged(me) && (uint64_t)(20 - nice) > limit)
		return -EACCES;
	t->nice = nice;
	return 0;
}

SYSCALL(setpriority)
{
	int which = (int)arg[0], who = (int)arg[1], nice = MIN(MAX((int)arg[2], NICE_MIN), NICE_MAX);
	struct process *p;
	struct thread *t;
	unsigned long flags;
	long rc = -ESRCH, one;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	flags = process_table_lock();
	if (which == PRIO_PROCESS) {
		t = find(who);
		rc = t ? set_nice_locked(t, nice) : -ESRCH;
	} else {
		list_each(p, &all_processes, all_link) {
			if (!chosen(p, which, who))
				continue;
			list_each(t, &p->threads, in_process) {
				one = set_nice_locked(t, nice);
				rc = one || rc == -ESRCH ? one : rc;
			}
		}
	}
	process_table_unlock(flags);
	return rc;
}

SYSCALL(getcpu)
{
	uint32_t cpu = arch_this_cpu()->id, node = 0;

	if (arg[0] && copy_to_user(arg[0], &cpu, sizeof(cpu)))
		return -EFAULT;
	return arg[1] ? copy_to_user(arg[1], &node, sizeof(node)) : 0;
}
