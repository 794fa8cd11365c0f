/* SPDX-License-Identifier: MIT */
/* The whole read path in threads: ticks and rate changes at random, and no reader of any thread ever sees a clock step back. The
 * counter is the machine's, or with COUNTER_IN_MEMORY one that each reading moves on: an emulator's counter is not the
 * machine's, and QEMU's user mode reads the host's TSC out of order. */
#include "page.h"

#include "counter.h"
#include "vdk/time.h"

#define SECONDS 3
#define ATTEMPTS 3
/* The writer is a thread of a shared machine: it may lose the CPU between its reading of the counter and the publication. */
#define BOUND_NS 200000000u

static struct vdk_page page __attribute__((aligned(4096)));
static struct vdk_timekeeper tk;
static uint64_t latest[12]; /* greatest reading of each clock by any thread, ns */
static uint64_t backwards, ahead, readings;

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	(void)cs;
#ifdef COUNTER_IN_MEMORY
	static uint64_t counter;

	return __atomic_add_fetch(&counter, 1000, __ATOMIC_SEQ_CST);
#else
	return vdk_counter_read(VDK_MODE_COUNTER);
#endif
}

static struct vdk_clocksource cs = { .name = "counter", .read = read_counter, .hz = 2000000000u, .width = VDK_USER_WIDTH,
	.user_mode = VDK_MODE_COUNTER };

static uint64_t read_ns(int id)
{
	struct vdk_timespec ts;

	assert_true(vdk_time_now(&tk, id, &ts));
	return (uint64_t)ts.tv_sec * VDK_NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* The greatest reading that was complete before this one began bounds this one from below, whoever took it. */
static bool steps_back(int id)
{
	uint64_t seen = __atomic_load_n(&latest[id], __ATOMIC_ACQUIRE);
	uint64_t now = read_ns(id), expected = seen;

	while (expected < now && !__atomic_compare_exchange_n(&latest[id], &expected, now, true, __ATOMIC_ACQ_REL,
							      __ATOMIC_ACQUIRE))
		;
	return now < seen;
}

static void *reader(void *arg)
{
	static const int ids[] = { VDK_CLOCK_MONOTONIC, VDK_CLOCK_REALTIME, VDK_CLOCK_BOOTTIME, VDK_CLOCK_TAI,
		VDK_CLOCK_MONOTONIC_RAW, VDK_CLOCK_MONOTONIC_COARSE, VDK_CLOCK_REALTIME_COARSE };
	uint64_t back = 0, over = 0, seen = 0;

	(void)arg;
	while (!stopped()) {
		uint64_t coarse;

		for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
			back += steps_back(ids[i]);
		coarse = read_ns(VDK_CLOCK_MONOTONIC_COARSE);
		over += coarse > read_ns(VDK_CLOCK_MONOTONIC);
		seen++;
	}
	__atomic_add_fetch(&backwards, back, __ATOMIC_RELAXED);
	__atomic_add_fetch(&ahead, over, __ATOMIC_RELAXED);
	__atomic_add_fetch(&readings, seen, __ATOMIC_RELAXED);
	return NULL;
}

static void writer(void)
{
	uint64_t end = monotonic_ns() + SECONDS * 1000000000ull;

	while (monotonic_ns() < end) {
		if (random_word() % 4)
			vdk_time_tick(&tk);
		else
			vdk_time_set_freq(&tk, (int64_t)random_between(0, 65536000) - 32768000);
		for (uint64_t pause = random_bits(16); pause; pause--)
			__asm__ volatile("");
	}
}

static void no_clock_steps_back_for_any_thread(void)
{
	struct vdk_time_config config = { .wall = { 1000, 0 }, .tick_ns = 4000000, .publish_bound_ns = BOUND_NS };

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		memset(latest, 0, sizeof(latest));
		backwards = ahead = readings = 0;
		assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
		run_threads(reader, writer);
		diag("%llu rounds, %llu late publications", (unsigned long long)readings,
			      (unsigned long long)tk.late_publishes);
		if (!tk.late_publishes) /* else the promise does not hold: see late_publishes in vdk/time.h */
			break;
	}
	assert_int_equal(tk.late_publishes, 0);
	assert_true(readings > 10000);
	assert_int_equal(backwards, 0);
	assert_int_equal(ahead, 0);
}

static const struct unit_test tests[] = {
	UNIT_TEST(no_clock_steps_back_for_any_thread),
};
RUN(tests)
