/* SPDX-License-Identifier: MIT */
/* adjtimex and clock_adjtime: what they answer, what they refuse, and what they do to the clocks.
 *
 * Owns: the claims about them. Relies on: discipline.h, pthreads.
 * Never: sets the clock of a Linux machine, unless its argument is --set. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/time.h>

#include "discipline.h"

#define US 1000ll
#define PPM 65536
#define BAD ((void *)-4096l)

static int64_t distance(int64_t ns)
{
	return ns < 0 ? -ns : ns;
}

static int by_id(clockid_t id, struct vdk_timex *tx)
{
	return (int)syscall(SYS_clock_adjtime, id, tx);
}

/* --- Anywhere --- */

static void answers_are_whole(void)
{
	struct vdk_timex tx, other = { 0 };
	struct timespec ts;
	int64_t before, now, after;
	int state, kept = 0;

	memset(&tx, 0x5a, sizeof(tx));
	tx.modes = 0;
	before = raw_ns(CLOCK_REALTIME);
	state = adjust(&tx);
	after = raw_ns(CLOCK_REALTIME);
	now = tx.time.tv_sec * NS_PER_S + tx.time.tv_usec * (tx.status & VDK_STA_NANO ? 1 : US);
	ok(state >= VDK_TIME_OK && state <= VDK_TIME_ERROR, "adjtimex returns a state");
	ok((state == VDK_TIME_ERROR) == !!(tx.status & (VDK_STA_UNSYNC | VDK_STA_CLOCKERR)),
	   "the state is TIME_ERROR without synchronisation");
	ok(before - US < now && now <= after, "its time is REALTIME");
	ok(tx.tick >= 9000 && tx.tick <= 11000 && tx.precision == 1 && tx.tolerance == 500 * PPM,
	   "tick, precision, tolerance");
	ok(tx.freq >= -500 * PPM && tx.freq <= 500 * PPM && tx.constant >= 0 && tx.constant <= 10,
	   "frequency, time constant");
	ok(tx.maxerror >= 0 && tx.maxerror <= 16000000 && tx.esterror >= 0 && tx.esterror <= 16000000, "errors");
	clock_gettime(CLOCK_TAI, &ts);
	ok(ts.tv_sec - tx.time.tv_sec - tx.tai <= 1 && ts.tv_sec - tx.time.tv_sec >= tx.tai,
	   "its offset of TAI is that of CLOCK_TAI");
	for (size_t i = 0; i < LENGTH(tx.reserved); i++)
		kept += tx.reserved[i] == 0x5a5a5a5a;
	is_int(kept, LENGTH(tx.reserved), "what is reserved stays as it is");
	is_int(by_id(CLOCK_REALTIME, &other), state, "clock_adjtime(CLOCK_REALTIME) is adjtimex");
	ok(other.status == tx.status && other.freq == tx.freq && other.tick == tx.tick, "with the same answer");
}

static void errors_are_linux_s(void)
{
	static const clockid_t no_adjustment[] = { CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI, CLOCK_PROCESS_CPUTIME_ID };
	static const clockid_t unknown[] = { 10, 12, 99 };
	struct vdk_timex tx = { 0 };
	int wrong = 0;

	for (size_t i = 0; i < LENGTH(no_adjustment); i++)
		wrong += by_id(no_adjustment[i], &tx) != -1 || errno != EOPNOTSUPP;
	is_int(wrong, 0, "clocks that can't be adjusted are EOPNOTSUPP");
	for (size_t i = 0; i < LENGTH(unknown); i++)
		wrong += by_id(unknown[i], &tx) != -1 || errno != EINVAL;
	is_int(wrong, 0, "clocks that there are not are EINVAL");
	ok(adjust(BAD) == -1 && errno == EFAULT, "a bad pointer is EFAULT");
	ok(by_id(CLOCK_REALTIME, BAD) == -1 && errno == EFAULT, "a bad pointer is EFAULT, for clock_adjtime");
	ok(by_id(99, BAD) == -1 && errno == EFAULT, "the pointer is looked at before the clock");
}

struct refusal { uint32_t modes; int error; };

static int refused(const struct refusal *r, size_t count, struct vdk_timex from)
{
	int wrong = 0;

	for (size_t i = 0; i < count; i++) {
		struct vdk_timex tx = from;
		int rc;

		tx.modes = r[i].modes;
		errno = 0;
		rc = adjust(&tx);
		if (r[i].error ? rc != -1 || errno != r[i].error : rc < 0) {
			diag("modes 0x%x, tick %lld, %lld s %lld: %d, %s", (unsigned int)r[i].modes,
			     (long long)from.tick, (long long)from.time.tv_sec, (long long)from.time.tv_usec, rc,
			     strerror(errno));
			wrong++;
		}
	}
	return wrong;
}

/* Nothing here can change a clock: it has no right to. */
static int without_right(void)
{
	static const struct refusal requests[] = {
		{ VDK_ADJ_OFFSET, EPERM }, { VDK_ADJ_FREQUENCY, EPERM }, { VDK_ADJ_MAXERROR, EPERM },
		{ VDK_ADJ_ESTERROR, EPERM }, { VDK_ADJ_STATUS, EPERM }, { VDK_ADJ_TIMECONST, EPERM },
		{ VDK_ADJ_TAI, EPERM }, { VDK_ADJ_SETOFFSET, EPERM }, { VDK_ADJ_MICRO, EPERM },
		{ VDK_ADJ_NANO, EPERM }, { VDK_ADJ_TICK, EPERM }, { 0x40, EPERM }, { 0x100000, EPERM },
		{ VDK_ADJ_OFFSET_SINGLESHOT, EPERM }, { VDK_ADJ_OFFSET_SINGLESHOT | VDK_ADJ_FREQUENCY, EPERM },
		{ VDK_ADJ_OFFSET_SS_READ | VDK_ADJ_SETOFFSET, EPERM },
		{ 0, 0 }, { VDK_ADJ_OFFSET_SS_READ, 0 },
		{ 0x8000, EINVAL }, { 0xa000, EINVAL }, { 0x8000 | VDK_ADJ_FREQUENCY, EINVAL },
	};

	if (geteuid() == 0 && setuid(1000) != 0)
		return 2;
	return refused(requests, LENGTH(requests), (struct vdk_timex){ .tick = 5 });
}

/* --- Where the clock is ours --- */

static void bad_requests_are_refused(void)
{
	static const struct refusal tick[] = { { VDK_ADJ_TICK, EINVAL }, { VDK_ADJ_TICK | VDK_ADJ_STATUS, EINVAL } };
	static const struct refusal micro[] = { { VDK_ADJ_SETOFFSET, EINVAL } };
	static const struct refusal nano[] = { { VDK_ADJ_SETOFFSET | VDK_ADJ_NANO, EINVAL } };
	static const struct refusal freq[] = { { VDK_ADJ_FREQUENCY, EINVAL } };
	static const struct refusal single[] = {
		{ 0x8000, EINVAL }, { 0x8000 | VDK_ADJ_FREQUENCY, EINVAL }, { 0xa000, EINVAL },
	};
	static const int64_t bad_tick[] = { 8999, 11001, 0, -10000, INT64_MAX, INT64_MIN };
	static const int64_t bad_part[] = { -1, 1000000, INT64_MAX, INT64_MIN };
	static const int64_t bad_second[] = { -4000000000ll, -9000000000ll, INT64_MIN, INT64_MAX, 8277292036ll,
		9300000000ll };
	struct vdk_timex before = query(), after;
	int64_t offset = raw_ns(CLOCK_REALTIME) - raw_ns(CLOCK_MONOTONIC);
	int wrong = 0;

	for (size_t i = 0; i < LENGTH(bad_tick); i++)
		wrong += refused(tick, LENGTH(tick), (struct vdk_timex){ .tick = bad_tick[i], .status = 1 });
	is_int(wrong, 0, "a tick beyond 10 %% is EINVAL");
	for (size_t i = 0; i < LENGTH(bad_part); i++) {
		wrong += refused(micro, 1, (struct vdk_timex){ .time = { 0, bad_part[i] } });
		wrong += refused(nano, 1, (struct vdk_timex){
			.time.tv_usec = bad_part[i] > 0 ? NS_PER_S : bad_part[i] });
	}
	is_int(wrong, 0, "an offset whose part of a second is not one is EINVAL");
	for (size_t i = 0; i < LENGTH(bad_second); i++) {
		wrong += refused(micro, 1, (struct vdk_timex){ .time = { bad_second[i], 0 } });
		wrong += refused(nano, 1, (struct vdk_timex){ .time = { bad_second[i], 0 } });
	}
	wrong += refused(micro, 1, (struct vdk_timex){ .time = { -offset / NS_PER_S - 1, 0 } });
	is_int(wrong, 0, "an offset to before MONOTONIC, before 1970 or after 2232 is EINVAL");
	wrong += refused(freq, 1, (struct vdk_timex){ .freq = INT64_MAX / 65536000 + 1 });
	wrong += refused(freq, 1, (struct vdk_timex){ .freq = INT64_MIN });
	is_int(wrong, 0, "a frequency that overflows is EINVAL");
	is_int(refused(single, LENGTH(single), (struct vdk_timex){ 0 }), 0, "half a mode of adjtime is EINVAL");
	after = query();
	before.time = after.time;
	before.maxerror = after.maxerror;
	ok(memcmp(&before, &after, sizeof(after)) == 0, "refused requests change nothing");
}

static void requests_are_kept(void)
{
	struct vdk_timex tx;

	reset();
	tx = request((struct vdk_timex){
		.modes = VDK_ADJ_STATUS | VDK_ADJ_NANO | VDK_ADJ_TIMECONST | VDK_ADJ_MAXERROR | VDK_ADJ_ESTERROR,
		.status = VDK_STA_PLL | VDK_STA_FREQHOLD | 0xff00, .constant = 3, .maxerror = 1234, .esterror = 567 });
	is_int(tx.status, VDK_STA_PLL | VDK_STA_FREQHOLD | VDK_STA_NANO, "ADJ_STATUS sets what can be set");
	ok(tx.constant == 3 && tx.maxerror == 1234 && tx.esterror == 567, "ADJ_TIMECONST, ADJ_MAXERROR, ADJ_ESTERROR");
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_OFFSET, .offset = -123456789 });
	ok(tx.offset >= -123456789 && tx.offset <= -123456788, "ADJ_OFFSET in nanoseconds"); /* Linux rounds */
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_OFFSET, .offset = 700000000 });
	is_int(tx.offset, 500000000, "ADJ_OFFSET goes to half a second");
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_MICRO | VDK_ADJ_TIMECONST, .constant = 2 });
	ok(tx.offset == 500000 && tx.constant == 6 && !(tx.status & VDK_STA_NANO),
	   "ADJ_MICRO: another unit, also of the time constant");
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_TIMECONST, .constant = 77 });
	is_int(tx.constant, 10, "the time constant goes to 10");
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_FREQUENCY, .freq = 12345678 });
	is_int(tx.freq, 12345678, "ADJ_FREQUENCY");
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_FREQUENCY, .freq = -600 * PPM });
	is_int(tx.freq, -500 * PPM, "ADJ_FREQUENCY goes to 500 ppm");
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_TICK, .tick = 11000 });
	is_int(tx.tick, 11000, "ADJ_TICK");
	request((struct vdk_timex){ .modes = VDK_ADJ_OFFSET_SINGLESHOT, .offset = 5555 });
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_OFFSET_SINGLESHOT, .offset = -77 });
	is_int(tx.offset, 5555, "ADJ_OFFSET_SINGLESHOT says what was left");
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_OFFSET_SS_READ, .offset = 1 });
	is_int(tx.offset, -77, "ADJ_OFFSET_SS_READ asks");
	set_wall(raw_ns(CLOCK_REALTIME));
	tx = query();
	ok(tx.offset == 0 && tx.maxerror == 16000000 && tx.esterror == 16000000 && tx.status & VDK_STA_UNSYNC &&
	   tx.tick == 11000,
	   "setting the clock ends what is under way");
	is_int(request((struct vdk_timex){ .modes = VDK_ADJ_OFFSET_SS_READ }).offset, 0, "... adjtime too");
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_STATUS | VDK_ADJ_MAXERROR | VDK_ADJ_ESTERROR,
		.maxerror = -5, .esterror = 99999999 });
	ok(tx.status == 0 && tx.maxerror == 0 && tx.esterror == 16000000, "errors go from 0 to 16 s");
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_OFFSET, .offset = 5000 });
	is_int(tx.offset, 0, "without STA_PLL there is no offset");
	tx = request((struct vdk_timex){ .modes = VDK_ADJ_TAI, .constant = 37 });
	ok(tx.tai == 37 && libc_ns(CLOCK_TAI) - libc_ns(CLOCK_REALTIME) >= 37 * NS_PER_S - 100 * NS_PER_MS,
	   "ADJ_TAI sets CLOCK_TAI");
	request((struct vdk_timex){ .modes = VDK_ADJ_TAI });
}

/* A clock, and RAW at the same moment, read together as well as it goes. */
struct moment {
	int64_t raw, ahead; /* ns, and how far the clock is ahead of it */
};

static struct moment read_with_raw(clockid_t id)
{
	int64_t best = INT64_MAX;
	struct moment m = { 0, 0 };

	for (int i = 0; i < 50; i++) {
		int64_t begin = libc_ns(CLOCK_MONOTONIC_RAW), now = libc_ns(id), end = libc_ns(CLOCK_MONOTONIC_RAW);

		if (end - begin < best) {
			best = end - begin;
			m = (struct moment){ begin + best / 2, now - begin - best / 2 };
		}
	}
	return m;
}

static int64_t ahead(clockid_t id)
{
	return read_with_raw(id).ahead;
}

/* Has the clock gone at that rate since `before`? */
static bool went(clockid_t id, struct moment before, int64_t freq, int64_t tick)
{
	struct moment now = read_with_raw(id);
	int64_t passed = now.raw - before.raw, got = now.ahead - before.ahead;
	int64_t want = passed / 10000 * (tick - 10000) + passed / 1000000 * freq / PPM;

	diag("clock %d: %lld ns more than RAW in %lld, want %lld", (int)id, (long long)got, (long long)passed, (long long)want);
	return distance(got - want) < 4 * US + distance(want) / 50;
}

static void rate_is(int64_t freq, int64_t tick, const char *name)
{
	struct moment real, mono;
	bool good;

	request((struct vdk_timex){ .modes = VDK_ADJ_FREQUENCY | VDK_ADJ_TICK, .freq = freq, .tick = tick });
	real = read_with_raw(CLOCK_REALTIME), mono = read_with_raw(CLOCK_MONOTONIC);
	usleep(50000);
	good = went(CLOCK_REALTIME, real, freq, tick);
	ok(went(CLOCK_MONOTONIC, mono, freq, tick) && good, "%s", name);
}

static void rates_are_met(void)
{
	reset();
	rate_is(500 * PPM, 10000, "a frequency of +500 ppm is met");
	rate_is(-500 * PPM, 10000, "a frequency of -500 ppm is met");
	rate_is(0, 11000, "a tick of 11000 is met");
	rate_is(-100 * PPM, 9000, "tick and frequency add up");
	reset();
}

/* adjtime(): 500 us per second. The second begins soon after it was asked for. Again if the machine did not let the
 * kernel run when the next one began: it slews for too long then, and takes a second to make up for it. */
static void adjtime_slews(void)
{
	int64_t mono = 0, real = 0;

	for (int tries = 0; tries < 5 && distance(real + 300 * US) >= 30 * US; tries++) {
		reset();
		set_wall((raw_ns(CLOCK_REALTIME) / NS_PER_S + 1) * NS_PER_S + 950 * NS_PER_MS);
		mono = ahead(CLOCK_MONOTONIC), real = ahead(CLOCK_REALTIME);
		request((struct vdk_timex){ .modes = VDK_ADJ_OFFSET_SINGLESHOT, .offset = -300 });
		usleep(1100000);
		mono = ahead(CLOCK_MONOTONIC) - mono, real = ahead(CLOCK_REALTIME) - real;
	}
	ok(distance(real + 300 * US) < 30 * US && distance(real - mono) < 4 * US, "adjtime() slews 300 us in a second");
	reset();
}

static void offsets_step(void)
{
	struct timespec until;
	int64_t before, after, begin, tai;
	pthread_t sleeper;
	void *error;
	int fd;

	reset();
	tai = libc_ns(CLOCK_TAI) - libc_ns(CLOCK_REALTIME);
	fd = watcher();
	ok(!cancelled(fd), "nobody has set the clock");
	before = ahead(CLOCK_REALTIME);
	until = (struct timespec){ libc_ns(CLOCK_REALTIME) / NS_PER_S + 500, 0 };
	begin = libc_ns(CLOCK_MONOTONIC);
	pthread_create(&sleeper, NULL, sleep_until, &until);
	usleep(20000);
	request((struct vdk_timex){ .modes = VDK_ADJ_SETOFFSET, .time = { 1000, 999999 } });
	after = ahead(CLOCK_REALTIME);
	ok(distance(after - before - 1000999999000ll) < 3 * US, "ADJ_SETOFFSET steps REALTIME by microseconds");
	pthread_join(sleeper, &error);
	ok(!error && libc_ns(CLOCK_MONOTONIC) - begin < 400 * NS_PER_S, "a sleep until a time ends");
	ok(cancelled(fd) && !cancelled(fd), "TFD_TIMER_CANCEL_ON_SET is told, once");
	request((struct vdk_timex){ .modes = VDK_ADJ_SETOFFSET | VDK_ADJ_NANO, .time = { -1001, 1 } });
	ok(distance(ahead(CLOCK_REALTIME) - after + 1000999999999ll) < 3 * US, "ADJ_NANO: by nanoseconds, back");
	ok(distance(libc_ns(CLOCK_TAI) - libc_ns(CLOCK_REALTIME) - tai) < NS_PER_MS, "TAI goes along");
	close(fd);
	reset();
}

int main(int argc, char **argv)
{
	answers_are_whole();
	errors_are_linux_s();
	is_int(in_child(without_right), 0,
	       "without the right to, nothing changes: EPERM, but EINVAL first for half a mode");
	if (!clock_is_ours(argc, argv)) {
		skip("this is not vdk's kernel, and its clock is not ours to set", "what sets the clock");
		return done();
	}
	bad_requests_are_refused();
	requests_are_kept();
	rates_are_met();
	adjtime_slews();
	offsets_step();
	return done();
}
