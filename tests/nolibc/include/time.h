/* SPDX-License-Identifier: MIT */
/* Owns: <time.h> and <sys/time.h>: clocks, sleeps, interval timers. Relies on: types.h. Who may include: programs. */
#ifndef VDK_NOLIBC_TIME_H
#define VDK_NOLIBC_TIME_H

#include "types.h"

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define CLOCK_REALTIME_ALARM 8
#define CLOCK_BOOTTIME_ALARM 9
#define CLOCK_TAI 11
#define TIMER_ABSTIME 1

int clock_gettime(clockid_t id, struct timespec *ts);
int clock_getres(clockid_t id, struct timespec *ts);
int clock_settime(clockid_t id, const struct timespec *ts);
int nanosleep(const struct timespec *length, struct timespec *rest);
int clock_nanosleep(clockid_t id, int flags, const struct timespec *time, struct timespec *rest);
time_t time(time_t *seconds);

struct timezone {
	int tz_minuteswest, tz_dsttime;
};

struct itimerval {
	struct timeval it_interval, it_value;
};

#define ITIMER_REAL 0

int gettimeofday(struct timeval *tv, void *zone);
int setitimer(int which, const struct itimerval *value, struct itimerval *old);

#endif
