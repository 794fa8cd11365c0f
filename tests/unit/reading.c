/* SPDX-License-Identifier: MIT */
/* kit/page/read.h: the arithmetic of a reading, against exact wide integers. */
#include "unit.h"

#include "page/read.h"

#define CASES 10000000

static void conversion_is_exact(void)
{
	for (int i = 0; i < CASES; i++) {
		unsigned int shift = (unsigned int)random_between(0, 31);
		uint64_t cycles = random_bits(64 - shift), mult = random_bits(64), frac = random_bits(64), rest = frac;
		wide exact = ((wide)cycles << shift) * mult + frac;
		uint64_t ns = vdk_scaled_to_ns(cycles << shift, mult, 0, &rest);

		assert_true((wide)ns << 64 == (exact >> 64) << 64);
		assert_true(rest == (uint64_t)exact);
	}
}

/* As the definition says: (counter - base) mod 2^width, and nothing for the upper half. */
static void cycles_wrap_at_the_width_and_clamp_behind(void)
{
	for (int i = 0; i < CASES; i++) {
		unsigned int width = (unsigned int)random_between(2, 64);
		uint64_t mask = UINT64_MAX >> (64 - width), base = random_word() & mask, step = random_bits(width) & mask;
		uint64_t counter = (base + step) & mask;

		assert_true(vdk_cycles_since(base, counter, width) == (step <= mask >> 1 ? step : 0));
	}
}

static void carry_keeps_ns_below_a_second(void)
{
	for (int i = 0; i < CASES; i++) {
		int64_t start = (int64_t)random_word() >> 2, sec = start;
		uint64_t ns = random_word() % VDK_NS_PER_SEC, add = random_bits(63);
		wide_signed exact = (wide_signed)start * VDK_NS_PER_SEC + ns + add;

		vdk_carry(&sec, &ns, add);
		assert_true(ns < VDK_NS_PER_SEC);
		assert_true((wide_signed)sec * VDK_NS_PER_SEC + ns == exact);
	}
}

/* One off either side of each comparison, which random sums do not meet. */
static void carry_is_right_at_each_edge(void)
{
	static const uint64_t sums[] = { 0, 999999999, 1000000000, 1999999999, 2000000000, 2000000001, 2999999999, 3000000000 };
	static const uint64_t starts[] = { 0, 1, 999999998, 999999999 };

	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		for (size_t j = 0; j < sizeof(starts) / sizeof(starts[0]); j++) {
			int64_t sec = 7;
			uint64_t ns = starts[j];

			if (starts[j] > sums[i])
				continue;
			vdk_carry(&sec, &ns, sums[i] - starts[j]);
			assert_int_equal(sec, 7 + sums[i] / 1000000000);
			assert_int_equal(ns, sums[i] % 1000000000);
		}
}

static bool fixed_counter(const void *ctx, const struct vdk_slot *slot, uint64_t *scaled)
{
	if (scaled)
		*scaled = vdk_scaled(slot, *(const uint64_t *)ctx, 64, slot->shift);
	return true;
}

static bool no_counter(const void *ctx, const struct vdk_slot *slot, uint64_t *scaled)
{
	(void)ctx, (void)slot, (void)scaled;
	return false;
}

static struct vdk_page page __attribute__((aligned(VDK_PAGE_SIZE)));

static void each_clock_reads_its_own_words(void)
{
	struct vdk_slot slot = {
		.cycles = 1000, .mult = 1ull << 63, .frac = 1ull << 63, .shift = 1, .width = 64, .mode = VDK_MODE_COUNTER,
		.sec = { 100, 200 }, .ns = { 11, 22 }, .boottime_sec = 300, .boottime_ns = 33, .tai_offset_sec = 37,
		.raw_mult = 1ull << 62, .raw_frac = 0, .raw_sec = 400, .raw_ns = 44,
	};
	static const struct {
		int id;
		int64_t sec, ns;
	} expected[] = {
		{ VDK_CLOCK_REALTIME, 100, 11 + 3 },         { VDK_CLOCK_MONOTONIC, 200, 22 + 3 },
		{ VDK_CLOCK_MONOTONIC_RAW, 400, 44 + 1 },    { VDK_CLOCK_REALTIME_COARSE, 100, 11 },
		{ VDK_CLOCK_MONOTONIC_COARSE, 200, 22 },     { VDK_CLOCK_BOOTTIME, 300, 33 + 3 },
		{ VDK_CLOCK_TAI, 137, 11 + 3 },
	};
	uint64_t counter = 1003;

	vdk_latch_publish(&page, &slot);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct vdk_timespec ts = { -1, -1 };

		assert_true(vdk_read_clock(&page, expected[i].id, false, &ts, fixed_counter, &counter));
		assert_int_equal(ts.tv_sec, expected[i].sec);
		assert_int_equal(ts.tv_nsec, expected[i].ns);
		assert_false(vdk_read_clock(&page, expected[i].id, false, &ts, no_counter, NULL));
	}
}

/* A counter during whose reading a publication is completed, the first time. */
static bool disturbed_counter(const void *ctx, const struct vdk_slot *slot, uint64_t *scaled)
{
	int *left = *(int *const *)ctx;

	(void)slot;
	if (scaled)
		*scaled = 0;
	if (*left > 0) {
		struct vdk_slot next = page.slot[0];

		next.sec[0]++;
		--*left;
		vdk_latch_publish(&page, &next);
	}
	return true;
}

static void reading_once_gives_up_where_the_loop_goes_round(void)
{
	static const int ids[] = { VDK_CLOCK_REALTIME, VDK_CLOCK_REALTIME_COARSE };
	struct vdk_slot slot = { .width = 64, .mode = VDK_MODE_COUNTER };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct vdk_timespec ts = { -1, -1 };
		int left = 1, *at = &left;

		vdk_latch_publish(&page, &slot);
		assert_false(vdk_read_clock(&page, ids[i], true, &ts, disturbed_counter, &at));
		assert_int_equal(ts.tv_sec, -1);
		assert_true(vdk_read_clock(&page, ids[i], true, &ts, disturbed_counter, &at));
		assert_int_equal(ts.tv_sec, 1);
		left = 3;
		assert_true(vdk_read_clock(&page, ids[i], false, &ts, disturbed_counter, &at));
		assert_int_equal(ts.tv_sec, 4);
	}
}

/* A writer that has stopped in the middle of an update: slot 1 has the new snapshot, and readers are sent there. */
static void half_an_update_is_read_in_slot_1_and_not_in_one_attempt(void)
{
	struct vdk_slot old = { .sec = { 100, 200 }, .width = 64, .mode = VDK_MODE_COUNTER }, new = old;
	static const int ids[] = { VDK_CLOCK_REALTIME, VDK_CLOCK_TAI, VDK_CLOCK_REALTIME_COARSE };
	struct vdk_timespec ts;
	uint64_t counter = 0;
	int64_t sec = -1;

	new.sec[0]++;
	vdk_latch_publish(&page, &old);
	assert_true(vdk_read_second(&page, &sec, fixed_counter, &counter) && sec == 100);
	vdk_latch_write(&page, 1, &new);
	vdk_latch_flip(&page);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_false(vdk_read_clock(&page, ids[i], true, &ts, fixed_counter, &counter));
		assert_true(vdk_read_clock(&page, ids[i], false, &ts, fixed_counter, &counter));
		assert_int_equal(ts.tv_sec, 101);
	}
	assert_false(vdk_read_second(&page, &sec, fixed_counter, &counter));
	vdk_latch_write(&page, 0, &new);
	vdk_latch_flip(&page);
	assert_true(vdk_read_second(&page, &sec, fixed_counter, &counter) && sec == 101);
	assert_false(vdk_read_second(&page, &sec, no_counter, NULL));
}

static void other_ids_are_not_served(void)
{
	static const int ids[] = { -1, 2, 3, 8, 9, 10, 12, 15, 16, 17, 32, 64, INT32_MAX, INT32_MIN, INT32_MIN + 1, 0x10001 };
	struct vdk_timespec ts = { -1, -1 };
	uint64_t counter = 0;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_false(vdk_read_clock(&page, ids[i], false, &ts, fixed_counter, &counter));
		assert_int_equal(vdk_read_res(&page, ids[i]), 0);
	}
	assert_int_equal(ts.tv_sec, -1);
}

static void a_time_moves_either_way_and_stays_one(void)
{
	static const int64_t edges[] = { 0, 1, -1, 999999999, -999999999, 1000000000, -1000000000, 1000000001, -1000000001,
		1999999999, -1999999999, INT64_MAX, INT64_MIN };

	for (int i = 0; i < CASES / 10; i++) {
		int64_t offset = i < 13 * 13 ? edges[i % 13] : (int64_t)random_bits(64);
		struct vdk_timespec ts = { (int64_t)random_bits(33), (int64_t)(random_word() % VDK_NS_PER_SEC) };
		wide_signed exact;

		if (i < 13 * 13) /* the first and the last nanosecond of a second too */
			ts.tv_nsec = (const int64_t[]){ 0, 1, 999999998, 999999999 }[i / 13 % 4];
		exact = (wide_signed)ts.tv_sec * VDK_NS_PER_SEC + ts.tv_nsec + offset;
		vdk_move(&ts, offset);
		assert_true(ts.tv_nsec >= 0 && ts.tv_nsec < VDK_NS_PER_SEC);
		assert_true((wide_signed)ts.tv_sec * VDK_NS_PER_SEC + ts.tv_nsec == exact);
	}
}

static void each_clock_has_its_offset_in_a_namespace(void)
{
	static const struct vdk_page space = { .in_namespace = 1, .offset_ns = { 77, -88 } };
	static const struct {
		int id;
		int64_t offset_ns;
	} expected[] = {
		{ VDK_CLOCK_REALTIME, 0 },     { VDK_CLOCK_MONOTONIC, 77 },        { VDK_CLOCK_MONOTONIC_RAW, 77 },
		{ VDK_CLOCK_REALTIME_COARSE, 0 }, { VDK_CLOCK_MONOTONIC_COARSE, 77 }, { VDK_CLOCK_BOOTTIME, -88 },
		{ VDK_CLOCK_TAI, 0 },
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_true(vdk_namespace_offset(&space, expected[i].id) == expected[i].offset_ns);
}

static const struct unit_test tests[] = {
	UNIT_TEST(conversion_is_exact),
	UNIT_TEST(cycles_wrap_at_the_width_and_clamp_behind),
	UNIT_TEST(carry_keeps_ns_below_a_second),
	UNIT_TEST(carry_is_right_at_each_edge),
	UNIT_TEST(each_clock_reads_its_own_words),
	UNIT_TEST(reading_once_gives_up_where_the_loop_goes_round),
	UNIT_TEST(half_an_update_is_read_in_slot_1_and_not_in_one_attempt),
	UNIT_TEST(other_ids_are_not_served),
	UNIT_TEST(a_time_moves_either_way_and_stays_one),
	UNIT_TEST(each_clock_has_its_offset_in_a_namespace),
};
RUN(tests)
