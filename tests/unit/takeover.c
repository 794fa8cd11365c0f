/* SPDX-License-Identifier: MIT */
/* kit/time for who takes over from another timekeeper: clocks that start elsewhere than at 0, and a rate of its own
 * for RAW. */
#include "unit.h"

#include "time/rate.h"
#include "vdk/time.h"

static struct vdk_page page __attribute__((aligned(VDK_PAGE_SIZE)));
static uint64_t counter;
static struct vdk_timekeeper tk;
static struct vdk_clocksource cs;

static uint64_t read_counter(const struct vdk_clocksource *source)
{
	(void)source;
	return counter;
}

static wide_signed ns_of(const struct vdk_timespec *ts)
{
	return (wide_signed)ts->tv_sec * VDK_NS_PER_SEC + ts->tv_nsec;
}

static wide_signed now(const struct vdk_timekeeper *of, int id)
{
	struct vdk_timespec ts;

	assert_true(vdk_time_now(of, id, &ts));
	assert_true(ts.tv_nsec >= 0 && ts.tv_nsec < VDK_NS_PER_SEC);
	return ns_of(&ts);
}

static struct vdk_timespec random_time(void)
{
	return (struct vdk_timespec){ (int64_t)random_between(0, VDK_WALL_SEC_MAX),
		(int64_t)(random_word() % VDK_NS_PER_SEC) };
}

static void start(uint64_t hz, const struct vdk_time_config *config)
{
	cs = (struct vdk_clocksource){ .name = "fake", .read = read_counter, .hz = hz, .width = 64,
		.user_mode = VDK_MODE_COUNTER };
	counter = random_word();
	assert_int_equal(vdk_time_init(&tk, &cs, &page, config), 0);
}

static void each_clock_starts_where_it_is_told(void)
{
	for (int i = 0; i < 20000; i++) {
		struct vdk_time_config config = { .wall = random_time(), .monotonic = random_time(),
			.boottime = random_time(),
			.raw = random_time(), .tai_offset_sec = 37, .tick_ns = 4000000 };
		uint64_t ns = random_bits(40);

		start(VDK_NS_PER_SEC, &config);
		for (int part = 0; part < 2; part++) {
			wide_signed passed = part ? ns : 0;

			assert_true(now(&tk, VDK_CLOCK_REALTIME) == ns_of(&config.wall) + passed);
			assert_true(now(&tk, VDK_CLOCK_TAI) ==
				    ns_of(&config.wall) + passed + (wide_signed)37 * VDK_NS_PER_SEC);
			assert_true(now(&tk, VDK_CLOCK_MONOTONIC) == ns_of(&config.monotonic) + passed);
			assert_true(now(&tk, VDK_CLOCK_BOOTTIME) == ns_of(&config.boottime) + passed);
			assert_true(now(&tk, VDK_CLOCK_MONOTONIC_RAW) == ns_of(&config.raw) + passed);
			assert_true(now(&tk, VDK_CLOCK_MONOTONIC_COARSE) == ns_of(&config.monotonic) + passed);
			counter += ns;
			vdk_time_tick(&tk);
		}
	}
}

static void a_start_out_of_range_is_refused(void)
{
	static const struct vdk_timespec bad[] = { { -1, 0 }, { 0, -1 }, { 0, VDK_NS_PER_SEC }, { VDK_WALL_SEC_MAX + 1,
		0 },
		{ INT64_MIN, 0 } };
	static const struct vdk_time_config good = { .wall = { 1, 0 }, .tick_ns = 4000000 };

	start(1000, &good);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vdk_time_config config = good;

		config.monotonic = bad[i];
		assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), -VDK_EINVAL);
		config = good, config.boottime = bad[i];
		assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), -VDK_EINVAL);
		config = good, config.raw = bad[i];
		assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), -VDK_EINVAL);
	}
	assert_int_equal(vdk_time_set_raw_freq(&tk, VDK_FREQ_MAX + 1), -VDK_EINVAL);
	assert_int_equal(vdk_time_set_raw_freq(&tk, -VDK_FREQ_MAX - 1), -VDK_EINVAL);
}

/* Both rates change, each against the nominal one, in any order, and neither touches the other's clocks. */
static void raw_and_the_others_have_rates_of_their_own(void)
{
	for (int history = 0; history < 500; history++) {
		const struct vdk_time_config config = { .wall = random_time(), .tick_ns = 4000000 };
		uint64_t nominal, mult[2];
		wide passed[2] = { 0, 0 };

		start(random_between(1000000, 10000000000u), &config);
		nominal = mult[0] = mult[1] = tk.now.mult;
		for (int i = 0; i < 200; i++) {
			uint64_t step = random_bits(40), next;
			int64_t freq = (int64_t)random_between(0, 2 * VDK_FREQ_MAX) - VDK_FREQ_MAX;
			unsigned int raw = (unsigned int)random_word() & 1;

			counter += step;
			for (int c = 0; c < 2; c++)
				passed[c] += ((wide)step << tk.now.shift) * mult[c];
			assert_int_equal(raw ? vdk_time_set_raw_freq(&tk, freq) : vdk_time_set_freq(&tk, freq), 0);
			next = vdk_rate_adjust(nominal, freq);
			if (next < mult[raw])
				passed[raw] += ((wide)tk.bound_cycles << tk.now.shift) * (mult[raw] - next);
			mult[raw] = next;
			assert_true(now(&tk, VDK_CLOCK_MONOTONIC) == (wide_signed)(passed[0] >> 64));
			assert_true(now(&tk, VDK_CLOCK_MONOTONIC_RAW) == (wide_signed)(passed[1] >> 64));
			assert_true(now(&tk, VDK_CLOCK_REALTIME) ==
				    ns_of(&config.wall) + (wide_signed)(passed[0] >> 64));
		}
		assert_int_equal(tk.late_publishes, 0);
	}
}

static void raw_never_steps_back_for_a_reader_of_the_old_snapshot(void)
{
	const struct vdk_time_config config = { .tick_ns = 4000000 };

	for (int i = 0; i < 100000; i++) {
		struct vdk_timekeeper old_reader;
		struct vdk_page old;
		uint64_t at;

		if (i % 100 == 0)
			start(random_between(1000000, 10000000000u), &config);
		old = page, old_reader = tk, old_reader.kpage = &old;
		counter += random_bits(30);
		at = counter;
		assert_int_equal(vdk_time_set_raw_freq(&tk, (int64_t)random_between(0, 65536000) - 32768000), 0);
		for (int r = 0; r < 4; r++) {
			counter = at + random_word() % (tk.bound_cycles + 1);
			assert_true(now(&old_reader, VDK_CLOCK_MONOTONIC_RAW) <= now(&tk, VDK_CLOCK_MONOTONIC_RAW));
		}
		counter = at;
	}
}

static const struct unit_test tests[] = {
	UNIT_TEST(each_clock_starts_where_it_is_told),
	UNIT_TEST(a_start_out_of_range_is_refused),
	UNIT_TEST(raw_and_the_others_have_rates_of_their_own),
	UNIT_TEST(raw_never_steps_back_for_a_reader_of_the_old_snapshot),
};
RUN(tests)
