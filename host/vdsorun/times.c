/* SPDX-License-Identifier: MIT */
/* Time in system calls when another time is wanted: what the program gives is the page's, what the kernel takes the host's.
 *
 * Owns: what is converted, and the arithmetic. Relies on: /proc, for the clock that a timer goes by.
 * Never: touches a process. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "sample.h"
#include "times.h"

/* The page's clock that `host_clock` goes by; -1: it has none, and no other time. */
static int page_clock(int host_clock)
{
	switch (host_clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
		return VDK_CLOCK_REALTIME;
	case CLOCK_MONOTONIC:
		return VDK_CLOCK_MONOTONIC;
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		return VDK_CLOCK_BOOTTIME;
	case CLOCK_TAI:
		return VDK_CLOCK_TAI;
	default:
		return -1;
	}
}

/* CLOCK_* of the process's timer `id`; INT32_MIN: nobody says. */
static int clock_of_timer(pid_t pid, int id)
{
	char path[48], line[128];
	int seen = -1, clock, found = INT32_MIN;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/timers", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "ID: %d", &seen) != 1 && seen == id && sscanf(line, "ClockID: %d", &clock) == 1)
			found = clock;
	}
	if (file)
		fclose(file);
	return found;
}

static int clock_of_timerfd(pid_t pid, int fd)
{
	char path[48], line[128];
	int clock, found = INT32_MIN;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "clockid: %d", &clock) == 1)
			found = clock;
	if (file)
		fclose(file);
	return found;
}

/* A timer that goes by `clock`: its time is argument `given`; what it had left comes to argument `told`. */
static bool timer(int clock, bool absolute, int given, int told, struct times *t)
{
	*t = (struct times){ .form = TIMES_TIMER_SPEC, .given = given, .clock = absolute ? page_clock(clock) : -1, .told = told };
	return page_clock(clock) >= 0;
}

static bool futex(const uint64_t *args, struct times *t)
{
	int op = (int)args[1] & FUTEX_CMD_MASK;

	*t = (struct times){ .form = TIMES_SPEC, .given = 3, .told = -1,
		.clock = (int)args[1] & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC };
	if (op == FUTEX_WAIT)
		t->clock = -1;
	if (op == FUTEX_LOCK_PI)
		t->clock = CLOCK_REALTIME;
	return op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET || op == FUTEX_WAIT_REQUEUE_PI || op == FUTEX_LOCK_PI ||
	       op == FUTEX_LOCK_PI2;
}

/* For as long as argument `given` says. */
static bool length(enum times_form form, int given, bool in_place, struct times *t)
{
	*t = (struct times){ .form = form, .given = given, .clock = -1, .told = -1, .in_place = in_place };
	return true;
}

static bool until(int given, int clock, struct times *t)
{
	*t = (struct times){ .form = TIMES_SPEC, .given = given, .clock = page_clock(clock), .told = -1 };
	return t->clock >= 0;
}

static bool sleeps(int given, int clock, int told, struct times *t)
{
	*t = (struct times){ .form = TIMES_SPEC, .given = given, .clock = clock, .told = told, .told_late = true };
	return true;
}

/* The interval timers of 1983: ITIMER_REAL; the other two go by CPU time. */
static bool itimer(const uint64_t *args, int given, int told, struct times *t)
{
	*t = (struct times){ .form = TIMES_TIMER_VAL, .given = given, .clock = -1, .told = told };
	return args[0] == ITIMER_REAL;
}

bool times_describe(pid_t pid, int nr, const uint64_t *args, struct times *t)
{
	switch (nr) {
	case SYS_nanosleep:
		return sleeps(0, -1, 1, t);
	case SYS_clock_nanosleep:
		if (page_clock((int)args[0]) < 0)
			return false;
		return args[1] & TIMER_ABSTIME ? until(2, (int)args[0], t) : sleeps(2, -1, 3, t);
	case SYS_futex:
		return futex(args, t);
#ifdef SYS_futex_waitv
	case SYS_futex_waitv:
		return until(3, (int)args[4], t);
#endif
	case SYS_mq_timedsend:
	case SYS_mq_timedreceive:
		return until(4, CLOCK_REALTIME, t);
	case SYS_ppoll:
		return length(TIMES_SPEC, 2, true, t);
	case SYS_rt_sigtimedwait:
		return length(TIMES_SPEC, 2, false, t);
	case SYS_pselect6:
	case SYS_recvmmsg:
		return length(TIMES_SPEC, 4, true, t);
	case SYS_io_getevents:
#ifdef SYS_io_pgetevents
	case SYS_io_pgetevents:
#endif
		return length(TIMES_SPEC, 4, false, t);
	case SYS_semtimedop:
	case SYS_epoll_pwait2:
		return length(TIMES_SPEC, 3, false, t);
	case SYS_epoll_pwait:
		return length(TIMES_MILLISECONDS, 3, false, t);
#ifdef SYS_select
	case SYS_select:
		return length(TIMES_VAL, 4, true, t);
#endif
#ifdef SYS_poll
	case SYS_poll:
		return length(TIMES_MILLISECONDS, 2, false, t);
#endif
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
		return length(TIMES_MILLISECONDS, 3, false, t);
#endif
#ifdef SYS_alarm
	case SYS_alarm:
		return length(TIMES_ALARM, 0, false, t);
#endif
	case SYS_setitimer:
		return itimer(args, 1, 2, t);
	case SYS_getitimer:
		return itimer(args, -1, 1, t);
	case SYS_timer_settime:
		return timer(clock_of_timer(pid, (int)args[0]), args[1] & TIMER_ABSTIME, 2, 3, t);
	case SYS_timer_gettime:
		return timer(clock_of_timer(pid, (int)args[0]), false, -1, 1, t);
	case SYS_timerfd_settime:
		return timer(clock_of_timerfd(pid, (int)args[0]), args[1] & TIMER_ABSTIME, 2, 3, t);
	case SYS_timerfd_gettime:
		return timer(clock_of_timerfd(pid, (int)args[0]), false, -1, 1, t);
	}
	return false;
}

unsigned int times_words(enum times_form form)
{
	switch (form) {
	case TIMES_SPEC:
	case TIMES_VAL:
		return 2;
	case TIMES_TIMER_SPEC:
	case TIMES_TIMER_VAL:
		return 4;
	default:
		return 0;
	}
}

static bool is_timer(enum times_form form)
{
	return form == TIMES_TIMER_SPEC || form == TIMES_TIMER_VAL;
}

static int64_t unit_ns(enum times_form form)
{
	return form == TIMES_VAL || form == TIMES_TIMER_VAL ? 1000 : 1;
}

/* `ns` of the page's, a length or a point of time, by the host's clock. */
static int64_t host_ns(const struct run *run, int clock, int64_t ns)
{
	struct vdk_timespec now;
	double left = (double)ns;
	int64_t host_now = 0;

	if (clock >= 0) {
		calls_page_time(run, clock, &now);
		host_now = host_clock_ns(clock);
		left = (double)(ns - (now.tv_sec * NS_PER_SEC + now.tv_nsec));
	}
	left = ceil(left / run->shape.rate); /* never early */
	if (left > 9e18 - (double)host_now)
		return INT64_MAX;
	return host_now + (int64_t)left < 0 ? 0 : host_now + (int64_t)left;
}

/* One time, of two words: seconds, and parts of `unit_ns`. */
static bool to_host(const struct run *run, int clock, int64_t unit, bool timer_value, int64_t *time)
{
	int64_t ns;

	if (time[0] < 0 || time[1] < 0 || time[1] > (NS_PER_SEC - 1) / unit)
		return false;
	if (timer_value && !time[0] && !time[1])
		return true; /* off */
	ns = time[0] > INT64_MAX / NS_PER_SEC - 1 ? INT64_MAX : time[0] * NS_PER_SEC + time[1] * unit;
	ns = host_ns(run, clock, ns);
	if (timer_value && !ns)
		ns = 1; /* not off */
	time[0] = ns / NS_PER_SEC;
	time[1] = (ns % NS_PER_SEC + unit - 1) / unit;
	if (time[1] * unit >= NS_PER_SEC)
		time[0]++, time[1] = 0;
	return true;
}

bool times_to_host(const struct run *run, const struct times *t, int64_t *words)
{
	int64_t unit = unit_ns(t->form);

	if (!is_timer(t->form))
		return to_host(run, t->clock, unit, false, words);
	return to_host(run, -1, unit, true, words) && to_host(run, t->clock, unit, true, words + 2);
}

void times_to_page(const struct run *run, enum times_form form, int64_t *words)
{
	int64_t unit = unit_ns(form);

	for (unsigned int i = 0; i < times_words(form); i += 2) {
		double ns = (double)(words[i] * NS_PER_SEC + words[i + 1] * unit) * run->shape.rate;
		int64_t whole = ns > 9e18 ? INT64_MAX : (int64_t)ns;

		if (is_timer(form) && (words[i] || words[i + 1]) && whole < unit)
			whole = unit; /* it is on */
		words[i] = whole / NS_PER_SEC;
		words[i + 1] = whole % NS_PER_SEC / unit;
	}
}
