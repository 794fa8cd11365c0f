/* SPDX-License-Identifier: MIT */
/* kit/time: histories of ticks, steps and rates on a fake counter, against an exact model. */
#include "unit.h"

#include <string.h>

#include "page/latch.h"
#include "time/rate.h"
#include "vdk/time.h"

static struct vdk_page page __attribute__((aligned(VDK_PAGE_SIZE)));
static uint64_t counter, counter_step; /* each read of the counter moves it on by counter_step */
static uint64_t seq_at_read;           /* the page's sequence number at the last read of the counter */

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	uint64_t value = counter & (UINT64_MAX >> (64 - cs->width));

	counter += counter_step;
	seq_at_read = page.slot[0].seq;
	return value;
}

static struct vdk_timekeeper tk;
static struct vdk_clocksource cs;

static void start(uint64_t hz, unsigned int width, uint64_t from, struct vdk_timespec wall)
{
	bool user = width == VDK_USER_WIDTH; /* else user mode can't count, and half a wrap may be shorter than a usual tick */
	struct vdk_time_config config = { .wall = wall, .tai_offset_sec = 37, .tick_ns = user ? 4000000 : 1000 };

	cs = (struct vdk_clocksource){ .name = "fake", .read = read_counter, .hz = hz, .width = width,
		.user_mode = user ? VDK_MODE_COUNTER : VDK_MODE_SYSCALL };
	counter = from;
	counter_step = 0;
	memset(&page, 0, sizeof(page));
	assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
}

static wide_signed now(int id)
{
	struct vdk_timespec ts;

	assert_true(vdk_time_now(&tk, id, &ts));
	assert_true(ts.tv_nsec >= 0 && ts.tv_nsec < VDK_NS_PER_SEC);
	return (wide_signed)ts.tv_sec * VDK_NS_PER_SEC + ts.tv_nsec;
}

/* ns that `cycles` take at the nominal rate, times 2^64. */
static wide exact(wide cycles)
{
	struct vdk_rate rate = vdk_rate_of_hz(cs.hz);

	return (cycles << rate.shift) * rate.mult;
}

static const int fine[] = { VDK_CLOCK_REALTIME, VDK_CLOCK_MONOTONIC, VDK_CLOCK_MONOTONIC_RAW, VDK_CLOCK_BOOTTIME,
	VDK_CLOCK_TAI };

/* A tick comes after anything from 1 cycle to ten years (or half a wrap): no reading is off by one nanosecond, ever. */
static void late_ticks_cost_nothing(void)
{
	for (int history = 0; history < 3000; history++) {
		uint64_t hz = random_between(1000, history & 1 ? 10000000 : 10000000000u);
		unsigned int width = (unsigned int)random_between(24, 64);
		uint64_t half = UINT64_MAX >> (65 - width), most = hz * 315576000u < half ? hz * 315576000u : half;
		uint64_t from = random_word();
		struct vdk_timespec wall = { (int64_t)random_between(0, VDK_WALL_SEC_MAX), (int64_t)(random_word() % VDK_NS_PER_SEC) };
		wide_signed wall_ns = (wide_signed)wall.tv_sec * VDK_NS_PER_SEC + wall.tv_nsec;
		wide passed = 0;

		start(hz, width, from, wall);
		for (int tick = 0; tick < 40; tick++) {
			uint64_t step = random_bits(64) % most + 1, unread = random_word() % step;

			for (int part = 0; part < 2; part++) {
				wide_signed ns;

				counter += part ? step - unread : unread;
				passed += part ? step - unread : unread;
				ns = (wide_signed)(exact(passed) >> 64);
				assert_true(now(VDK_CLOCK_MONOTONIC) == ns);
				assert_true(now(VDK_CLOCK_BOOTTIME) == ns);
				assert_true(now(VDK_CLOCK_MONOTONIC_RAW) == ns);
				assert_true(now(VDK_CLOCK_REALTIME) == wall_ns + ns);
				assert_true(now(VDK_CLOCK_TAI) == wall_ns + ns + (wide_signed)37 * VDK_NS_PER_SEC);
			}
			vdk_time_tick(&tk);
			assert_true(now(VDK_CLOCK_MONOTONIC_COARSE) == now(VDK_CLOCK_MONOTONIC));
			assert_true(now(VDK_CLOCK_REALTIME_COARSE) == now(VDK_CLOCK_REALTIME));
		}
	}
}

/* The same counter value, read through the snapshot of before and of after the tick, gives the same nanosecond. */
static void rebase_is_invisible(void)
{
	for (int i = 0; i < 200000; i++) {
		wide_signed before[5];

		if (i % 1000 == 0)
			start(random_between(1000, 10000000000u), 64, random_word(), (struct vdk_timespec){ 1, 2 });
		counter += random_bits(40);
		for (int c = 0; c < 5; c++)
			before[c] = now(fine[c]);
		vdk_time_tick(&tk);
		for (int c = 0; c < 5; c++)
			assert_true(now(fine[c]) == before[c]);
	}
}

static void counter_behind_the_base_is_clamped(void)
{
	start(2500000000u, 64, 1000000, (struct vdk_timespec){ 5, 0 });
	counter += 1000000;
	vdk_time_tick(&tk);
	for (uint64_t behind = 1; behind < 100000; behind += 997) {
		wide_signed base = now(VDK_CLOCK_MONOTONIC);

		counter -= behind;
		assert_true(now(VDK_CLOCK_MONOTONIC) == base);
		vdk_time_tick(&tk); /* on a CPU that is behind: no step either way */
		assert_true(now(VDK_CLOCK_MONOTONIC) == base);
		counter += behind;
		assert_true(now(VDK_CLOCK_MONOTONIC) == base);
	}
}

static void coarse_is_the_last_tick(void)
{
	wide_signed tick;

	start(3000000000u, 64, 7, (struct vdk_timespec){ 5, 0 });
	counter += 123456789;
	vdk_time_tick(&tk);
	tick = now(VDK_CLOCK_MONOTONIC);
	counter += 1000000;
	assert_true(now(VDK_CLOCK_MONOTONIC_COARSE) == tick);
	assert_true(now(VDK_CLOCK_MONOTONIC) > tick);
}

static void set_wall_moves_realtime_and_tai_only(void)
{
	start(1000000007u, 64, 99, (struct vdk_timespec){ 5, 0 });
	for (int i = 0; i < 100000; i++) {
		struct vdk_timespec wall = { (int64_t)random_between(0, VDK_WALL_SEC_MAX), (int64_t)(random_word() % VDK_NS_PER_SEC) };
		wide_signed mono, raw, boot;

		counter += random_bits(36);
		mono = now(VDK_CLOCK_MONOTONIC), raw = now(VDK_CLOCK_MONOTONIC_RAW), boot = now(VDK_CLOCK_BOOTTIME);
		assert_int_equal(vdk_time_set_wall(&tk, &wall), 0);
		assert_true(now(VDK_CLOCK_REALTIME) == (wide_signed)wall.tv_sec * VDK_NS_PER_SEC + wall.tv_nsec);
		assert_true(now(VDK_CLOCK_TAI) - now(VDK_CLOCK_REALTIME) == (wide_signed)37 * VDK_NS_PER_SEC);
		assert_true(now(VDK_CLOCK_REALTIME_COARSE) == now(VDK_CLOCK_REALTIME));
		assert_true(now(VDK_CLOCK_MONOTONIC) == mono && now(VDK_CLOCK_MONOTONIC_RAW) == raw &&
			    now(VDK_CLOCK_BOOTTIME) == boot);
	}
}

/* Rates from -500 to +500 ppm and wilder, against the model: the new rate holds from the change on, or, for a slower one,
 * from bound_cycles later, with the new line through that point. */
static void rate_change_is_exact(void)
{
	for (int history = 0; history < 500; history++) {
		uint64_t mult, bound;
		wide mono = 0, raw = 0;
		int64_t freq = 0;
		unsigned int shift;

		start(random_between(1000000, 10000000000u), 64, random_word(), (struct vdk_timespec){ 5, 0 });
		shift = tk.now.shift, bound = tk.bound_cycles, mult = tk.now.mult;
		assert_true((wide)bound * VDK_NS_PER_SEC >= (wide)10000 * cs.hz);
		for (int i = 0; i < 200; i++) {
			uint64_t step = random_bits(40), next;

			counter += step;
			mono += ((wide)step << shift) * mult;
			raw += ((wide)step << shift) * tk.now.raw_mult;
			freq = (int64_t)random_between(0, i & 1 ? 2 * VDK_FREQ_MAX : 65536000) - (i & 1 ? VDK_FREQ_MAX : 32768000);
			assert_int_equal(vdk_time_set_freq(&tk, freq), 0);
			next = vdk_rate_adjust(tk.now.raw_mult, freq);
			if (next < mult)
				mono += ((wide)bound << shift) * (mult - next);
			mult = next;
			assert_true(now(VDK_CLOCK_MONOTONIC) == (wide_signed)(mono >> 64));
			assert_true(now(VDK_CLOCK_MONOTONIC_RAW) == (wide_signed)(raw >> 64));
			assert_true(now(VDK_CLOCK_REALTIME) ==
				    (wide_signed)(mono >> 64) + (wide_signed)5 * VDK_NS_PER_SEC);
			if (random_word() & 1)
				vdk_time_tick(&tk);
		}
		assert_int_equal(tk.late_publishes, 0);
	}
}

/* design.md, point 4: who still reads the old snapshot, up to the bound, never reads more than who reads the new one at the
 * same or a later counter value. */
static void rate_change_never_steps_back_for_a_reader_of_the_old_snapshot(void)
{
	for (int i = 0; i < 200000; i++) {
		struct vdk_page old;
		struct vdk_timekeeper old_reader;
		uint64_t at;

		if (i % 100 == 0)
			start(random_between(1000000, 10000000000u), 64, random_word(), (struct vdk_timespec){ 5, 0 });
		counter += random_bits(36);
		vdk_time_tick(&tk);
		old = page, old_reader = tk, old_reader.kpage = &old;
		counter += random_bits(30);
		at = counter;
		assert_int_equal(vdk_time_set_freq(&tk, (int64_t)random_between(0, 65536000) - 32768000), 0);
		for (int r = 0; r < 4; r++) {
			struct vdk_timespec a, b;

			counter = at + random_word() % (tk.bound_cycles + 1);
			assert_true(vdk_time_now(&old_reader, VDK_CLOCK_MONOTONIC, &a));
			assert_true(vdk_time_now(&tk, VDK_CLOCK_MONOTONIC, &b));
			assert_true(a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec <= b.tv_nsec));
			assert_true(vdk_time_now(&tk, VDK_CLOCK_MONOTONIC_COARSE, &a));
			assert_true(a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec <= b.tv_nsec));
		}
		counter = at;
	}
}

static void late_publication_of_a_slower_rate_is_counted(void)
{
	start(1000000000u, 64, 5, (struct vdk_timespec){ 5, 0 });
	counter_step = tk.bound_cycles;
	assert_int_equal(vdk_time_set_freq(&tk, -65536), 0);
	assert_int_equal(tk.late_publishes, 0);
	counter_step = tk.bound_cycles + 1;
	assert_int_equal(vdk_time_set_freq(&tk, -2 * 65536), 0);
	assert_int_equal(tk.late_publishes, 1);
	assert_int_equal(vdk_time_set_freq(&tk, -2 * 65536), 0); /* the same: nobody can step back */
	assert_int_equal(tk.late_publishes, 1);
	assert_int_equal(vdk_time_set_freq(&tk, 65536), 0); /* faster: no bound */
	assert_int_equal(tk.late_publishes, 1);
}

/* What ends when readers see the new snapshot is measured after they can see it. */
static void lateness_is_measured_after_the_publication(void)
{
	uint64_t seq;

	start(1000000000u, 64, 5, (struct vdk_timespec){ 5, 0 });
	seq = page.slot[0].seq;
	assert_int_equal(vdk_time_set_freq(&tk, -65536), 0);
	assert_int_equal(page.slot[0].seq, seq + 2 * VDK_LATCH_STEP);
	assert_int_equal(seq_at_read, seq + 2 * VDK_LATCH_STEP);
}

/* In cycles, never less than asked for, and one more at most. */
static void publish_bound_is_the_configured_one(void)
{
	static const uint64_t hz[] = { 1, 1000, 32768, 999999999, 1000000000, 2500000001, VDK_HZ_MAX };
	static const uint32_t bound_ns[] = { 0, 1, 999, 10001, 123456789, UINT32_MAX };

	for (size_t i = 0; i < sizeof(hz) / sizeof(hz[0]); i++)
		for (size_t j = 0; j < sizeof(bound_ns) / sizeof(bound_ns[0]); j++) {
			struct vdk_time_config config = { .tick_ns = 1, .publish_bound_ns = bound_ns[j] };
			wide exactly = (wide)(bound_ns[j] ? bound_ns[j] : 10000) * hz[i];

			cs = (struct vdk_clocksource){ .name = "fake", .read = read_counter, .hz = hz[i], .width = 64,
				.user_mode = VDK_MODE_COUNTER };
			assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
			assert_true((wide)tk.bound_cycles * VDK_NS_PER_SEC >= exactly);
			assert_true((wide)(tk.bound_cycles - 1) * VDK_NS_PER_SEC <= exactly);
		}
}

static void bad_input_is_refused_and_changes_nothing(void)
{
	static const struct vdk_timespec bad_wall[] = { { -1, 0 }, { 0, -1 }, { 0, 1000000000 }, { 0, INT64_MAX }, { 0, INT64_MIN },
		{ INT64_MAX, 0 }, { INT64_MIN, 0 }, { VDK_WALL_SEC_MAX + 1, 0 } };
	static const int64_t bad_freq[] = { VDK_FREQ_MAX + 1, -VDK_FREQ_MAX - 1, INT64_MAX, INT64_MIN };
	struct vdk_time_config config = { .wall = { 1, 0 }, .tick_ns = 4000000 }, bad;
	struct vdk_clocksource good = { .name = "fake", .read = read_counter, .hz = 1000, .width = 64,
		.user_mode = VDK_MODE_COUNTER }, other;
	struct vdk_timekeeper tk_before;
	struct vdk_page before;

	start(1000000000u, 64, 5, (struct vdk_timespec){ 5, 0 });
	before = page, tk_before = tk;
	for (size_t i = 0; i < sizeof(bad_wall) / sizeof(bad_wall[0]); i++) {
		assert_int_equal(vdk_time_set_wall(&tk, &bad_wall[i]), -VDK_EINVAL);
		bad = config, bad.wall = bad_wall[i];
		assert_int_equal(vdk_time_init(&tk, &good, &page, &bad), -VDK_EINVAL);
	}
	for (size_t i = 0; i < sizeof(bad_freq) / sizeof(bad_freq[0]); i++)
		assert_int_equal(vdk_time_set_freq(&tk, bad_freq[i]), -VDK_EINVAL);
#define REFUSED(field, value)                                                        \
	do {                                                                         \
		other = good, other.field = (value);                                 \
		assert_int_equal(vdk_time_init(&tk, &other, &page, &config), -VDK_EINVAL); \
	} while (0)
	REFUSED(read, NULL);
	REFUSED(hz, 0);
	REFUSED(hz, VDK_HZ_MAX + 1);
	REFUSED(width, 0);
	REFUSED(width, 1);
	REFUSED(width, 65);
	REFUSED(user_mode, VDK_MODE_LAST + 1);
	REFUSED(width, VDK_USER_WIDTH - 1); /* user mode would take all 64 bits */
	other = good, other.width = 56, other.user_mode = VDK_MODE_COUNTER_ALT;
	assert_int_equal(vdk_time_init(&tk, &other, &page, &config), -VDK_EINVAL);
	bad = config, bad.tick_ns = 0;
	assert_int_equal(vdk_time_init(&tk, &good, &page, &bad), -VDK_EINVAL);
	bad = config, bad.tick_ns = VDK_NS_PER_SEC + 1;
	assert_int_equal(vdk_time_init(&tk, &good, &page, &bad), -VDK_EINVAL);
	bad = config, bad.cpu_mode = VDK_CPU_SINGLE + 1;
	assert_int_equal(vdk_time_init(&tk, &good, &page, &bad), -VDK_EINVAL);
	for (uintptr_t off = 1; off < VDK_PAGE_SIZE; off *= 2)
		assert_int_equal(vdk_time_init(&tk, &good, (struct vdk_page *)((uintptr_t)&page + off), &config), -VDK_EINVAL);
	assert_true(memcmp(&before, &page, sizeof(page)) == 0);
	assert_true(memcmp(&tk_before, &tk, sizeof(tk)) == 0);
}

/* Half a wrap is as far as a reading reaches: 2^(width - 1) cycles of 1 ns here. */
static void tick_and_bound_stay_within_half_a_wrap(void)
{
	struct vdk_clocksource narrow = { .name = "narrow", .read = read_counter, .hz = 1000000000 };

	for (narrow.width = 16; narrow.width <= 29; narrow.width++) {
		uint32_t half = 1u << (narrow.width - 1);
		struct vdk_time_config tick = { .tick_ns = half, .publish_bound_ns = 1 };
		struct vdk_time_config bound = { .tick_ns = 1, .publish_bound_ns = half };

		assert_int_equal(vdk_time_init(&tk, &narrow, &page, &tick), -VDK_EINVAL);
		assert_int_equal(vdk_time_init(&tk, &narrow, &page, &bound), -VDK_EINVAL);
		tick.tick_ns = bound.publish_bound_ns = half - 2; /* the kit counts up to one cycle more */
		assert_int_equal(vdk_time_init(&tk, &narrow, &page, &tick), 0);
		assert_int_equal(vdk_time_init(&tk, &narrow, &page, &bound), 0);
	}
	narrow.width = 14; /* 8.2 microseconds: less than the bound that 0 stands for */
	assert_int_equal(vdk_time_init(&tk, &narrow, &page, &(struct vdk_time_config){ .tick_ns = 1 }), -VDK_EINVAL);
}

static void limits_are_accepted(void)
{
	struct vdk_time_config config = { .wall = { VDK_WALL_SEC_MAX, 999999999 }, .tick_ns = VDK_NS_PER_SEC,
		.cpu_mode = VDK_CPU_SINGLE };
	struct vdk_timespec first = { 0, 0 };

	assert_int_equal(VDK_WALL_SEC_MAX, 8277292035);
	cs = (struct vdk_clocksource){ .name = "fast", .read = read_counter, .hz = VDK_HZ_MAX, .width = 64,
		.user_mode = VDK_MODE_COUNTER_ALT };
	counter = 0;
	counter_step = 0;
	assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
	assert_int_equal(vdk_time_set_freq(&tk, VDK_FREQ_MAX), 0);
	counter += VDK_HZ_MAX;
	assert_true(now(VDK_CLOCK_MONOTONIC) == 1100000000 || now(VDK_CLOCK_MONOTONIC) == 1099999999);
	start(1000000000, 64, 0, first);
	assert_int_equal(vdk_time_set_freq(&tk, -VDK_FREQ_MAX), 0);
	counter += 1000000000;
	assert_true(now(VDK_CLOCK_MONOTONIC) >= 900000000 && now(VDK_CLOCK_MONOTONIC) <= 900000000 + (int64_t)tk.bound_cycles);
	assert_int_equal(vdk_time_set_wall(&tk, &config.wall), 0);
	assert_int_equal(vdk_time_set_wall(&tk, &first), 0);
	for (unsigned int width = 2; width <= 64; width++) { /* one cycle a second, less than half a wrap of any */
		cs = (struct vdk_clocksource){ .name = "slow", .read = read_counter, .hz = 1, .width = width,
			.user_mode = VDK_MODE_SYSCALL };
		config.tick_ns = width == 2 ? VDK_NS_PER_SEC - 1 : VDK_NS_PER_SEC;
		counter = UINT64_MAX;
		assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
		counter++;
		assert_true(now(VDK_CLOCK_MONOTONIC) == VDK_NS_PER_SEC);
		vdk_time_tick(&tk);
		counter++;
		assert_true(now(VDK_CLOCK_MONOTONIC) == (wide_signed)2 * VDK_NS_PER_SEC);
	}
}

static void page_need_not_be_zero_before(void)
{
	struct vdk_time_config config = { .wall = { 1, 2 }, .tick_ns = 4000000 };
	struct vdk_page fresh;

	start(1000000000u, 64, 5, (struct vdk_timespec){ 1, 2 });
	memset(&page, 0, sizeof(page));
	assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
	fresh = page;
	memset(&page, 0x5b, sizeof(page));
	assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
	assert_true(page.slot[0].seq % (2 * VDK_LATCH_STEP) == 0);
	assert_true(memcmp(&fresh, &page, sizeof(page)) == 0);
	assert_true(now(VDK_CLOCK_MONOTONIC) == 0);
}

static void zone_is_kept(void)
{
	int32_t west = -1, dst = -1;

	start(1000000000u, 64, 5, (struct vdk_timespec){ 5, 0 });
	vdk_time_zone(&tk, &west, &dst);
	assert_true(west == 0 && dst == 0);
	vdk_time_set_zone(&tk, -330, 3);
	vdk_time_tick(&tk);
	vdk_time_zone(&tk, &west, &dst);
	assert_true(west == -330 && dst == 3);
}

static void page_says_what_it_is(void)
{
	uint32_t res;

	start(2500000000u, 64, 5, (struct vdk_timespec){ 5, 0 });
	assert_true(page.magic == VDK_PAGE_MAGIC && memcmp(&page.magic, "vdk page", 8) == 0);
	assert_int_equal(page.version, VDK_PAGE_VERSION);
	assert_int_equal(page.size, sizeof(page));
	assert_true(page.slot[0].seq % (2 * VDK_LATCH_STEP) == 0);
	vdk_time_set_zone(&tk, -60, 1);
	assert_int_equal(page.tz_minuteswest, -60);
	assert_int_equal(page.tz_dsttime, 1);
	for (int c = 0; c < 5; c++)
		assert_true(vdk_time_res(&tk, fine[c], &res) && res == 1);
	assert_true(vdk_time_res(&tk, VDK_CLOCK_REALTIME_COARSE, &res) && res == 4000000);
	assert_true(vdk_time_res(&tk, VDK_CLOCK_MONOTONIC_COARSE, &res) && res == 4000000);
	assert_false(vdk_time_res(&tk, 2, &res));
}

static void counter_that_user_mode_cannot_read_serves_the_kernel(void)
{
	struct vdk_time_config config = { .wall = { 1, 0 }, .tick_ns = 4000000 };

	cs = (struct vdk_clocksource){ .name = "hpet", .read = read_counter, .hz = 100000000, .width = 32,
		.user_mode = VDK_MODE_SYSCALL };
	counter = 0xfffffff0u;
	counter_step = 0;
	memset(&page, 0, sizeof(page));
	assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
	assert_int_equal(page.slot[0].mode, VDK_MODE_SYSCALL);
	assert_int_equal(page.slot[1].mode, VDK_MODE_SYSCALL);
	counter += 0x20;
	assert_true(now(VDK_CLOCK_MONOTONIC) == 320 || now(VDK_CLOCK_MONOTONIC) == 319);
}

static const struct unit_test tests[] = {
	UNIT_TEST(late_ticks_cost_nothing),
	UNIT_TEST(rebase_is_invisible),
	UNIT_TEST(counter_behind_the_base_is_clamped),
	UNIT_TEST(coarse_is_the_last_tick),
	UNIT_TEST(set_wall_moves_realtime_and_tai_only),
	UNIT_TEST(rate_change_is_exact),
	UNIT_TEST(rate_change_never_steps_back_for_a_reader_of_the_old_snapshot),
	UNIT_TEST(late_publication_of_a_slower_rate_is_counted),
	UNIT_TEST(lateness_is_measured_after_the_publication),
	UNIT_TEST(publish_bound_is_the_configured_one),
	UNIT_TEST(bad_input_is_refused_and_changes_nothing),
	UNIT_TEST(tick_and_bound_stay_within_half_a_wrap),
	UNIT_TEST(limits_are_accepted),
	UNIT_TEST(page_need_not_be_zero_before),
	UNIT_TEST(zone_is_kept),
	UNIT_TEST(page_says_what_it_is),
	UNIT_TEST(counter_that_user_mode_cannot_read_serves_the_kernel),
};
RUN(tests)
