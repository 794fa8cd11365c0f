/* SPDX-License-Identifier: MIT */
/* kit/time's watchdog: each wrong counter is found, and no right one is accused, whatever comes in between. */
#include "counters.h"

#define MS ((wide)1000000 * AS_PER_NS)
#define YEAR_NS (31556952ull * 1000000000)
#define NOBODY_KNOWS UINT64_MAX
#define TEN_MINUTES_NS (600ull * 1000000000)

static struct vdk_watchdog dog;
static struct vdk_watchdog_result found;

/* What a kernel may have to watch a TSC of 2.5 GHz by: HPET, PM timers, and a PIT whose wraps are counted. */
static const struct {
	uint64_t hz;
	unsigned int width;
} references[] = { { 100000000, 64 }, { 14318180, 32 }, { 3579545, 32 }, { 3579545, 24 }, { 1193182, 64 } };
#define REFERENCES (sizeof(references) / sizeof(references[0]))

static void start(unsigned int reference)
{
	real = 0;
	read_cost_ns = interrupted = 0;
	make(0, 2500000000u, 64, VDK_MODE_COUNTER);
	make(1, references[reference].hz, references[reference].width, VDK_MODE_SYSCALL);
	read_cost_ns = 1500;
	real += MS;
	assert_int_equal(vdk_watchdog_start(&dog, &fake[0].cs, &fake[1].cs), 0);
}

static enum vdk_watchdog_verdict check_after(wide pause, uint64_t longest_ns)
{
	real += pause;
	return vdk_watchdog_check(&dog, longest_ns, &found);
}

static void near(int64_t got, int64_t want, int64_t within)
{
	if (got < want - within || got > want + within)
		diag("%lld is not %lld +- %lld", (long long)got, (long long)want, (long long)within);
	assert_true(got >= want - within && got <= want + within);
}

/* Counters of any width, each up to 240 ppm off, checks after anything from nothing to a day, some of them interrupted
 * for up to 100 ms in the middle; the bound true, too great, or unknown. */
static void a_right_counter_is_never_accused(void)
{
	static const unsigned int interruptions[] = { 0, 20, 3, 1 };
	unsigned int fine = 0;

	for (int history = 0; history < 3000; history++) {
		unsigned int width = (unsigned int)random_between(32, 64);

		start((unsigned int)(random_word() % REFERENCES));
		if (history & 1)
			make(0, random_between(10000000, 5000000000u), width, VDK_MODE_SYSCALL);
		fake[0].ppm = (int64_t)random_between(0, 480) - 240;
		fake[1].ppm = (int64_t)random_between(0, 480) - 240;
		fake[0].wobble = random_word() % 2;
		read_cost_ns = random_bits(13);
		interrupted = interruptions[random_word() % 4];
		interruption_ns = random_bits(27);
		assert_int_equal(vdk_watchdog_start(&dog, &fake[0].cs, &fake[1].cs), 0);
		for (int i = 0; i < 30; i++) {
			wide from = real, pause = (wide)(random_word() % 4 ? 500000000 : random_bits(46)) * AS_PER_NS;
			uint64_t longest = (uint64_t)(pause / AS_PER_NS) + 16 * (interruption_ns + 2 * read_cost_ns) + 1000;
			enum vdk_watchdog_verdict verdict;

			longest = random_word() & 1 ? NOBODY_KNOWS : longest + random_bits(40);
			verdict = check_after(pause, longest);
			if (verdict == VDK_WATCHDOG_UNSTABLE)
				diag("after %llu ns: %lld ns", (unsigned long long)((real - from) / AS_PER_NS), (long long)found.skew_ns);
			assert_true(verdict != VDK_WATCHDOG_UNSTABLE);
			fine += verdict == VDK_WATCHDOG_FINE;
		}
	}
	assert_true(fine > 30000);
}

static void an_ordinary_check_says_fine(void)
{
	for (unsigned int r = 0; r < REFERENCES; r++) {
		start(r);
		for (int i = 0; i < 100; i++) {
			assert_int_equal(check_after(500 * MS, i & 1 ? NOBODY_KNOWS : TEN_MINUTES_NS), VDK_WATCHDOG_FINE);
			near((int64_t)found.interval_ns, 500000000, 50000);
			near(found.skew_ns, 0, 20000);
		}
	}
}

static void a_rate_1000_ppm_off_is_found_in_half_a_second(void)
{
	for (int i = 0; i < 4000; i++) {
		start((unsigned int)i % REFERENCES);
		read_cost_ns = 50 + random_bits(14);
		for (int c = (int)(random_word() % 3); c >= 0; c--)
			check_after(500 * MS, TEN_MINUTES_NS);
		real += (wide)random_bits(30) * AS_PER_NS;
		fake[0].ppm = i & 1 ? 1000 : -1000;
		assert_int_equal(vdk_watchdog_start(&dog, &fake[0].cs, &fake[1].cs), 0);
		assert_int_equal(check_after(501 * MS, i & 2 ? TEN_MINUTES_NS : NOBODY_KNOWS), VDK_WATCHDOG_UNSTABLE);
		near(found.skew_ppm, fake[0].ppm, 250);
		near(found.skew_ns, fake[0].ppm * 500, 125000);
	}
}

static void a_counter_that_stops_is_found(void)
{
	for (unsigned int r = 0; r < REFERENCES; r++) {
		start(r);
		assert_int_equal(check_after(500 * MS, TEN_MINUTES_NS), VDK_WATCHDOG_FINE);
		fake[0].stopped = true;
		assert_int_equal(check_after(500 * MS, TEN_MINUTES_NS), VDK_WATCHDOG_UNSTABLE);
		near(found.skew_ns, -500000000, 20000);
		near(found.skew_ppm, -1000000, 100);
	}
}

/* By half its range, and by a second. */
static void a_counter_that_goes_back_is_found(void)
{
	static const uint64_t back[] = { 1ull << 63, 2500000000u, 2500000 };

	for (unsigned int r = 0; r < REFERENCES; r++)
		for (unsigned int i = 0; i < 3; i++) {
			start(r);
			assert_int_equal(check_after(500 * MS, TEN_MINUTES_NS), VDK_WATCHDOG_FINE);
			fake[0].offset -= back[i];
			assert_int_equal(check_after(500 * MS, i & 1 ? TEN_MINUTES_NS : NOBODY_KNOWS), VDK_WATCHDOG_UNSTABLE);
			assert_true(found.skew_ns < 0);
			if (i)
				near(found.skew_ns, -(int64_t)(back[i] * 2 / 5), 20000);
		}
}

static void one_count_back_now_and_then_is_not_wrong(void)
{
	for (unsigned int r = 0; r < REFERENCES; r++) {
		start(r);
		fake[0].wobble = 1;
		for (int i = 0; i < 100; i++)
			assert_int_equal(check_after(500 * MS, TEN_MINUTES_NS), VDK_WATCHDOG_FINE);
	}
}

/* By an hour, ten years, and nearly half its range: by the bound also where the reference wraps in seconds. */
static void a_counter_that_jumps_ahead_is_found(void)
{
	const uint64_t jump_ns[] = { 1000000, 3600000000000u, 10 * YEAR_NS, 110 * YEAR_NS };

	for (unsigned int r = 0; r < REFERENCES; r++)
		for (unsigned int i = 0; i < 4; i++) {
			start(r);
			assert_int_equal(check_after(500 * MS, TEN_MINUTES_NS), VDK_WATCHDOG_FINE);
			fake[0].offset += jump_ns[i] / 2 * 5;
			assert_int_equal(check_after(500 * MS, TEN_MINUTES_NS), VDK_WATCHDOG_UNSTABLE);
			near(found.skew_ns, (int64_t)jump_ns[i], 20000);
			assert_true(i < 2 || found.skew_ppm > 1000000);
		}
}

/* A reference of 24 bits wraps in 4.7 s. If nobody knows how long it was, ten years more on the counter may be a check
 * ten years late. */
static void an_interval_too_long_for_the_reference_is_no_accusation(void)
{
	start(3);
	assert_int_equal(check_after(500 * MS, NOBODY_KNOWS), VDK_WATCHDOG_FINE);
	fake[0].offset += 10 * YEAR_NS / 2 * 5;
	assert_int_equal(check_after(500 * MS, NOBODY_KNOWS), VDK_WATCHDOG_UNSURE);
	assert_int_equal(check_after(500 * MS, NOBODY_KNOWS), VDK_WATCHDOG_FINE);
	real += (wide)10 * YEAR_NS * AS_PER_NS;
	assert_int_equal(check_after(500 * MS, NOBODY_KNOWS), VDK_WATCHDOG_UNSURE);
	/* Late by a few wraps: which ones, the counter says, if it is right. */
	assert_int_equal(check_after(60000 * MS, NOBODY_KNOWS), VDK_WATCHDOG_FINE);
	near((int64_t)found.interval_ns, 60000000000, 100000);
	fake[0].ppm = 1000;
	assert_int_equal(vdk_watchdog_start(&dog, &fake[0].cs, &fake[1].cs), 0);
	assert_int_equal(check_after(60000 * MS, NOBODY_KNOWS), VDK_WATCHDOG_UNSTABLE);
	assert_true(found.skew_ns > 0);
}

/* A counter of 32 bits by one of 24: after both may have wrapped, nothing can be told. */
static void two_counters_that_both_may_have_wrapped_tell_nothing(void)
{
	start(3);
	make(0, 100000000, 32, VDK_MODE_SYSCALL);
	assert_int_equal(vdk_watchdog_start(&dog, &fake[0].cs, &fake[1].cs), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(check_after(500 * MS, 1000000000), VDK_WATCHDOG_FINE);
	assert_int_equal(check_after(60000 * MS, TEN_MINUTES_NS), VDK_WATCHDOG_UNSURE);
	fake[0].stopped = true;
	assert_int_equal(check_after(500 * MS, 1000000000), VDK_WATCHDOG_UNSTABLE);
}

/* Every try is interrupted for 10 ms: a right counter is not accused, and found right when there is calm again; a wrong
 * one is found as far as it is wrong by more than that. */
static void an_interrupted_check_accuses_nobody(void)
{
	for (unsigned int r = 0; r < REFERENCES; r++) {
		start(r);
		interruption_ns = 10000000, interrupted = 1;
		for (int i = 0; i < 10; i++)
			assert_int_equal(check_after(100 * MS, 1000000000), VDK_WATCHDOG_UNSURE);
		interrupted = 0;
		assert_int_equal(check_after(100 * MS, 1000000000), VDK_WATCHDOG_FINE);
		interrupted = 1;
		fake[0].offset += 250000000; /* 100 ms */
		assert_int_equal(check_after(100 * MS, 1000000000), VDK_WATCHDOG_UNSTABLE);
		near(found.skew_ns, 100000000, 20000000);
		/* Two of three readings are interrupted, now and then all: tries that are not are enough. */
		start(r);
		interruption_ns = 10000000, interrupted = 2;
		for (int i = 0; i < 100; i++)
			assert_true(check_after(500 * MS, 10000000000) != VDK_WATCHDOG_UNSTABLE);
	}
}

static void a_reference_that_stops_accuses_nobody(void)
{
	for (unsigned int r = 0; r < REFERENCES; r++) {
		start(r);
		assert_int_equal(check_after(500 * MS, TEN_MINUTES_NS), VDK_WATCHDOG_FINE);
		real += 200 * MS;
		read_fake(&fake[1].cs); /* stops between two checks */
		fake[1].stopped = true;
		for (int i = 0; i < 10; i++)
			assert_int_equal(check_after(500 * MS, TEN_MINUTES_NS), VDK_WATCHDOG_UNSURE);
	}
}

static void bad_counters_are_refused(void)
{
	struct fake good;

	start(0);
	good = fake[0];
	assert_int_equal(vdk_watchdog_start(&dog, &fake[0].cs, &fake[0].cs), -VDK_EINVAL);
	fake[0].cs.hz = 0;
	assert_int_equal(vdk_watchdog_start(&dog, &fake[0].cs, &fake[1].cs), -VDK_EINVAL);
	assert_int_equal(vdk_watchdog_start(&dog, &fake[1].cs, &fake[0].cs), -VDK_EINVAL);
	fake[0] = good, fake[0].cs.width = 65;
	assert_int_equal(vdk_watchdog_start(&dog, &fake[0].cs, &fake[1].cs), -VDK_EINVAL);
	fake[0] = good, fake[0].cs.read = NULL;
	assert_int_equal(vdk_watchdog_start(&dog, &fake[1].cs, &fake[0].cs), -VDK_EINVAL);
}

static const struct unit_test tests[] = {
	UNIT_TEST(an_ordinary_check_says_fine),
	UNIT_TEST(a_right_counter_is_never_accused),
	UNIT_TEST(a_rate_1000_ppm_off_is_found_in_half_a_second),
	UNIT_TEST(a_counter_that_stops_is_found),
	UNIT_TEST(a_counter_that_goes_back_is_found),
	UNIT_TEST(one_count_back_now_and_then_is_not_wrong),
	UNIT_TEST(a_counter_that_jumps_ahead_is_found),
	UNIT_TEST(an_interval_too_long_for_the_reference_is_no_accusation),
	UNIT_TEST(two_counters_that_both_may_have_wrapped_tell_nothing),
	UNIT_TEST(an_interrupted_check_accuses_nobody),
	UNIT_TEST(a_reference_that_stops_accuses_nobody),
	UNIT_TEST(bad_counters_are_refused),
};
RUN(tests)
