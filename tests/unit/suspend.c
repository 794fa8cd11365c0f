/* SPDX-License-Identifier: MIT */
/* kit/time/suspend.c: MONOTONIC and RAW stand, BOOTTIME and REALTIME go on, by whichever clock knows how long it was. */
#include "unit.h"

#include "page/read.h"
#include "vdk/time.h"

#define YEAR_NS (31556952ull * VDK_NS_PER_SEC)
#define SEC ((wide_signed)VDK_NS_PER_SEC)

static struct vdk_page page __attribute__((aligned(VDK_PAGE_SIZE)));
static uint64_t counter;
static struct vdk_timekeeper tk;
static struct vdk_clocksource cs;

static uint64_t read_counter(const struct vdk_clocksource *source)
{
	(void)source;
	return counter;
}

static void start(uint64_t hz, unsigned int width, bool counts)
{
	static const struct vdk_time_config config = { .wall = { 1000000000, 250000000 }, .tai_offset_sec = 37,
		.tick_ns = 4000000 };

	cs = (struct vdk_clocksource){ .name = "fake", .read = read_counter, .hz = hz, .width = width,
		.user_mode = width == 64 ? VDK_MODE_COUNTER : VDK_MODE_SYSCALL, .counts_in_suspend = counts };
	counter = 12345;
	assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
}

static wide_signed now(int id)
{
	struct vdk_timespec ts;

	assert_true(vdk_time_now(&tk, id, &ts));
	assert_true(ts.tv_nsec >= 0 && ts.tv_nsec < VDK_NS_PER_SEC);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

struct readings {
	wide_signed realtime, monotonic, raw, boottime, tai;
};

static struct readings read_all(void)
{
	return (struct readings){ now(VDK_CLOCK_REALTIME), now(VDK_CLOCK_MONOTONIC), now(VDK_CLOCK_MONOTONIC_RAW),
		now(VDK_CLOCK_BOOTTIME), now(VDK_CLOCK_TAI) };
}

static void expect(const struct readings *before, wide_signed ran, wide_signed slept)
{
	struct readings after = read_all();

	assert_true(after.monotonic == before->monotonic + ran);
	assert_true(after.raw == before->raw + ran);
	assert_true(after.boottime == before->boottime + ran + slept);
	assert_true(after.realtime == before->realtime + ran + slept);
	assert_true(after.tai == before->tai + ran + slept);
	assert_true(now(VDK_CLOCK_MONOTONIC_COARSE) <= after.monotonic);
}

static void the_clocks_stand_while_it_sleeps(void)
{
	struct readings before;

	start(VDK_NS_PER_SEC, 64, false);
	counter += 123456789;
	before = read_all();
	assert_int_equal(vdk_time_suspend(&tk, NULL), 0);
	expect(&before, 0, 0);
	counter += 1ull << 40;
	expect(&before, 0, 0);
	vdk_time_tick(&tk);
	expect(&before, 0, 0);
	counter = 0;
	vdk_time_tick(&tk);
	expect(&before, 0, 0);
}

/* Whatever the counter did meanwhile: gone on, stopped, begun anew. */
static void the_persistent_clock_says_how_long_it_was(void)
{
	static const uint64_t then[] = { 99, 1ull << 50, 0, UINT64_MAX - 1000 };

	for (size_t i = 0; i < sizeof(then) / sizeof(then[0]); i++) {
		struct vdk_timespec rtc = { 5000, 125000000 };
		struct readings before;

		start(VDK_NS_PER_SEC, 64, false);
		before = read_all();
		assert_int_equal(vdk_time_suspend(&tk, &rtc), 0);
		counter = then[i];
		rtc.tv_sec += 86400;
		rtc.tv_nsec += 7;
		assert_int_equal(vdk_time_resume(&tk, &rtc), 0);
		expect(&before, 0, 86400 * SEC + 7);
		counter += 1000;
		expect(&before, 1000, 86400 * SEC + 7);
		vdk_time_tick(&tk);
		expect(&before, 1000, 86400 * SEC + 7);
	}
}

static void a_counter_that_goes_on_knows_it_better(void)
{
	struct vdk_timespec rtc = { 5000, 0 };
	struct readings before;

	start(2 * (uint64_t)VDK_NS_PER_SEC, 64, true);
	before = read_all();
	assert_int_equal(vdk_time_suspend(&tk, &rtc), 0);
	counter += 40000000001;
	vdk_time_tick(&tk); /* what the kernel does before it sleeps takes nothing off */
	counter += 40000000000;
	rtc.tv_sec += 41;
	assert_int_equal(vdk_time_resume(&tk, &rtc), 0);
	expect(&before, 0, 40 * SEC);
}

static void nobody_who_knows_is_no_time(void)
{
	struct vdk_timespec rtc = { 5000, 0 };

	for (int i = 0; i < 3; i++) {
		struct readings before;

		start(1000000, 32, false);
		before = read_all();
		assert_int_equal(vdk_time_suspend(&tk, i == 1 ? &rtc : NULL), 0);
		rtc.tv_sec += 3600;
		assert_int_equal(vdk_time_resume(&tk, i == 2 ? &rtc : NULL), 0);
		expect(&before, 0, 0);
	}
}

static void a_persistent_clock_that_went_back_slept_for_nothing(void)
{
	struct vdk_timespec rtc = { 5000, 0 }, earlier = { 4000, 999999999 };
	struct readings before;

	start(1000000, 32, false);
	before = read_all();
	assert_int_equal(vdk_time_suspend(&tk, &rtc), 0);
	assert_int_equal(vdk_time_resume(&tk, &earlier), 0);
	expect(&before, 0, 0);
}

/* A clock of whole seconds, 1000 sleeps: REALTIME stays within two seconds of the truth, where each sleep alone may be off by one. */
static void a_coarse_persistent_clock_adds_no_error_up(void)
{
	wide_signed truth = 1000000000 * SEC + 250000000;
	uint64_t since = 0; /* ns that have really passed */

	start(VDK_NS_PER_SEC, 64, false);
	for (int i = 0; i < 1000; i++) {
		uint64_t awake = random_between(1, 5 * (uint64_t)VDK_NS_PER_SEC);
		uint64_t asleep = random_between(1, 5 * (uint64_t)VDK_NS_PER_SEC);
		struct vdk_timespec rtc = { 0, 0 };
		wide_signed error;

		counter += awake;
		since += awake;
		rtc.tv_sec = 77 + (int64_t)(since / VDK_NS_PER_SEC);
		assert_int_equal(vdk_time_suspend(&tk, &rtc), 0);
		since += asleep;
		rtc.tv_sec = 77 + (int64_t)(since / VDK_NS_PER_SEC);
		assert_int_equal(vdk_time_resume(&tk, &rtc), 0);
		error = now(VDK_CLOCK_REALTIME) - (truth + since);
		assert_true(error > -2 * SEC && error < 2 * SEC);
	}
}

static void a_clock_that_was_set_is_another_difference(void)
{
	struct vdk_timespec rtc = { 5000, 0 }, wall = { 2000000000, 1 };
	struct readings before;

	start(VDK_NS_PER_SEC, 64, false);
	assert_int_equal(vdk_time_suspend(&tk, &rtc), 0);
	assert_int_equal(vdk_time_resume(&tk, &rtc), 0);
	assert_int_equal(vdk_time_set_wall(&tk, &wall), 0);
	before = read_all();
	assert_int_equal(vdk_time_suspend(&tk, &rtc), 0);
	rtc.tv_sec += 10;
	assert_int_equal(vdk_time_resume(&tk, &rtc), 0);
	expect(&before, 0, 10 * SEC);
}

/* A frequency that is set meanwhile holds afterwards, and nothing before. */
static void settings_are_taken_meanwhile(void)
{
	struct vdk_timespec rtc = { 5000, 0 };
	wide_signed monotonic, raw, passed;

	start(VDK_NS_PER_SEC, 64, false);
	monotonic = now(VDK_CLOCK_MONOTONIC);
	raw = now(VDK_CLOCK_MONOTONIC_RAW);
	assert_int_equal(vdk_time_suspend(&tk, &rtc), 0);
	assert_int_equal(vdk_time_set_freq(&tk, -500 * 65536), 0);
	counter += VDK_NS_PER_SEC;
	assert_true(now(VDK_CLOCK_MONOTONIC) == monotonic);
	assert_int_equal(vdk_time_resume(&tk, &rtc), 0);
	assert_true(now(VDK_CLOCK_MONOTONIC) == monotonic);
	counter += VDK_NS_PER_SEC;
	passed = now(VDK_CLOCK_MONOTONIC) - monotonic;
	assert_true(passed == SEC - 500000 || passed == SEC - 500001); /* the rate is rounded */
	assert_true(now(VDK_CLOCK_MONOTONIC_RAW) == raw + SEC);
}

/* REALTIME is set while the machine sleeps: the sleep is as long as before. */
static void the_clock_may_be_set_meanwhile(void)
{
	static const struct vdk_timespec wall[] = { { 1, 0 }, { 2000000000, 5 } };

	for (int i = 0; i < 2; i++) {
		struct vdk_timespec rtc = { 5000, 0 };
		wide_signed boottime;

		start(VDK_NS_PER_SEC, 64, false);
		boottime = now(VDK_CLOCK_BOOTTIME);
		assert_int_equal(vdk_time_suspend(&tk, &rtc), 0);
		assert_int_equal(vdk_time_set_wall(&tk, &wall[i]), 0);
		rtc.tv_sec += 50;
		assert_int_equal(vdk_time_resume(&tk, &rtc), 0);
		assert_true(now(VDK_CLOCK_BOOTTIME) == boottime + 50 * SEC);
		assert_true(now(VDK_CLOCK_REALTIME) == wall[i].tv_sec * SEC + wall[i].tv_nsec + 50 * SEC);
	}
}

/* Centuries after the last time that REALTIME can be set to, when 64 bits do not hold its nanoseconds: a counter still tells, the persistent
 * clock does not. */
static void far_beyond_its_range_only_a_counter_tells(void)
{
	for (int counts = 0; counts < 2; counts++) {
		struct vdk_timespec wall = { VDK_WALL_SEC_MAX, 0 }, rtc = { 1, 0 };
		struct readings before;

		start(1000000, 64, counts);
		assert_int_equal(vdk_time_set_wall(&tk, &wall), 0);
		for (int century = 0; century < 5; century++) {
			counter += 100ull * 31556952 * 1000000;
			vdk_time_tick(&tk);
		}
		before = read_all();
		assert_int_equal(vdk_time_suspend(&tk, &rtc), 0);
		rtc.tv_sec = 1001;
		counter += 1000ull * 1000000;
		assert_int_equal(vdk_time_resume(&tk, &rtc), 0);
		expect(&before, 0, counts ? 1000 * SEC : 0);
	}
}

static void what_makes_no_sense_is_refused(void)
{
	static const struct vdk_timespec bad[] = { { -1, 0 }, { 0, -1 }, { 0, VDK_NS_PER_SEC }, { VDK_WALL_SEC_MAX + 1, 0 } };
	struct vdk_timespec rtc = { VDK_WALL_SEC_MAX, 0 };

	start(VDK_NS_PER_SEC, 64, false);
	assert_int_equal(vdk_time_resume(&tk, NULL), -VDK_EINVAL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vdk_time_suspend(&tk, &bad[i]), -VDK_EINVAL);
	assert_int_equal(vdk_time_suspend(&tk, &rtc), 0);
	assert_int_equal(vdk_time_suspend(&tk, &rtc), -VDK_EINVAL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vdk_time_resume(&tk, &bad[i]), -VDK_EINVAL);
	assert_int_equal(vdk_time_resume(&tk, &rtc), 0);
	assert_int_equal(vdk_time_resume(&tk, &rtc), -VDK_EINVAL);
}

/* A sleep that would end beyond the last time that there is ends there. */
static void realtime_does_not_leave_its_range(void)
{
	struct vdk_timespec wall = { VDK_WALL_SEC_MAX - 10, 0 }, rtc = { 0, 0 };

	start(VDK_NS_PER_SEC, 64, false);
	assert_int_equal(vdk_time_set_wall(&tk, &wall), 0);
	assert_int_equal(vdk_time_suspend(&tk, &rtc), 0);
	rtc.tv_sec = 1000;
	assert_int_equal(vdk_time_resume(&tk, &rtc), 0);
	assert_true(now(VDK_CLOCK_REALTIME) == VDK_WALL_SEC_MAX * SEC);
}

/* After that long without a tick no reading has wrapped; twice as much is half a wrap and more for every narrow counter. */
static void ticks_may_stay_away_as_long_as_is_said(void)
{
	for (unsigned int width = 8; width <= 64; width++) {
		static const uint64_t hz[] = { 1000, 3579545, 100000000, 10000000000 };

		for (size_t i = 0; i < sizeof(hz) / sizeof(hz[0]); i++) {
			struct vdk_time_config config = { .wall = { 1, 0 }, .tick_ns = 1, .publish_bound_ns = 1 };
			uint64_t idle, cycles;

			cs = (struct vdk_clocksource){ .name = "fake", .read = read_counter, .hz = hz[i], .width = width };
			counter = 0;
			assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
			idle = vdk_time_max_idle_ns(&tk);
			cycles = (uint64_t)((wide)idle * hz[i] / VDK_NS_PER_SEC);
			assert_true(cycles && (width == 64 || cycles < 1ull << (width - 1)));
			assert_true(idle >= 100 * YEAR_NS || cycles > 1ull << (width - 2));
			counter = cycles;
			assert_true(now(VDK_CLOCK_MONOTONIC) + (wide_signed)(VDK_NS_PER_SEC / hz[i] + 1) >= (wide_signed)idle);
			cs.read_within = cycles / 2; /* and less, if the counter says so */
			assert_true(cycles < 16 || vdk_time_max_idle_ns(&tk) < idle / 2);
			assert_true(cycles < 16 || vdk_time_max_idle_ns(&tk) > idle / 4);
		}
	}
}

static const struct unit_test tests[] = {
	UNIT_TEST(the_clocks_stand_while_it_sleeps),
	UNIT_TEST(the_persistent_clock_says_how_long_it_was),
	UNIT_TEST(a_counter_that_goes_on_knows_it_better),
	UNIT_TEST(nobody_who_knows_is_no_time),
	UNIT_TEST(a_persistent_clock_that_went_back_slept_for_nothing),
	UNIT_TEST(a_coarse_persistent_clock_adds_no_error_up),
	UNIT_TEST(a_clock_that_was_set_is_another_difference),
	UNIT_TEST(settings_are_taken_meanwhile),
	UNIT_TEST(the_clock_may_be_set_meanwhile),
	UNIT_TEST(far_beyond_its_range_only_a_counter_tells),
	UNIT_TEST(what_makes_no_sense_is_refused),
	UNIT_TEST(realtime_does_not_leave_its_range),
	UNIT_TEST(ticks_may_stay_away_as_long_as_is_said),
};

RUN(tests)
