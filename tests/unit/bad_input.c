/* SPDX-License-Identifier: MIT */
/* kit/time: times that are none or out of range, and counters that do what no counter should. */
#include "unit.h"

#include "vdk/time.h"

#define SEC ((wide_signed)VDK_NS_PER_SEC)
#define YEAR_SEC 31556952ull

static struct vdk_page page __attribute__((aligned(VDK_PAGE_SIZE)));
static uint64_t counter;
static struct vdk_timekeeper tk;
static struct vdk_clocksource cs;

static uint64_t read_counter(const struct vdk_clocksource *source)
{
	return counter & (UINT64_MAX >> (64 - source->width));
}

static void start(uint64_t hz, unsigned int width, uint64_t from)
{
	static const struct vdk_time_config config = { .wall = { 1000000000, 999999999 },
						       .tai_offset_sec = 37,
						       .tick_ns = 1000,
						       .publish_bound_ns = 1 };

	cs = (struct vdk_clocksource){ .name = "bad", .read = read_counter, .hz = hz, .width = width };
	counter = from;
	assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
}

static wide_signed now(int id)
{
	struct vdk_timespec ts;

	assert_true(vdk_time_now(&tk, id, &ts));
	assert_true(ts.tv_nsec >= 0 && ts.tv_nsec < VDK_NS_PER_SEC);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

/* --- Times --- */

static const struct vdk_timespec no_time[] = {
	{ 5, -1 },
	{ 5, VDK_NS_PER_SEC },
	{ 5, INT64_MIN },
	{ 5, INT64_MAX },
	{ -1, VDK_NS_PER_SEC },
	{ VDK_WALL_SEC_MAX, VDK_NS_PER_SEC },
};
/* A nanosecond and half an eternity before 1970; the second after the last one, 2262, and an eternity later. */
static const struct vdk_timespec no_wall[] = {
	{ -1, 999999999 }, { INT64_MIN, 0 }, { VDK_WALL_SEC_MAX + 1, 0 }, { 9223372036ll, 854775807 },
	{ 9223372037ll, 0 }, { INT64_MAX, 999999999 },
};

static void refused_everywhere(const struct vdk_timespec *ts)
{
	struct vdk_time_config config = { .wall = { 1, 0 }, .tick_ns = 1000 };
	struct vdk_timekeeper before = tk;
	struct vdk_page page_before = page;

	assert_int_equal(vdk_time_set_wall(&tk, ts), -VDK_EINVAL);
	assert_int_equal(vdk_time_suspend(&tk, ts), -VDK_EINVAL);
	config.wall = *ts;
	assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), -VDK_EINVAL);
	config.wall.tv_sec = 1, config.wall.tv_nsec = 0;
	config.monotonic = *ts;
	assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), -VDK_EINVAL);
	assert_true(memcmp(&tk, &before, sizeof(tk)) == 0);
	assert_true(memcmp(&page, &page_before, sizeof(page)) == 0);
}

static void nanoseconds_of_a_second_or_more_or_less_than_none_are_refused(void)
{
	start(1000000000, 64, 5);
	for (size_t i = 0; i < sizeof(no_time) / sizeof(no_time[0]); i++)
		refused_everywhere(&no_time[i]);
}

static void times_before_1970_and_after_2262_are_refused(void)
{
	start(1000000000, 64, 5);
	for (size_t i = 0; i < sizeof(no_wall) / sizeof(no_wall[0]); i++)
		refused_everywhere(&no_wall[i]);
}

/* Whoever is in 2232 can live to see 2262, and the second at which 64 bits of nanoseconds end. */
static void realtime_goes_on_after_2262(void)
{
	const struct vdk_timespec last = { VDK_WALL_SEC_MAX, 999999999 };

	start(1000000000, 64, 5);
	assert_int_equal(vdk_time_set_wall(&tk, &last), 0);
	for (unsigned int year = 1; year <= 200; year++) {
		wide_signed passed = (wide_signed)year * YEAR_SEC * SEC;

		counter += YEAR_SEC * VDK_NS_PER_SEC;
		if (year % 8 == 0)
			vdk_time_tick(&tk);
		/* A nominal rate of 1 ns per cycle is not rounded. */
		assert_true(now(VDK_CLOCK_REALTIME) == last.tv_sec * SEC + last.tv_nsec + passed);
		assert_true(now(VDK_CLOCK_TAI) == now(VDK_CLOCK_REALTIME) + 37 * SEC);
		assert_true(now(VDK_CLOCK_MONOTONIC) == passed);
	}
}

/* --- Counters --- */

static void a_counter_that_stops_stops_the_clocks_and_nothing_else(void)
{
	for (unsigned int width = 24; width <= 64; width++) {
		wide_signed stood, raw;

		start(1000000000, width, random_word());
		counter += 1000;
		vdk_time_tick(&tk);
		counter += 500;
		stood = now(VDK_CLOCK_MONOTONIC), raw = now(VDK_CLOCK_MONOTONIC_RAW);
		for (int i = 0; i < 100; i++) {
			if (i % 3 == 0)
				vdk_time_tick(&tk);
			assert_int_equal(vdk_time_set_freq(&tk, 65536 * i), 0); /* faster: no step */
			assert_true(now(VDK_CLOCK_MONOTONIC) == stood && now(VDK_CLOCK_MONOTONIC_RAW) == raw);
			assert_true(now(VDK_CLOCK_MONOTONIC_COARSE) <= stood);
		}
		counter += 700;
		assert_true(now(VDK_CLOCK_MONOTONIC_RAW) == raw + 700);
	}
}

/* Between two ticks nobody remembers what was read; but no reading is before the last tick, and no tick before another. */
static void a_counter_that_goes_back_stands_at_the_last_tick(void)
{
	for (unsigned int width = 24; width <= 64; width++) {
		uint64_t half = 1ull << (width - 1);
		const uint64_t back[] = { 1, 2, half / 2, half - 1, half };

		for (size_t i = 0; i < sizeof(back) / sizeof(back[0]); i++) {
			wide_signed tick, real;

			start(1000000000, width, random_word());
			counter += 1000;
			vdk_time_tick(&tk);
			tick = now(VDK_CLOCK_MONOTONIC), real = now(VDK_CLOCK_REALTIME);
			counter -= back[i];
			for (int part = 0; part < 2; part++) {
				assert_true(now(VDK_CLOCK_MONOTONIC) == tick && now(VDK_CLOCK_REALTIME) == real);
				assert_true(now(VDK_CLOCK_MONOTONIC_RAW) == tick && now(VDK_CLOCK_BOOTTIME) == tick);
				assert_true(now(VDK_CLOCK_MONOTONIC_COARSE) == tick);
				vdk_time_tick(&tk);
			}
			/* Where it was, the clocks go on as if nothing had been. */
			counter += back[i] + 77;
			assert_true(now(VDK_CLOCK_MONOTONIC) == tick + 77);
			vdk_time_tick(&tk);
			assert_true(now(VDK_CLOCK_MONOTONIC_COARSE) == tick + 77);
		}
	}
}

/* Ahead by less than half a wrap, and by less than 259 years, it is believed, to the nanosecond: nobody could tell it from a late tick.
 * Ahead by more it is behind. */
static void a_counter_that_jumps_by_years_is_believed_up_to_half_a_wrap(void)
{
	static const uint64_t years[] = { 1, 10, 100, 250 };

	for (unsigned int width = 32; width <= 64; width++)
		for (size_t i = 0; i < sizeof(years) / sizeof(years[0]); i++) {
			uint64_t jump = years[i] * YEAR_SEC * VDK_NS_PER_SEC, half = 1ull << (width - 1), seen;

			start(1000000000, width, random_word());
			counter += 1000;
			vdk_time_tick(&tk);
			counter += jump;
			seen = jump & (half | (half - 1));
			seen = seen < half ? seen : 0;
			assert_true(now(VDK_CLOCK_MONOTONIC) == 1000 + (wide_signed)seen);
			assert_true(now(VDK_CLOCK_REALTIME) == 1000000001 * SEC + 999 + (wide_signed)seen);
			vdk_time_tick(&tk);
			assert_true(now(VDK_CLOCK_MONOTONIC) == 1000 + (wide_signed)seen);
		}
}

/* Ahead by what its scale leaves no room for, 259 years, and half a wrap of 64 bits is 292 million: the tick stays where it was, and once the
 * counter is where it should be, the clocks go on as if nothing had been. */
static void a_counter_that_jumps_beyond_its_scale_is_not_believed(void)
{
	for (unsigned int bit = 0; bit < 63; bit++) {
		uint64_t jump = 1ull << bit;
		wide_signed tick;

		start(1000, 64, random_word());
		if (jump >> (64 - tk.now.shift) == 0)
			continue;
		counter += 12345;
		vdk_time_tick(&tk);
		tick = now(VDK_CLOCK_MONOTONIC_COARSE);
		counter += jump + 5;
		vdk_time_tick(&tk);
		assert_true(now(VDK_CLOCK_MONOTONIC_COARSE) == tick);
		counter -= jump;
		vdk_time_tick(&tk);
		assert_true(now(VDK_CLOCK_MONOTONIC_COARSE) == tick + 5000000);
	}
}

/* Anything at all, with any frequency: each reading is a time, none is before the last tick, and no tick before another. */
static void no_counter_makes_a_tick_step_back(void)
{
	static const int coarse[] = { VDK_CLOCK_REALTIME_COARSE, VDK_CLOCK_MONOTONIC_COARSE };
	static const int fine[] = { VDK_CLOCK_REALTIME, VDK_CLOCK_MONOTONIC };

	for (int history = 0; history < 2000; history++) {
		start(random_between(1000, 10000000000u), (unsigned int)random_between(40, 64), random_word());
		/* Ten jumps of up to 2^63 ns each can't end beyond what a time holds. */
		for (int i = 0; i < 10; i++) {
			wide_signed tick[2];

			counter = random_word() & 1 ? random_word() : counter + random_bits(64) - random_bits(64);
			for (int c = 0; c < 2; c++) {
				tick[c] = now(coarse[c]);
				assert_true(now(fine[c]) >= tick[c]);
			}
			vdk_time_tick(&tk);
			for (int c = 0; c < 2; c++)
				assert_true(now(coarse[c]) >= tick[c]);
		}
	}
}

static const struct unit_test tests[] = {
	UNIT_TEST(nanoseconds_of_a_second_or_more_or_less_than_none_are_refused),
	UNIT_TEST(times_before_1970_and_after_2262_are_refused),
	UNIT_TEST(realtime_goes_on_after_2262),
	UNIT_TEST(a_counter_that_stops_stops_the_clocks_and_nothing_else),
	UNIT_TEST(a_counter_that_goes_back_stands_at_the_last_tick),
	UNIT_TEST(a_counter_that_jumps_by_years_is_believed_up_to_half_a_wrap),
	UNIT_TEST(a_counter_that_jumps_beyond_its_scale_is_not_believed),
	UNIT_TEST(no_counter_makes_a_tick_step_back),
};
RUN(tests)
