/* SPDX-License-Identifier: MIT */
/* Setting the clock: who follows, who does not notice, and what readers see meanwhile.
 *
 * Owns: the claims about clock_settime. Relies on: guest.h, pthreads; vdk's kernel.
 * Never: sets the clock of a Linux machine. Leaves the clock as it was. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/time.h>

#include "guest.h"
#include "vdso_reader.h"

#define STEP_NS \
	(1000 * NS_PER_S + 500 * NS_PER_MS) /* half a second: a second of one time with the rest of another shows */
#define NEAR_NS (250 * NS_PER_MS)
#define STEPS 300

static int64_t offset; /* REALTIME - MONOTONIC at the start */
static struct vdso vdso;

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){ ns / NS_PER_S, ns % NS_PER_S };
}

/* Make REALTIME - MONOTONIC be `ns`, less what the setting takes; the most that it may have taken. */
static int64_t set_offset(int64_t ns)
{
	int64_t begin = raw_ns(CLOCK_MONOTONIC);
	struct timespec ts = timespec_of(begin + ns);

	if (clock_settime(CLOCK_REALTIME, &ts) != 0)
		bail("clock_settime: %s", strerror(errno));
	return raw_ns(CLOCK_MONOTONIC) - begin;
}

/* Can a - b, read once, be `ns`, or up to `less` less? */
static bool differ_by(clockid_t a, clockid_t b, int64_t ns, int64_t less)
{
	int64_t before = libc_ns(b), now = libc_ns(a), after = libc_ns(b);

	if (now - after <= ns && now - before >= ns - less)
		return true;
	diag("clock %d - clock %d: from %lld to %lld ns, want %lld to %lld", (int)a, (int)b, (long long)(now - after),
	     (long long)(now - before), (long long)(ns - less), (long long)ns);
	return false;
}

static bool bracketed(clockid_t id)
{
	int64_t before = raw_ns(id), now = libc_ns(id), after = raw_ns(id);

	return before <= now && now <= after;
}

static void step(int64_t by, const char *direction)
{
	const clockid_t unmoved[] = { CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_MONOTONIC_COARSE };
	int64_t before[LENGTH(unmoved)], tai = (libc_ns(CLOCK_TAI) - libc_ns(CLOCK_REALTIME) + NS_PER_S / 2) / NS_PER_S;
	int64_t took;
	int jumped = 0, outside = 0;

	for (size_t i = 0; i < LENGTH(unmoved); i++)
		before[i] = libc_ns(unmoved[i]);
	took = set_offset(by);
	ok(differ_by(CLOCK_REALTIME, CLOCK_MONOTONIC, by, took), "REALTIME follows a step %s at once", direction);
	ok(differ_by(CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC, by, NEAR_NS), "REALTIME_COARSE follows a step %s at once",
	   direction);
	ok(differ_by(CLOCK_TAI, CLOCK_REALTIME, tai * NS_PER_S, 0), "TAI follows a step %s at once", direction);
	for (size_t i = 0; i < LENGTH(unmoved); i++) {
		int64_t now = libc_ns(unmoved[i]);

		jumped += now < before[i] || now - before[i] > 100 * NS_PER_S;
	}
	is_int(jumped, 0, "MONOTONIC, MONOTONIC_RAW, BOOTTIME and MONOTONIC_COARSE do not notice a step %s", direction);
	for (size_t c = 0; c < CLOCKS; c++)
		outside += !bracketed(clocks[c].id);
	is_int(outside, 0, "after a step %s all clocks lie between two system calls", direction);
}

/* Anywhere between two ticks, a step takes effect at once and exactly. */
static void steps_are_exact(void)
{
	int wrong = 0;

	for (int i = 0; i < STEPS; i++) {
		int64_t target = offset + i * NS_PER_MS, took = set_offset(target);

		wrong += !differ_by(CLOCK_REALTIME, CLOCK_MONOTONIC, target, took);
		usleep(700);
	}
	is_int(wrong, 0, "REALTIME is what it was set to, whenever that was");
}

/* Let seconds begin at other moments than ticks do. */
static void time_follows(void)
{
	time_t (*vdso_time)(time_t *) = (time_t(*)(time_t *))vdso_function(&vdso, VDSO_PREFIX "time");
	unsigned int wrong = 0, seconds = 0;

	if (!vdso_time)
		return;
	for (int i = 0; i < 20; i++) {
		struct timespec ts = { 2000000000, 998 * NS_PER_MS + i * 100000 };
		time_t last = 0;

		clock_settime(CLOCK_REALTIME, &ts);
		for (int64_t end = libc_ns(CLOCK_MONOTONIC) + 12 * NS_PER_MS; libc_ns(CLOCK_MONOTONIC) < end; ) {
			time_t before = raw_ns(CLOCK_REALTIME_COARSE) / NS_PER_S, now = vdso_time(NULL);
			time_t after = raw_ns(CLOCK_REALTIME_COARSE) / NS_PER_S;

			wrong += now < before || now > after;
			seconds += last && now != last;
			last = now;
		}
	}
	set_offset(offset);
	ok(wrong == 0 && seconds >= 10, "time is REALTIME_COARSE's second also between its beginning and a tick");
	diag("%u beginnings of a second, %u readings wrong", seconds, wrong);
}

static volatile bool stop;
static int64_t most_late; /* by how much a reading lies behind the time that was set, at most */

/* Each reading of REALTIME belongs to one of the two times that the clock is set to in turn, less what the setting took. */
static void *read_meanwhile(void *arg)
{
	long wrong = 0;

	while (!stop) {
		int64_t before = libc_ns(CLOCK_MONOTONIC), now = libc_ns(CLOCK_REALTIME),
			after = libc_ns(CLOCK_MONOTONIC);
		int64_t set = now - after <= offset ? offset : offset + STEP_NS, late = set - (now - before);

		wrong += now - after > set || after < before;
		most_late = late > most_late ? late : most_late;
		++*(unsigned long *)arg;
	}
	return (void *)wrong;
}

static void readers_see_one_time_or_the_other(void)
{
	unsigned long readings = 0;
	int64_t most = set_offset(offset);
	pthread_t reader;
	void *wrong;

	pthread_create(&reader, NULL, read_meanwhile, &readings);
	for (int i = 0; i < STEPS; i++) {
		int64_t took = set_offset(offset + (i % 2 ? 0 : STEP_NS));

		most = took > most ? took : most;
		usleep(1000);
	}
	stop = true;
	pthread_join(reader, &wrong);
	set_offset(offset);
	ok(readings > 0 && (long)wrong == 0 && most_late <= most && most < STEP_NS / 2,
	   "a reader meanwhile sees one time or the other, nothing between");
	diag("%lu readings during %d steps, %ld wrong; up to %lld of %lld us late", readings, STEPS, (long)wrong,
	     (long long)most_late / 1000, (long long)most / 1000);
}

static void *sleep_until(void *arg)
{
	return (void *)(long)clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, arg, NULL);
}

static void sleepers_follow(void)
{
	struct timespec until = timespec_of(raw_ns(CLOCK_REALTIME) + 500 * NS_PER_S);
	int64_t begin = raw_ns(CLOCK_MONOTONIC);
	pthread_t sleeper;
	void *error;

	pthread_create(&sleeper, NULL, sleep_until, &until);
	usleep(50000);
	set_offset(offset + STEP_NS);
	pthread_join(sleeper, &error);
	ok(!error && raw_ns(CLOCK_MONOTONIC) - begin < 400 * NS_PER_S,
	   "a sleep until a time ends when the clock is set past it");
	set_offset(offset);
}

static int set_without_right(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (setuid(1000) != 0)
		return 2;
	return clock_settime(CLOCK_REALTIME, &ts) == -1 && errno == EPERM ? 0 : 1;
}

static void bad_requests_are_refused(void)
{
	struct timespec good = timespec_of(raw_ns(CLOCK_REALTIME)), bad[] = { { 1, NS_PER_S }, { 1, -1 }, { -1, 0 },
		{ 0, 0 } /* before MONOTONIC */, { 8277292036l, 0 }, { 9223372037l, 0 }, { INT64_MAX, 0 } };

	for (size_t i = 0; i < LENGTH(bad); i++)
		ok(clock_settime(CLOCK_REALTIME, &bad[i]) == -1 && errno == EINVAL, "setting %ld s, %ld ns is EINVAL",
		   (long)bad[i].tv_sec, bad[i].tv_nsec);
	for (size_t c = 1; c < CLOCKS; c++)
		ok(clock_settime(clocks[c].id, &good) == -1 && errno == EINVAL, "setting %s is EINVAL", clocks[c].name);
	ok(syscall(SYS_clock_settime, CLOCK_REALTIME, -4096l) == -1 && errno == EFAULT, "a bad pointer is EFAULT");
	is_int(in_child(set_without_right), 0, "setting the clock is EPERM for others than root");
	ok(differ_by(CLOCK_REALTIME, CLOCK_MONOTONIC, offset, NEAR_NS), "refused requests do not set the clock");
}

static void time_zone_follows(void)
{
	struct timezone zone = { -60, 1 }, by_call = { 0, 0 }, by_vdso = { 0, 0 }, utc = { 0, 0 };
	int (*vdso_gettimeofday)(struct timeval *, struct timezone *) =
		(int (*)(struct timeval *, struct timezone *))vdso_function(&vdso, VDSO_PREFIX "gettimeofday");

	ok(syscall(SYS_settimeofday, NULL, &zone) == 0 && syscall(SYS_gettimeofday, NULL, &by_call) == 0 &&
	   memcmp(&by_call, &zone, sizeof(zone)) == 0, "settimeofday sets the time zone");
	ok(vdso_gettimeofday(NULL, &by_vdso) == 0 && memcmp(&by_vdso, &zone, sizeof(zone)) == 0,
	   "settimeofday sets the vDSO's time zone at once");
	syscall(SYS_settimeofday, NULL, &utc);
}

int main(void)
{
	if (calls_made("read") < 0)
		skip_all("this is not vdk's kernel, and its clock is not ours to set");
	if (!vdso_read(&vdso, (const void *)getauxval(AT_SYSINFO_EHDR)))
		bail("there is no vDSO");
	offset = raw_ns(CLOCK_REALTIME) - raw_ns(CLOCK_MONOTONIC);
	step(offset + STEP_NS, "forward");
	step(offset, "back");
	steps_are_exact();
	time_follows();
	readers_see_one_time_or_the_other();
	sleepers_follow();
	bad_requests_are_refused();
	time_zone_follows();
	return done();
}
