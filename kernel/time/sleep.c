/* SPDX-License-Identifier: MIT */
/* nanosleep, clock_nanosleep, restart_syscall.
 * Owns: nothing. Relies on: sleep_commit(), clock.h.
 * Never: rounds: a sleep ends at the first interrupt after its time. */
#include "abi/errno.h"
#include "fs/timens.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "time/clock.h"
#include "time/timekeeping.h"

/* Until `base` shows `ns`: 0 or -EINTR. */
static int sleep_until(int base, uint64_t ns)
{
	struct waiter w;
	int rc;

	waiter_init(&w);
	do {
		sleep_begin();
		if (clock_can_step(base))
			waitq_add(&clock_set_waitq, &w);
		rc = sleep_commit(clock_deadline(base, ns));
		waitq_remove(&w);
	} while (rc != -EINTR && clock_base_ns(base) < ns);
	sleep_cancel();
	return rc == -EINTR ? -EINTR : 0;
}

/* CPU time passes no faster than real time on each CPU, so it is enough to look again when the rest could be over. */
static int sleep_cpu(int id, uint64_t target)
{
	struct vdk_timespec ts;
	uint64_t now;
	int rc;

	for (;;) {
		if (cpu_clock_read(id, &ts))
			return -ESRCH; /* the process has ended: its clock will not move any more */
		now = timespec_ns(&ts);
		if (now >= target)
			return 0;
		sleep_begin();
		rc = sleep_commit(time_add(clock_now_ns(), MAX(target - now, (uint64_t)TICK_NS)));
		if (rc == -EINTR)
			return rc;
	}
}

static int put_rest(uaddr_t to, uint64_t deadline, uint64_t now)
{
	struct vdk_timespec rest = ns_timespec(deadline > now ? deadline - now : 0);

	return to ? copy_to_user(to, &rest, sizeof(rest)) : 0;
}

static long sleep_relative(int clock, uint64_t ns, uaddr_t rest)
{
	struct thread *t = current_thread();
	int base = clock_for_span(clock);
	uint64_t deadline = t->restart.active ? t->restart.deadline_ns : time_add(clock_base_ns(base), ns);

	if (!sleep_until(base, deadline))
		return 0;
	if (put_rest(rest, deadline, clock_base_ns(base)))
		return -EFAULT;
	t->restart.deadline_ns = deadline;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_on_cpu_clock(int id, bool absolute, uint64_t ns, uaddr_t rest)
{
	struct thread *t = current_thread();
	struct vdk_timespec now;
	uint64_t deadline = ns;
	long rc;

	if (cpu_clock_read(id, &now))
		return -EINVAL;
	if (!absolute)
		deadline = t->restart.active ? t->restart.deadline_ns : time_add(timespec_ns(&now), ns);
	rc = sleep_cpu(id, deadline);
	if (rc == -ESRCH)
		return -EINVAL;
	if (!rc)
		return 0;
	if (absolute)
		return -ERESTARTNOHAND;
	cpu_clock_read(id, &now);
	if (put_rest(rest, deadline, timespec_ns(&now)))
		return -EFAULT;
	t->restart.deadline_ns = deadline;
	return -ERESTART_RESTARTBLOCK;
}

SYSCALL(nanosleep)
{
	struct vdk_timespec ts;

	if (copy_from_user(&ts, arg[0], sizeof(ts)))
		return -EFAULT;
	return timespec_valid(&ts) ? sleep_relative(VDK_CLOCK_MONOTONIC, timespec_ns(&ts), arg[1]) : -EINVAL;
}

SYSCALL(clock_nanosleep)
{
	int id = (int)arg[0], base;
	bool absolute = arg[1] & TIMER_ABSTIME, cpu = cpu_clock_is(id);
	struct vdk_timespec ts;

	/* Known but not to sleep on: raw and coarse clocks, the thread's own time, alarms without a device. */
	if (!cpu && (!clock_follows(id, &base) || base != id))
		return clock_read(id, &ts) ? -EINVAL : -EOPNOTSUPP;
	if (id == CLOCK_THREAD_CPUTIME_ID)
		return -EOPNOTSUPP;
	if (copy_from_user(&ts, arg[2], sizeof(ts)))
		return -EFAULT;
	if (!timespec_valid(&ts))
		return -EINVAL;
	if (cpu)
		return sleep_on_cpu_clock(id, absolute, timespec_ns(&ts), arg[3]);
	if (!absolute)
		return sleep_relative(base, timespec_ns(&ts), arg[3]);
	return sleep_until(base, timens_to_system(base, timespec_ns(&ts))) ? -ERESTARTNOHAND : 0;
}

/* Interrupted calls are made again under their own number; whoever calls this one has nothing to restart. */
SYSCALL(restart_syscall)
{
	return -EINTR;
}
