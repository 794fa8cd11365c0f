/* SPDX-License-Identifier: MIT */
/* Owns: what the programs about adjtimex share: requests, a clock that is set and put back, who waits on it.
 * Relies on: guest.h; the structure in vdk/timex.h is Linux's. System calls are made directly: libcs change requests.
 * Who may include: tests/guest/adjtimex.c, leap.c. */
#ifndef VDK_TESTS_GUEST_DISCIPLINE_H
#define VDK_TESTS_GUEST_DISCIPLINE_H

#include <stdbool.h>

#include "guest.h"
#include "vdk/timex.h"

static inline int adjust(struct vdk_timex *tx)
{
	return (int)syscall(SYS_adjtimex, tx);
}

static inline struct vdk_timex query(void)
{
	struct vdk_timex tx = { 0 };

	if (adjust(&tx) < 0)
		bail("adjtimex: %s", strerror(errno));
	return tx;
}

/* A request that has to be accepted; the answer. */
static inline struct vdk_timex request(struct vdk_timex tx)
{
	unsigned int modes = tx.modes;

	if (adjust(&tx) < 0)
		bail("adjtimex(0x%x): %s", modes, strerror(errno));
	return tx;
}

static int64_t origin; /* REALTIME - RAW at the start */

static inline void set_wall(int64_t ns)
{
	struct timespec ts = { ns / NS_PER_S, ns % NS_PER_S };

	if (clock_settime(CLOCK_REALTIME, &ts) != 0)
		bail("clock_settime(%lld): %s", (long long)ns, strerror(errno));
}

/* As it was: undisciplined. */
static inline void reset(void)
{
	request((struct vdk_timex){ .modes = VDK_ADJ_OFFSET_SINGLESHOT });
	request((struct vdk_timex){ .modes = VDK_ADJ_STATUS, .status = VDK_STA_PLL });
	request((struct vdk_timex){ .modes = VDK_ADJ_STATUS | VDK_ADJ_FREQUENCY | VDK_ADJ_TICK | VDK_ADJ_MICRO,
		.tick = 10000 });
	set_wall(raw_ns(CLOCK_MONOTONIC_RAW) + origin);
}

static inline void *sleep_until(void *arg)
{
	return (void *)(long)clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, arg, NULL);
}

/* A timerfd that is cancelled when the clock is set. */
static inline int watcher(void)
{
	struct { struct timespec interval, value; } far = { .value = { 8000000000ll, 0 } };
	int fd = (int)syscall(SYS_timerfd_create, CLOCK_REALTIME, 04000); /* TFD_NONBLOCK */

	if (fd < 0 || syscall(SYS_timerfd_settime, fd, 3, &far, NULL) != 0) /* absolute, TFD_TIMER_CANCEL_ON_SET */
		bail("timerfd: %s", strerror(errno));
	return fd;
}

static inline bool cancelled(int fd)
{
	uint64_t ticks;

	return read(fd, &ticks, sizeof(ticks)) == -1 && errno == ECANCELED;
}

/* May this program set the clock? To be asked before it does. */
static inline bool clock_is_ours(int argc, char **argv)
{
	origin = raw_ns(CLOCK_REALTIME) - raw_ns(CLOCK_MONOTONIC_RAW);
	return calls_made("read") >= 0 || (argc > 1 && strcmp(argv[1], "--set") == 0);
}

#endif
