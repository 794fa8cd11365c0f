/* SPDX-License-Identifier: MIT */
/* Resource limits and resource usage.
 * Owns: rlimits, the answers of getrusage and times. Relies on: sched.c's accounting.
 * Never: enforces the limits of memory and files; their owners ask process_limit(). */
#include "abi/errno.h"
#include "abi/sched.h"
#include "core/log.h"
#include "core/string.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "time/timekeeping.h"

#define RLIM_COUNT 16
#define RUSAGE_SELF 0
#define RUSAGE_CHILDREN (-1)
#define RUSAGE_THREAD 1
#define NS_PER_TICK (NSEC_PER_SEC / USER_HZ)
#define NR_OPEN 1048576 /* what no descriptor limit may exceed */

uint64_t process_limit(unsigned int resource)
{
	ASSERT(resource < RLIM_COUNT);
	return __atomic_load_n(&current_process()->rlimits[resource][0], __ATOMIC_RELAXED);
}

void thread_cpu_time(struct thread *t, uint64_t *user_ns, uint64_t *kernel_ns)
{
	if (t == current_thread())
		sched_charge(t);
	*user_ns = __atomic_load_n(&t->user_ns, __ATOMIC_RELAXED);
	*kernel_ns = __atomic_load_n(&t->kernel_ns, __ATOMIC_RELAXED);
}

void process_cpu_time(struct process *p, uint64_t *user_ns, uint64_t *kernel_ns)
{
	unsigned long flags = spin_lock(&p->lock);
	struct thread *t;

	*user_ns = p->user_ns;
	*kernel_ns = p->kernel_ns;
	list_each(t, &p->threads, in_process) {
		uint64_t user, kernel;

		thread_cpu_time(t, &user, &kernel);
		*user_ns += user;
		*kernel_ns += kernel;
	}
	spin_unlock(&p->lock, flags);
}

static void set_times(struct rusage_user *u, uint64_t user_ns, uint64_t kernel_ns)
{
	u->utime_sec = (int64_t)(user_ns / NSEC_PER_SEC);
	u->utime_usec = (int64_t)(user_ns % NSEC_PER_SEC / 1000);
	u->stime_sec = (int64_t)(kernel_ns / NSEC_PER_SEC);
	u->stime_usec = (int64_t)(kernel_ns % NSEC_PER_SEC / 1000);
}

static void add_switches(struct process *p, struct rusage_user *u)
{
	unsigned long flags = spin_lock(&p->lock);
	struct thread *t;

	u->nvcsw += (int64_t)p->dead_switches[0];
	u->nivcsw += (int64_t)p->dead_switches[1];
	list_each(t, &p->threads, in_process) {
		u->nvcsw += (int64_t)t->voluntary_switches;
		u->nivcsw += (int64_t)t->forced_switches;
	}
	spin_unlock(&p->lock, flags);
}

void process_usage(struct process *p, struct rusage_user *u)
{
	uint64_t user, kernel;

	memset(u, 0, sizeof(*u));
	process_cpu_time(p, &user, &kernel);
	set_times(u, user + p->child_user_ns, kernel + p->child_kernel_ns);
	u->nvcsw = (int64_t)p->child_switches[0];
	u->nivcsw = (int64_t)p->child_switches[1];
	add_switches(p, u);
}

SYSCALL(getrusage)
{
	struct thread *t = current_thread();
	struct process *p = t->process;
	struct rusage_user u;
	uint64_t user, kernel;

	memset(&u, 0, sizeof(u));
	switch ((int)arg[0]) {
	case RUSAGE_SELF:
		process_cpu_time(p, &user, &kernel);
		add_switches(p, &u);
		break;
	case RUSAGE_THREAD:
		thread_cpu_time(t, &user, &kernel);
		u.nvcsw = (int64_t)t->voluntary_switches;
		u.nivcsw = (int64_t)t->forced_switches;
		break;
	case RUSAGE_CHILDREN:
		user = p->child_user_ns;
		kernel = p->child_kernel_ns;
		u.nvcsw = (int64_t)p->child_switches[0];
		u.nivcsw = (int64_t)p->child_switches[1];
		break;
	default:
		return -EINVAL;
	}
	set_times(&u, user, kernel);
	if ((int)arg[0] != RUSAGE_CHILDREN)
		u.maxrss = (int64_t)(p->space->resident_pages * PAGE_SIZE / 1024);
	return copy_to_user(arg[1], &u, sizeof(u));
}

SYSCALL(times)
{
	struct process *p = current_process();
	uint64_t user, kernel;
	int64_t tms[4];

	if (arg[0]) {
		process_cpu_time(p, &user, &kernel);
		tms[0] = (int64_t)(user / NS_PER_TICK);
		tms[1] = (int64_t)(kernel / NS_PER_TICK);
		tms[2] = (int64_t)(p->child_user_ns / NS_PER_TICK);
		tms[3] = (int64_t)(p->child_kernel_ns / NS_PER_TICK);
		if (copy_to_user(arg[0], tms, sizeof(tms)))
			return -EFAULT;
	}
	return (long)(clock_now_ns() / NS_PER_TICK);
}

static long set_limit(struct process *p, unsigned int resource, const uint64_t limit[2])
{
	unsigned long flags;
	long rc = 0;

	if (limit[0] > limit[1])
		return -EINVAL;
	if (resource == RLIMIT_NOFILE && limit[1] > NR_OPEN)
		return -EPERM;
	flags = spin_lock(&p->lock);
	if (limit[1] > p->rlimits[resource][1] && !process_privileged(current_process())) {
		rc = -EPERM;
	} else {
		__atomic_store_n(&p->rlimits[resource][0], limit[0], __ATOMIC_RELAXED);
		__atomic_store_n(&p->rlimits[resource][1], limit[1], __ATOMIC_RELAXED);
		if (resource == RLIMIT_CPU)
			p->cpu_limit_warned_ns = 0;
	}
	spin_unlock(&p->lock, flags);
	return rc;
}

static void get_limit(struct process *p, unsigned int resource, uint64_t limit[2])
{
	unsigned long flags = spin_lock(&p->lock);

	limit[0] = p->rlimits[resource][0];
	limit[1] = p->rlimits[resource][1];
	spin_unlock(&p->lock, flags);
}

SYSCALL(getrlimit)
{
	unsigned int resource = (unsigned int)arg[0];
	uint64_t limit[2];

	if (resource >= RLIM_COUNT)
		return -EINVAL;
	get_limit(current_process(), resource, limit);
	return copy_to_user(arg[1], limit, sizeof(limit));
}

SYSCALL(setrlimit)
{
	unsigned int resource = (unsigned int)arg[0];
	uint64_t limit[2];

	if (copy_from_user(limit, arg[1], sizeof(limit)))
		return -EFAULT;
	if (resource >= RLIM_COUNT)
		return -EINVAL;
	return set_limit(current_process(), resource, limit);
}

static bool may_limit(const struct process *p)
{
	const struct process *me = current_process();

	return me == p || process_privileged(me) ||
	       (me->uid == p->uid && me->uid == p->euid && me->uid == p->suid && me->gid == p->gid &&
		me->gid == p->egid && me->gid == p->sgid);
}

SYSCALL(prlimit64)
{
	int pid = (int)arg[0];
	unsigned int resource = (unsigned int)arg[1];
	uint64_t new[2], old[2];
	struct process *p;
	long rc = 0;

	if (arg[2] && copy_from_user(new, arg[2], sizeof(new)))
		return -EFAULT;
	p = process_get(pid ? pid : current_process()->pid);
	if (!p)
		return -ESRCH;
	if (!may_limit(p))
		rc = -EPERM;
	else if (resource >= RLIM_COUNT)
		rc = -EINVAL;
	if (!rc) {
		get_limit(p, resource, old);
		if (arg[2])
			rc = set_limit(p, resource, new);
	}
	process_put(p);
	if (!rc && arg[3] && copy_to_user(arg[3], old, sizeof(old)))
		return -EFAULT;
	return rc;
}
