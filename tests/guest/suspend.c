/* SPDX-License-Identifier: MIT */
/* A sleep of the machine, as programs see it: which clocks go on and which stand, and the timers on them.
 *
 * Owns: the claims about suspend. Relies on: guest.h, /sys/power/state, the battery-backed clock's alarm.
 * Never: sends another kernel than vdk's to sleep. */
#include <stdbool.h>

#include "guest.h"

#define ASLEEP_S "3" /* on a clock of whole seconds: two seconds at least */
#define ASLEEP_LEAST_NS (2 * NS_PER_S)
#define TIMER_NS (NS_PER_S + NS_PER_S / 2)

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

static int timer_on(clockid_t id)
{
	struct timespec at[2] = { { 0, 0 }, { TIMER_NS / NS_PER_S, TIMER_NS % NS_PER_S } };
	int fd = (int)syscall(SYS_timerfd_create, id, O_NONBLOCK);

	if (fd < 0 || syscall(SYS_timerfd_settime, fd, 0, at, NULL) != 0)
		bail("timerfd: %s", strerror(errno));
	return fd;
}

/* Within half a second: what is due rings once the program runs on. */
static bool rang(int fd)
{
	struct timespec pause = { 0, 10 * NS_PER_MS };
	uint64_t count;

	for (int i = 0; i < 50; i++) {
		if (read(fd, &count, sizeof(count)) == sizeof(count))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* What passed on the clock number `i` of guest.h's list. */
static int64_t before[CLOCKS], after[CLOCKS];

static int64_t passed(clockid_t id)
{
	for (size_t i = 0; i < CLOCKS; i++)
		if (clocks[i].id == id)
			return after[i] - before[i];
	bail("no clock %d", (int)id);
}

static void stands(clockid_t id, const char *name)
{
	ok(passed(id) >= 0 && passed(id) < NS_PER_S, "%s stands while the machine sleeps", name);
	if (passed(id) < 0 || passed(id) >= NS_PER_S)
		diag("%lld ns passed", (long long)passed(id));
}

static void goes_on(clockid_t id, const char *name)
{
	ok(passed(id) >= ASLEEP_LEAST_NS, "%s goes on while the machine sleeps", name);
	if (passed(id) < ASLEEP_LEAST_NS)
		diag("%lld ns passed", (long long)passed(id));
}

int main(void)
{
	long long calls = calls_made("clock_gettime");
	int boottime, monotonic;

	if (calls < 0)
		skip_all("this kernel is not vdk's: it is not sent to sleep");
	plan(15);
	boottime = timer_on(CLOCK_BOOTTIME);
	monotonic = timer_on(CLOCK_MONOTONIC);
	ok(!put("/sys/power/state", "on\n") && errno == EINVAL, "a state that there is none of is refused");
	ok(!put("/sys/class/rtc/rtc0/wakealarm", "soon\n") && errno == EINVAL, "and a wake-up time that is none");
	ok(put("/sys/class/rtc/rtc0/wakealarm", "+" ASLEEP_S "\n"), "a wake-up time is set");
	ok(!put("/sys/class/rtc/rtc0/wakealarm", "+" ASLEEP_S "\n") && errno == EBUSY, "but one, and no other");
	for (size_t i = 0; i < CLOCKS; i++)
		before[i] = libc_ns(clocks[i].id);
	ok(put("/sys/power/state", "mem\n"), "the machine sleeps, and wakes up");
	for (size_t i = 0; i < CLOCKS; i++)
		after[i] = libc_ns(clocks[i].id);
	stands(CLOCK_MONOTONIC, "MONOTONIC");
	stands(CLOCK_MONOTONIC_RAW, "MONOTONIC_RAW");
	stands(CLOCK_MONOTONIC_COARSE, "MONOTONIC_COARSE");
	goes_on(CLOCK_BOOTTIME, "BOOTTIME");
	goes_on(CLOCK_REALTIME, "REALTIME");
	goes_on(CLOCK_REALTIME_COARSE, "REALTIME_COARSE");
	goes_on(CLOCK_TAI, "TAI");
	ok(rang(boottime), "a timer on BOOTTIME that was due meanwhile has rung");
	ok(!rang(monotonic), "one on MONOTONIC has not");
	ok(calls_made("clock_gettime") == calls, "and no reading was a system call");
	return done();
}
