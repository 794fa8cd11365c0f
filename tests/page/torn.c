/* SPDX-License-Identifier: MIT */
/* The page protocol in threads: the payload obeys equations, and any torn read breaks one. */
#include "page.h"

#include "page/latch.h"

#define UPDATES 3000000

static struct vdk_page page __attribute__((aligned(4096)));
static uint64_t torn, backwards, readings, retries;

/* All fields follow from n, some scaled, some inverted, so that no mixture of two snapshots fits. */
static struct vdk_slot snapshot(uint64_t n)
{
	return (struct vdk_slot){
		.cycles = n, .mult = n * 3 + 1, .frac = ~n, .sec = { (int64_t)n + 1000, (int64_t)(n * 7) },
		.ns = { (uint32_t)n, (uint32_t)~n }, .mode = 1 + (n & 1), .shift = n & 31, .width = 2 + n % 63,
		.boottime_sec = (int64_t)(n * 11), .boottime_ns = (uint32_t)n + 5, .tai_offset_sec = (int32_t)n,
		.raw_mult = n * 13, .raw_frac = n ^ 0x5555555555555555u, .raw_sec = -(int64_t)n, .raw_ns = (uint32_t)n * 17,
	};
}

static void *reader(void *arg)
{
	uint64_t last = 0, seen = 0, again = 0, bad = 0, back = 0;

	(void)arg;
	while (!stopped()) {
		struct vdk_slot got, whole;
		uint64_t seq;

		for (;;) {
			seq = vdk_latch_begin(&page);
			vdk_slot_store(&got, vdk_latch_slot(&page, seq));
			if (!vdk_latch_retry(&page, seq))
				break;
			again++;
		}
		whole = snapshot(got.cycles);
		got.seq = 0;
		memset(got.pad0, 0, sizeof(got.pad0));
		memset(got.pad1, 0, sizeof(got.pad1));
		bad += memcmp(&got, &whole, sizeof(got)) != 0;
		back += got.cycles < last;
		last = got.cycles;
		seen++;
	}
	__atomic_add_fetch(&torn, bad, __ATOMIC_RELAXED);
	__atomic_add_fetch(&backwards, back, __ATOMIC_RELAXED);
	__atomic_add_fetch(&readings, seen, __ATOMIC_RELAXED);
	__atomic_add_fetch(&retries, again, __ATOMIC_RELAXED);
	return NULL;
}

/* In bursts, with pauses of all lengths, so that readers meet each phase of an update and of the rest between. */
static void writer(void)
{
	for (uint64_t n = 1; n <= UPDATES; n++) {
		struct vdk_slot now = snapshot(n);

		vdk_latch_publish(&page, &now);
		for (uint64_t pause = random_bits(n % 1000 ? 6 : 14); pause; pause--)
			__asm__ volatile("");
		if (n % 50000 == 0)
			sched_yield();
	}
}

static void reader_never_returns_a_torn_snapshot(void)
{
	struct vdk_slot first = snapshot(0);

	vdk_latch_publish(&page, &first);
	run_threads(reader, writer);
	diag("%llu readings, %llu retries, %d updates", (unsigned long long)readings, (unsigned long long)retries,
		      UPDATES);
	assert_int_equal(torn, 0);
	assert_int_equal(backwards, 0);
	assert_true(readings > 100000);
	assert_true(retries > 0); /* else nothing was raced, and the test shows nothing */
	assert_int_equal(page.slot[0].seq, 2ull * VDK_LATCH_STEP * (UPDATES + 1));
}

static const struct unit_test tests[] = {
	UNIT_TEST(reader_never_returns_a_torn_snapshot),
};
RUN(tests)
