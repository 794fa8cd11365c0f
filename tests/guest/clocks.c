/* SPDX-License-Identifier: MIT */
/* The seven clocks, read through libc and the vDSO, against the system call and against each other.
 *
 * Owns: every claim about a clock's value while nobody sets it. Relies on: guest.h, vdso_reader.h.
 * Never: trusts a clock to say how right it is: each reading lies between two of another way.
 * With the argument `fallback`, the vDSO is expected to make one system call per reading. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/auxv.h>
#include <sys/time.h>

#include "guest.h"
#include "vdso_reader.h"

#define ROUNDS_PER_CPU 1000
#define LONG_ENOUGH_NS (1200 * NS_PER_MS) /* every clock has begun a new second */
#define PATIENCE_NS (3 * NS_PER_S)        /* where a system call is slow, a tenth of the rounds must do */

static unsigned int rounds_to_do = 100000;
static cpu_set_t cpus;
static struct vdso vdso;

/* Go on, on the next CPU that we may use: clocks are the same everywhere. */
static void move(void)
{
	static int cpu;
	cpu_set_t one;

	if (CPU_COUNT(&cpus) < 2)
		return;
	do
		cpu = (cpu + 1) % CPU_SETSIZE;
	while (!CPU_ISSET(cpu, &cpus));
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0)
		bail("sched_setaffinity: %s", strerror(errno));
}

/* Are these rounds, since `begin` on MONOTONIC, as many as there should be? */
static bool are_enough(unsigned int rounds, int64_t begin)
{
	if (rounds >= rounds_to_do)
		return true;
	return rounds >= rounds_to_do / 10 && rounds % 100 == 0 && libc_ns(CLOCK_MONOTONIC) - begin > PATIENCE_NS;
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The whole number of seconds in a range, or -1. */
static int64_t whole_second_in(int64_t low, int64_t high)
{
	int64_t second = low / NS_PER_S + (low % NS_PER_S > 0);

	return second * NS_PER_S <= high ? second : -1;
}

static void readings_are_bracketed(void)
{
	struct {
		int64_t first, last;
		unsigned int wrong, steps;
	} seen[CLOCKS] = { 0 };
	int64_t begin = libc_ns(CLOCK_MONOTONIC), elapsed = 0;
	unsigned int rounds;

	for (rounds = 0; !are_enough(rounds, begin) || (elapsed < LONG_ENOUGH_NS && rounds < 20 * rounds_to_do); rounds++) {
		if (rounds % ROUNDS_PER_CPU == 0)
			move();
		for (size_t c = 0; c < CLOCKS; c++) {
			int64_t before = raw_ns(clocks[c].id), now = libc_ns(clocks[c].id),
				after = raw_ns(clocks[c].id);

			if ((now < before || now > after) && seen[c].wrong++ == 0)
				diag("round %u: %s: %lld, %lld, %lld", rounds, clocks[c].name, (long long)before,
				     (long long)now, (long long)after);
			seen[c].steps += now != seen[c].last;
			seen[c].last = now;
			if (rounds == 0)
				seen[c].first = now;
		}
		elapsed = seen[1].last - seen[1].first;
	}
	for (size_t c = 0; c < CLOCKS; c++) {
		is_int(seen[c].wrong, 0, "syscall <= vdso <= syscall: %s", clocks[c].name);
		ok(seen[c].steps > 50 && seen[c].last / NS_PER_S > seen[c].first / NS_PER_S,
		   "%s was read across ticks and the beginning of a second", clocks[c].name);
	}
	diag("%u rounds in %lld ms", rounds, (long long)(elapsed / NS_PER_MS));
}

static void clock_never_decreases(clockid_t id, const char *name)
{
	int64_t last = libc_ns(id);
	unsigned int backwards = 0;

	for (unsigned int i = 0; i < 5 * rounds_to_do; i++) {
		int64_t now = libc_ns(id);

		if (now < last && backwards++ == 0)
			diag("from %lld to %lld", (long long)last, (long long)now);
		last = now;
		if (i % (10 * ROUNDS_PER_CPU) == 0)
			move();
	}
	is_int(backwards, 0, "%s never decreases", name);
}

/* Read a coarse clock between two readings of the fine one for 100 ticks. Was it at most two ticks behind in nearly all
 * rounds? `ahead` counts those that found it ahead. */
static bool coarse_lag_is_small(clockid_t coarse, clockid_t fine, int64_t tick, unsigned int *ahead)
{
	int64_t begin = libc_ns(fine), before, now, after, worst = 0;
	unsigned int rounds = 0, late = 0;

	do {
		before = libc_ns(fine);
		now = libc_ns(coarse);
		after = libc_ns(fine);
		rounds++;
		*ahead += now > after;
		late += before - now > 2 * tick;
		worst = max(worst, before - now);
	} while (after - begin < 100 * tick && rounds < 100 * rounds_to_do);
	diag("%u of %u rounds behind more than two ticks of %lld us; the worst by %lld us", late, rounds,
	     (long long)(tick / 1000), (long long)(worst / 1000));
	return late <= rounds / 10;
}

/* Where the machine is a guest itself, ticks may come late for a while: the lag is tried again. */
static void coarse_is_the_fine_clock_at_a_recent_tick(clockid_t coarse, clockid_t fine, const char *name)
{
	unsigned int ahead = 0, tries = 5;
	struct timespec res;
	bool small;

	if (clock_getres(coarse, &res) != 0)
		bail("clock_getres: %s", strerror(errno));
	do
		small = coarse_lag_is_small(coarse, fine, ns_of(&res), &ahead);
	while (!small && --tries > 0);
	is_int(ahead, 0, "%s is never ahead of the fine clock", name);
	ok(small, "%s is at most two ticks behind", name);
}

/* Two clocks differ by a constant if the ranges, in which each round shows their difference to be, have a point in
 * common. */
static void difference_is_constant(clockid_t a, clockid_t b, int64_t *low, int64_t *high)
{
	*low = INT64_MIN;
	*high = INT64_MAX;
	for (unsigned int i = 0; i < rounds_to_do; i++) {
		int64_t before = libc_ns(b), now = libc_ns(a), after = libc_ns(b);

		*low = max(*low, now - after);
		*high = min(*high, now - before);
	}
}

static void clocks_agree_with_each_other(void)
{
	int64_t low, high;

	difference_is_constant(CLOCK_TAI, CLOCK_REALTIME, &low, &high);
	ok(low <= high && whole_second_in(low, high) >= 0, "TAI is REALTIME and a constant number of whole seconds");
	diag("%lld to %lld ns", (long long)low, (long long)high);
	difference_is_constant(CLOCK_BOOTTIME, CLOCK_MONOTONIC, &low, &high);
	ok(low <= high, "BOOTTIME is MONOTONIC and a constant");
	ok(high >= 0, "BOOTTIME is not behind MONOTONIC");
	diag("%lld to %lld ns", (long long)low, (long long)high);
}

static int64_t us_of(const struct timeval *tv)
{
	return tv->tv_sec * 1000000ll + tv->tv_usec;
}

static void gettimeofday_agrees(void)
{
	unsigned int wrong_call = 0, wrong_clock = 0;
	int64_t begin = libc_ns(CLOCK_MONOTONIC);

	for (unsigned int i = 0; !are_enough(i, begin); i++) {
		struct timeval before, now, after;
		int64_t earlier = libc_ns(CLOCK_REALTIME), later;

		if (syscall(SYS_gettimeofday, &before, NULL) != 0 || gettimeofday(&now, NULL) != 0 ||
		    syscall(SYS_gettimeofday, &after, NULL) != 0)
			bail("gettimeofday: %s", strerror(errno));
		later = libc_ns(CLOCK_REALTIME);
		wrong_call += us_of(&now) < us_of(&before) || us_of(&now) > us_of(&after) || now.tv_usec >= 1000000;
		wrong_clock += us_of(&now) < earlier / 1000 || us_of(&now) > later / 1000;
	}
	is_int(wrong_call, 0, "gettimeofday lies between two system calls");
	is_int(wrong_clock, 0, "gettimeofday is REALTIME in whole microseconds");
}

static time_t raw_time(void)
{
#ifdef SYS_time
	return syscall(SYS_time, NULL);
#else
	return raw_ns(CLOCK_REALTIME_COARSE) / NS_PER_S;
#endif
}

/* Read until a second has begun. */
static void time_agrees(void)
{
	time_t (*vdso_time)(time_t *) = (time_t(*)(time_t *))vdso_function(&vdso, VDSO_PREFIX "time");
	unsigned int wrong_call = 0, wrong_clock = 0, wrong_libc = 0, seconds = 0;
	int64_t end = libc_ns(CLOCK_MONOTONIC) + LONG_ENOUGH_NS;
	time_t last = 0;

	while (seconds < 2 && libc_ns(CLOCK_MONOTONIC) < end) {
		time_t earlier = libc_ns(CLOCK_REALTIME_COARSE) / NS_PER_S, before = raw_time();
		time_t now = vdso_time ? vdso_time(NULL) : raw_time(), after = raw_time();
		time_t later = libc_ns(CLOCK_REALTIME_COARSE) / NS_PER_S, libc = time(NULL);

		wrong_call += now < before || now > after;
		wrong_clock += now < earlier || now > later;
		wrong_libc += libc < later || libc > libc_ns(CLOCK_REALTIME) / NS_PER_S;
		seconds += now != last;
		last = now;
	}
	is_int(wrong_call, 0, "time lies between two system calls");
	is_int(wrong_clock, 0, "time is the second of REALTIME_COARSE");
	is_int(wrong_libc, 0, "time through libc is not behind REALTIME_COARSE, nor ahead of REALTIME");
	ok(seconds >= 2, "time was read across the beginning of a second");
}

static void clock_getres_agrees(void)
{
	for (size_t c = 0; c < CLOCKS; c++) {
		struct timespec by_call, by_libc;

		ok(syscall(SYS_clock_getres, clocks[c].id, &by_call) == 0 &&
			   clock_getres(clocks[c].id, &by_libc) == 0 && ns_of(&by_call) == ns_of(&by_libc) &&
			   ns_of(&by_libc) > 0 && ns_of(&by_libc) < NS_PER_S,
		   "clock_getres agrees with its system call: %s", clocks[c].name);
	}
}

static void getcpu_agrees(void)
{
	long (*vdso_getcpu)(unsigned int *, unsigned int *, void *) =
		(long (*)(unsigned int *, unsigned int *, void *))vdso_function(&vdso, VDSO_PREFIX "getcpu");
	unsigned int wrong = 0;

	for (int i = 0; i < CPU_COUNT(&cpus); i++) {
		unsigned int cpu = 1000, node = 1000, vdso_cpu, vdso_node;

		move();
		if (syscall(SYS_getcpu, &cpu, &node, NULL) != 0 || !CPU_ISSET(cpu, &cpus))
			wrong++;
		vdso_cpu = cpu;
		vdso_node = node;
		if (vdso_getcpu)
			wrong += vdso_getcpu(&vdso_cpu, &vdso_node, NULL) != 0;
		wrong += vdso_cpu != cpu || vdso_node != node || sched_getcpu() != (int)cpu;
	}
	is_int(wrong, 0, "getcpu and sched_getcpu agree with the system call on every CPU");
}

static void calls_are(long long expected, long long before, const char *claim)
{
	long long now = calls_made("clock_gettime");

	if (now < 0)
		skip("this kernel does not count", "%s", claim);
	else
		is_int(now - before - (long long)raw_readings, expected, "%s", claim);
}

int main(int argc, char **argv)
{
	bool fallback = argc > 1 && strcmp(argv[1], "fallback") == 0;
	long long before = calls_made("clock_gettime");

	if (fallback)
		rounds_to_do /= 10;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) != 0)
		bail("sched_getaffinity: %s", strerror(errno));
	vdso_read(&vdso, (const void *)getauxval(AT_SYSINFO_EHDR));
	readings_are_bracketed();
	clock_never_decreases(CLOCK_MONOTONIC, "MONOTONIC");
	clock_never_decreases(CLOCK_MONOTONIC_RAW, "MONOTONIC_RAW");
	clock_never_decreases(CLOCK_BOOTTIME, "BOOTTIME");
	clock_never_decreases(CLOCK_TAI, "TAI");
	clock_never_decreases(CLOCK_MONOTONIC_COARSE, "MONOTONIC_COARSE");
	coarse_is_the_fine_clock_at_a_recent_tick(CLOCK_REALTIME_COARSE, CLOCK_REALTIME, "REALTIME_COARSE");
	coarse_is_the_fine_clock_at_a_recent_tick(CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC, "MONOTONIC_COARSE");
	clocks_agree_with_each_other();
	if (fallback)
		calls_are((long long)libc_readings, before, "each reading through libc was one system call");
	gettimeofday_agrees();
	time_agrees();
	clock_getres_agrees();
	getcpu_agrees();
	if (!fallback)
		calls_are(0, before, "no reading through libc was a system call");
	return done();
}
