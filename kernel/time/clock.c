/* SPDX-License-Identifier: MIT */
/* Clocks as system calls see them: reading, setting, and what follows a clock that is set.
 * Owns: the list of timers on clocks that can step. Relies on: clock_now() for the page's seven clocks, cputime.c.
 * Never: works out a time of its own; the page's read path does. */
#include "time/clock.h"

#include "abi/errno.h"
#include "core/log.h"
#include "fs/timens.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "time/timekeeping.h"

#define MINUTES_MAX (15 * 60) /* a time zone's limit */

struct waitq clock_set_waitq = { .waiters = LIST_INIT(clock_set_waitq.waiters) };

static struct spinlock lock;
/* lock */
static struct list on_stepping = LIST_INIT(on_stepping);

/* Without a clock that wakes the machine the alarm clocks are the clocks that they are named after. */
static int alarm_base(int clock_id)
{
	switch (clock_id) {
	case CLOCK_REALTIME_ALARM: return VDK_CLOCK_REALTIME;
	case CLOCK_BOOTTIME_ALARM: return VDK_CLOCK_BOOTTIME;
	}
	return clock_id;
}

int clock_read(int clock_id, struct vdk_timespec *ts)
{
	if (cpu_clock_is(clock_id))
		return cpu_clock_read(clock_id, ts);
	return clock_now_in(timens_page(current_process()->timens), alarm_base(clock_id), ts);
}

bool clock_follows(int clock_id, int *base)
{
	*base = alarm_base(clock_id);
	return *base == VDK_CLOCK_REALTIME || *base == VDK_CLOCK_MONOTONIC || *base == VDK_CLOCK_BOOTTIME ||
	       *base == VDK_CLOCK_TAI;
}

bool clock_can_step(int base)
{
	return base != VDK_CLOCK_MONOTONIC;
}

int clock_for_span(int base)
{
	return base == VDK_CLOCK_BOOTTIME ? base : VDK_CLOCK_MONOTONIC;
}

uint64_t clock_base_ns(int base)
{
	struct vdk_timespec ts;

	if (base == VDK_CLOCK_MONOTONIC)
		return clock_now_ns();
	ASSERT(!clock_now(base, &ts));
	return ts.tv_sec < 0 ? 0 : timespec_ns(&ts);
}

/* MONOTONIC is read last: the deadline may be a little late, never early. */
uint64_t clock_deadline(int base, uint64_t ns)
{
	uint64_t now;

	if (base == VDK_CLOCK_MONOTONIC)
		return ns;
	now = clock_base_ns(base);
	return ns > now ? time_add(clock_now_ns(), ns - now) : clock_now_ns();
}

void clock_timer_setup(struct clock_timer *t, void (*fn)(struct timer *t))
{
	*t = (struct clock_timer){ 0 };
	timer_setup(&t->timer, fn);
	list_init(&t->link);
}

void clock_timer_arm(struct clock_timer *t, int base, uint64_t expires_ns)
{
	unsigned long flags = spin_lock(&lock);

	list_remove(&t->link);
	t->base = base;
	t->expires_ns = expires_ns;
	if (clock_can_step(base))
		list_push_back(&on_stepping, &t->link);
	timer_arm(&t->timer, clock_deadline(base, expires_ns));
	spin_unlock(&lock, flags);
}

void clock_timer_watch(struct clock_timer *t)
{
	unsigned long flags = spin_lock(&lock);

	list_remove(&t->link);
	list_push_back(&on_stepping, &t->link);
	spin_unlock(&lock, flags);
}

bool clock_timer_cancel(struct clock_timer *t)
{
	unsigned long flags = spin_lock(&lock);

	list_remove(&t->link);
	spin_unlock(&lock, flags);
	return timer_cancel(&t->timer);
}

/* A timer that has fired stays in the list until it is armed for something else: it is not armed again here. */
void clock_was_set(void)
{
	unsigned long flags = spin_lock(&lock);
	struct clock_timer *t;

	list_each(t, &on_stepping, link) {
		if (t->timer.armed)
			timer_arm(&t->timer, clock_deadline(t->base, t->expires_ns));
		if (t->set)
			t->set(t);
	}
	spin_unlock(&lock, flags);
	waitq_wake(&clock_set_waitq, WAKE_ALL);
}

SYSCALL(clock_gettime)
{
	struct vdk_timespec ts;
	int rc = clock_read((int)arg[0], &ts);

	return rc ? rc : copy_to_user(arg[1], &ts, sizeof(ts));
}

/* The alarm clocks have no resolution where no device could ring; Linux says EINVAL then. */
SYSCALL(clock_getres)
{
	int id = (int)arg[0], rc;
	struct vdk_timespec ts;
	uint64_t cpu_ns = 0;
	uint32_t ns = 0;

	rc = cpu_clock_is(id) ? cpu_clock_res(id, &cpu_ns) : clock_res_ns(id, &ns);
	if (rc)
		return rc;
	ts = ns_timespec(cpu_ns + ns);
	return arg[1] ? copy_to_user(arg[1], &ts, sizeof(ts)) : 0;
}

SYSCALL(clock_settime)
{
	int id = (int)arg[0];
	struct vdk_timespec ts;

	if (id != VDK_CLOCK_REALTIME && !(id < 0 && cpu_clock_is(id)))
		return -EINVAL;
	if (copy_from_user(&ts, arg[1], sizeof(ts)))
		return -EFAULT;
	if (id < 0) /* somebody's CPU time: nobody may */
		return cpu_clock_read(id, &ts) ? -EINVAL : -EPERM;
	if (!timespec_valid(&ts))
		return -EINVAL;
	return process_privileged(current_process()) ? clock_set_wall(&ts) : -EPERM;
}

SYSCALL(gettimeofday)
{
	if (arg[0]) {
		struct vdk_timespec ts;
		struct vdk_timeval tv;

		ASSERT(!clock_now(VDK_CLOCK_REALTIME, &ts));
		tv = (struct vdk_timeval){ ts.tv_sec, ts.tv_nsec / 1000 };
		if (copy_to_user(arg[0], &tv, sizeof(tv)))
			return -EFAULT;
	}
	if (arg[1]) {
		struct vdk_timezone tz;

		clock_zone(&tz.tz_minuteswest, &tz.tz_dsttime);
		if (copy_to_user(arg[1], &tz, sizeof(tz)))
			return -EFAULT;
	}
	return 0;
}

/* settimeofday(2): the first call with a zone and no time says that the clock was started with local time. */
static long set_zone(const struct vdk_timezone *tz, bool with_time)
{
	static bool zone_was_set;
	struct vdk_timespec ts;

	if (tz->tz_minuteswest > MINUTES_MAX || tz->tz_minuteswest < -MINUTES_MAX)
		return -EINVAL;
	clock_set_zone(tz->tz_minuteswest, tz->tz_dsttime);
	if (__atomic_exchange_n(&zone_was_set, true, __ATOMIC_ACQ_REL) || with_time || !tz->tz_minuteswest)
		return 0;
	ASSERT(!clock_now(VDK_CLOCK_REALTIME, &ts));
	ts.tv_sec += tz->tz_minuteswest * 60;
	return clock_set_wall(&ts);
}

SYSCALL(settimeofday)
{
	struct vdk_timeval tv = { 0 };
	struct vdk_timezone tz = { 0 };
	struct vdk_timespec ts;
	long rc = 0;

	if (arg[0] && copy_from_user(&tv, arg[0], sizeof(tv)))
		return -EFAULT;
	if (arg[0] && (tv.tv_usec < 0 || tv.tv_usec >= 1000000))
		return -EINVAL;
	if (arg[1] && copy_from_user(&tz, arg[1], sizeof(tz)))
		return -EFAULT;
	ts = (struct vdk_timespec){ tv.tv_sec, tv.tv_usec * 1000 };
	if (!timespec_valid(&ts))
		return -EINVAL;
	if (!process_privileged(current_process()))
		return -EPERM;
	if (arg[1])
		rc = set_zone(&tz, arg[0]);
	if (!rc && arg[0])
		rc = clock_set_wall(&ts);
	return rc;
}

/* The second of the last tick, as the image's. */
SYSCALL(time)
{
	struct vdk_timespec ts;

	ASSERT(!clock_now(VDK_CLOCK_REALTIME_COARSE, &ts));
	if (arg[0] && copy_to_user(arg[0], &ts.tv_sec, sizeof(ts.tv_sec)))
		return -EFAULT;
	return ts.tv_sec;
}
