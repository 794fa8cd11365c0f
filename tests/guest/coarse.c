/* SPDX-License-Identifier: MIT */
/* The coarse clocks: the tick that clock_getres tells is the real one, and an idle CPU, which has none, leaves them right.
 *
 * Owns: the claims about how far a coarse clock lies behind its fine one. Relies on: guest.h.
 * Never: fails for one reading that was held up. */
#include <stdbool.h>

#include "guest.h"

#define SLEEPS 21
#define SLEEP_NS (60 * NS_PER_MS)
#define LINUX_TICKS 10 /* Linux brings them up to date some time after the program runs on, and a busy one late */
#define BUSY_NS (600 * NS_PER_MS)
#define STEPS_MAX 1000

/* In order of size. */
static void sort(int64_t *values, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j && values[j - 1] > values[j]; j--) {
			int64_t swap = values[j];

			values[j] = values[j - 1];
			values[j - 1] = swap;
		}
}

static int64_t tick_ns(clockid_t id)
{
	struct timespec res;

	if (clock_getres(id, &res) != 0)
		bail("clock_getres(%d) failed: %s", (int)id, strerror(errno));
	return ns_of(&res);
}

static bool on_linux(void)
{
	return calls_made("clock_gettime") < 0;
}

static void right_after_idling(clockid_t fine, clockid_t coarse, const char *name)
{
	struct timespec pause = { 0, SLEEP_NS };
	int64_t behind[SLEEPS], middle, tick = tick_ns(coarse);
	int64_t most = on_linux() ? LINUX_TICKS * tick : tick;

	for (int i = 0; i < SLEEPS; i++) {
		int64_t now;

		nanosleep(&pause, NULL);
		now = libc_ns(fine);
		behind[i] = now - libc_ns(coarse);
	}
	sort(behind, SLEEPS);
	middle = behind[SLEEPS / 2];
	ok(middle <= most, "%s_COARSE is right when an idle CPU wakes up", name);
	if (middle > most)
		diag("it lies %lld us behind, and a tick is %lld us", (long long)middle / 1000, (long long)tick / 1000);
}

/* A program that has to wait for its CPU sees several ticks as one step: the shortest was in time. */
static void goes_by_ticks(clockid_t coarse, const char *name)
{
	static int64_t step[STEPS_MAX];
	int64_t end = libc_ns(CLOCK_MONOTONIC) + BUSY_NS, last = libc_ns(coarse), tick = tick_ns(coarse);
	int64_t most = on_linux() ? LINUX_TICKS * tick : tick + tick / 4;
	bool good;
	size_t steps = 0;

	while (libc_ns(CLOCK_MONOTONIC) < end && steps < STEPS_MAX) {
		int64_t now = libc_ns(coarse);

		if (now != last)
			step[steps++] = now - last;
		last = now;
	}
	sort(step, steps);
	good = steps && step[0] < most && step[steps / 2] > tick - tick / 4;
	ok(good, "%s_COARSE goes on by what clock_getres tells", name);
	if (!good)
		diag("%zu steps, the shortest %lld us, half by %lld us or less; a tick is %lld us", steps,
		     (long long)step[0] / 1000, (long long)step[steps / 2] / 1000, (long long)tick / 1000);
}

int main(void)
{
	plan(4);
	right_after_idling(CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE, "MONOTONIC");
	right_after_idling(CLOCK_REALTIME, CLOCK_REALTIME_COARSE, "REALTIME");
	goes_by_ticks(CLOCK_MONOTONIC_COARSE, "MONOTONIC");
	goes_by_ticks(CLOCK_REALTIME_COARSE, "REALTIME");
	return done();
}
