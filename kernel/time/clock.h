/* SPDX-License-Identifier: MIT */
/* Owns: clock ids as system calls take them, arithmetic on times, clocks that step.
 * Relies on: timekeeping.h for the seven clocks of the page, proc for CPU time.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_TIME_CLOCK_H
#define VDK_KERNEL_TIME_CLOCK_H

#include "core/list.h"
#include "core/types.h"
#include "proc/wait.h"
#include "time/timer.h"
#include "vdk/clock.h"

#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_REALTIME_ALARM 8
#define CLOCK_BOOTTIME_ALARM 9
#define TIMER_ABSTIME 1

struct timespec_pair { /* struct itimerspec */
	struct vdk_timespec interval, value;
};

static inline bool timespec_valid(const struct vdk_timespec *ts)
{
	return ts->tv_sec >= 0 && (uint64_t)ts->tv_nsec < NSEC_PER_SEC;
}

/* Nanoseconds of a valid timespec, at most INT64_MAX: 292 years. */
static inline uint64_t timespec_ns(const struct vdk_timespec *ts)
{
	if (ts->tv_sec >= INT64_MAX / NSEC_PER_SEC)
		return INT64_MAX;
	return (uint64_t)ts->tv_sec * NSEC_PER_SEC + (uint64_t)ts->tv_nsec;
}

static inline struct vdk_timespec ns_timespec(uint64_t ns)
{
	return (struct vdk_timespec){ (int64_t)(ns / NSEC_PER_SEC), (int64_t)(ns % NSEC_PER_SEC) };
}

/* A moment `ns` after `at`; never NO_DEADLINE. */
static inline uint64_t time_add(uint64_t at, uint64_t ns)
{
	return ns >= INT64_MAX - at ? INT64_MAX : at + ns;
}

/* --- clock.c --- */
/* Any clock id that clock_gettime knows: 0 or -EINVAL. */
int clock_read(int clock_id, struct vdk_timespec *ts);
/* A clock that timers and sleeps can follow: REALTIME, MONOTONIC, BOOTTIME, TAI, and the alarm clocks as what they
 * alarm. */
bool clock_follows(int clock_id, int *base);
bool clock_can_step(int base); /* REALTIME, TAI when set, BOOTTIME by a sleep: a deadline on it must be worked out again */
/* The clock that a length of time on clock `base` is measured by: it is the same whoever sets clocks, and goes on in a sleep of the
 * machine if BOOTTIME does. */
int clock_for_span(int base);
/* Such a clock's time now, and the MONOTONIC moment at which it will show `ns`, if nobody sets it. */
uint64_t clock_base_ns(int base);
uint64_t clock_deadline(int base, uint64_t ns);

/* Sleepers and timers on these clocks look again. Called by everyone who makes one step. */
void clock_was_set(void);
extern struct waitq clock_set_waitq;   /* woken by clock_was_set() */

/* A timer at a moment of any clock that clock_follows() accepts. */
struct clock_timer {
	struct timer timer;
	struct list link; /* among those on clocks that can step */
	int base;
	uint64_t expires_ns;
	/* Told that the clock was set; NULL: need not know. Interrupts off; may take no lock under which it arms. */
	void (*set)(struct clock_timer *t);
};

void clock_timer_setup(struct clock_timer *t, void (*fn)(struct timer *t));
void clock_timer_arm(struct clock_timer *t, int base, uint64_t expires_ns);
void clock_timer_watch(struct clock_timer *t); /* not armed, but told when a clock is set */
bool clock_timer_cancel(struct clock_timer *t); /* as timer_cancel() */

/* --- cputime.c --- */
/* CPU-time clocks, the dynamic ids of processes and threads included. 0 or -EINVAL. */
int cpu_clock_read(int clock_id, struct vdk_timespec *ts);
int cpu_clock_res(int clock_id, uint64_t *ns);
bool cpu_clock_is(int clock_id);       /* by its form; the process may not exist */

#endif
