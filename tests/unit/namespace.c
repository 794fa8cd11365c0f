/* SPDX-License-Identifier: MIT */
/* kit/time/namespace.c: each clock in a namespace is the system's plus its offset, to the nanosecond; offsets that make no time are refused,
 * and then nothing changes; a reader that asks the page itself is sent to the kernel.
 * Owns: the claims of vdk/namespace.h. Relies on: a counter that stands still. */
#include "unit.h"

#include <string.h>

#include "page/read.h"
#include "vdk/namespace.h"

static struct vdk_page page __attribute__((aligned(VDK_PAGE_SIZE))), space __attribute__((aligned(VDK_PAGE_SIZE))),
	other __attribute__((aligned(VDK_PAGE_SIZE)));
static struct vdk_timekeeper tk;

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	(void)cs;
	return 0;
}

static const struct vdk_clocksource cs = { .name = "still", .read = read_counter, .hz = 1000000000, .width = 64,
	.user_mode = VDK_MODE_COUNTER };
static const int clocks[] = { VDK_CLOCK_REALTIME, VDK_CLOCK_MONOTONIC, VDK_CLOCK_MONOTONIC_RAW, VDK_CLOCK_REALTIME_COARSE,
	VDK_CLOCK_MONOTONIC_COARSE, VDK_CLOCK_BOOTTIME, VDK_CLOCK_TAI };

static void start(void)
{
	struct vdk_time_config config = { .wall = { 1700000000, 5 }, .monotonic = { 100, 999999999 }, .boottime = { 200, 0 },
		.raw = { 99, 1 }, .tick_ns = 4000000 };

	assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
	assert_int_equal(vdk_namespace_init(&space, NULL), 0);
}

static int64_t ns(const struct vdk_timespec *ts)
{
	return ts->tv_sec * (int64_t)VDK_NS_PER_SEC + ts->tv_nsec;
}

static int64_t offset_of(int id, const struct vdk_time_offsets *o)
{
	switch (id) {
	case VDK_CLOCK_MONOTONIC:
	case VDK_CLOCK_MONOTONIC_RAW:
	case VDK_CLOCK_MONOTONIC_COARSE:
		return ns(&o->monotonic);
	case VDK_CLOCK_BOOTTIME:
		return ns(&o->boottime);
	default:
		return 0;
	}
}

static void each_clock_has_its_offset(void)
{
	static const struct vdk_time_offsets offsets[] = {
		{ { 0, 0 }, { 0, 0 } }, { { 0, 1 }, { 0, 999999999 } }, { { -1, 999999999 }, { -1, 0 } }, { { -1, 1 }, { -200, 0 } },
		{ { -101, 1 }, { 86400, 500000000 } }, { { VDK_NAMESPACE_SEC_MAX - 101, 0 }, { VDK_NAMESPACE_SEC_MAX - 200, 999999999 } },
	};

	start();
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct vdk_time_offsets got;

		assert_int_equal(vdk_namespace_set(&space, &tk, &offsets[i]), 0);
		vdk_namespace_get(&space, &got);
		assert_true(memcmp(&got, &offsets[i], sizeof(got)) == 0);
		assert_int_equal(vdk_namespace_init(&other, &space), 0);
		for (size_t c = 0; c < sizeof(clocks) / sizeof(clocks[0]); c++) {
			struct vdk_timespec outside, inside, copied;

			assert_true(vdk_namespace_now(&tk, NULL, clocks[c], &outside));
			assert_true(vdk_namespace_now(&tk, &space, clocks[c], &inside));
			assert_true(vdk_namespace_now(&tk, &other, clocks[c], &copied));
			assert_true(inside.tv_nsec >= 0 && inside.tv_nsec < (int64_t)VDK_NS_PER_SEC);
			assert_true(ns(&inside) - ns(&outside) == offset_of(clocks[c], &offsets[i]));
			assert_true(ns(&copied) == ns(&inside));
			assert_true(vdk_namespace_offset_ns(&space, clocks[c]) == offset_of(clocks[c], &offsets[i]));
			assert_true(vdk_namespace_offset_ns(NULL, clocks[c]) == 0);
		}
	}
}

static void bad_offsets_are_refused_and_change_nothing(void)
{
	static const struct {
		struct vdk_time_offsets offsets;
		int error;
	} bad[] = {
		{ { { 0, -1 }, { 0, 0 } }, VDK_EINVAL }, { { { 0, 0 }, { 0, 1000000000 } }, VDK_EINVAL },
		{ { { 0, INT64_MIN }, { 0, 0 } }, VDK_EINVAL }, { { { -102, 0 }, { 0, 0 } }, VDK_ERANGE },
		{ { { 0, 0 }, { -201, 999999999 } }, VDK_ERANGE }, { { { VDK_NAMESPACE_SEC_MAX - 99, 0 }, { 0, 0 } }, VDK_ERANGE },
		{ { { 0, 0 }, { VDK_NAMESPACE_SEC_MAX + 1, 0 } }, VDK_ERANGE }, { { { INT64_MAX, 0 }, { 0, 0 } }, VDK_ERANGE },
		{ { { INT64_MIN, 0 }, { 0, 0 } }, VDK_ERANGE },
	};
	const struct vdk_time_offsets good = { { 7, 8 }, { 9, 10 } };

	start();
	assert_int_equal(vdk_namespace_set(&space, &tk, &good), 0);
	memcpy(&other, &space, sizeof(space));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(vdk_namespace_check(&tk, &bad[i].offsets), -bad[i].error);
		assert_int_equal(vdk_namespace_set(&space, &tk, &bad[i].offsets), -bad[i].error);
		assert_true(memcmp(&space, &other, sizeof(space)) == 0);
	}
	for (uintptr_t off = 1; off < VDK_PAGE_SIZE; off *= 2)
		assert_int_equal(vdk_namespace_init((struct vdk_page *)((uintptr_t)&space + off), NULL), -VDK_EINVAL);
	assert_true(memcmp(&space, &other, sizeof(space)) == 0);
}

static void page_of_a_namespace_says_ask_the_kernel(void)
{
	start();
	assert_true(space.magic == VDK_PAGE_MAGIC && space.version == VDK_PAGE_VERSION && space.size == sizeof(space));
	assert_int_equal(space.in_namespace, 1);
	assert_int_equal(page.in_namespace, 0);
	assert_int_equal(vdk_latch_slot(&space, vdk_latch_begin(&space))->mode, VDK_MODE_SYSCALL);
	assert_true(vdk_latch_slot(&space, vdk_latch_begin(&space)) == &space.slot[0]);
	assert_true(vdk_latch_begin(&space) % VDK_LATCH_STEP != 0); /* no page proper has such a number */
	assert_true(!space.res_ns && !space.coarse_res_ns && space.cpu_mode == VDK_CPU_SYSCALL && !space.hwprobe_count);
}

static const struct unit_test tests[] = {
	UNIT_TEST(each_clock_has_its_offset),
	UNIT_TEST(bad_offsets_are_refused_and_change_nothing),
	UNIT_TEST(page_of_a_namespace_says_ask_the_kernel),
};
RUN(tests)
