/* SPDX-License-Identifier: MIT */
/* With a page that a timekeeper fills, each function of the image answers by itself, and as the timekeeper's own reading does.
 * Owns: the comparison of the two views of one page. Relies on: the counter of this machine; seccomp for the last test.
 * Never: asks the host for the time. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>

#include "functions.h"

#include "counter.h"
#include "vdk/time.h"

#define ROUNDS 200000
#define HZ 1000000000u /* any: the clocks then run at another speed than the wall's, which nothing here asks */

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	return vdk_counter_read(cs->user_mode);
}

static struct vdk_clocksource cs = { "counter", read_counter, HZ, VDK_USER_WIDTH, VDK_MODE_COUNTER };
static struct vdk_timekeeper tk;
static bool stop;

static const int clocks[] = { VDK_CLOCK_REALTIME, VDK_CLOCK_MONOTONIC, VDK_CLOCK_MONOTONIC_RAW, VDK_CLOCK_REALTIME_COARSE,
	VDK_CLOCK_MONOTONIC_COARSE, VDK_CLOCK_BOOTTIME, VDK_CLOCK_TAI };
#define CLOCKS (sizeof(clocks) / sizeof(clocks[0]))

static int64_t kernel_ns(int id)
{
	struct vdk_timespec ts = { 0, 0 };

	if (!vdk_time_now(&tk, id, &ts))
		bail("clock %d: the timekeeper does not serve it", id);
	return ts.tv_sec * VDK_NS_PER_SEC + ts.tv_nsec;
}

static int64_t user_ns(int id)
{
	struct timespec ts = { -1, -1 };

	if (vdso_clock_gettime(id, &ts) != 0)
		return -1;
	return ts.tv_sec * VDK_NS_PER_SEC + ts.tv_nsec;
}

static void *tick(void *unused)
{
	(void)unused;
	for (unsigned int n = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); n++) {
		vdk_time_tick(&tk);
		for (unsigned int pause = n % 1000; pause; pause--)
			__asm__ volatile("");
	}
	return NULL;
}

static void start(struct vdk_page *page, unsigned int mode)
{
	struct vdk_time_config config = { .wall = { 1700000000, 999999990 }, .tai_offset_sec = 37, .tick_ns = 4000000 };

	cs.user_mode = mode;
	if (vdk_time_init(&tk, &cs, page, &config) != 0)
		bail("the timekeeper does not start");
}

/* timekeeper <= image <= timekeeper, with ticks at every moment. */
static void test_brackets(struct vdk_page *page, unsigned int mode)
{
	pthread_t ticker;

	start(page, mode);
	stop = false;
	if (pthread_create(&ticker, NULL, tick, NULL) != 0)
		bail("no thread");
	for (size_t c = 0; c < CLOCKS; c++) {
		int outside = 0;

		for (int i = 0; i < ROUNDS / (int)CLOCKS; i++) {
			int64_t before = kernel_ns(clocks[c]), now = user_ns(clocks[c]);

			outside += now < before || now > kernel_ns(clocks[c]);
		}
		is_int(outside, 0, "image_and_timekeeper_agree_on_clock_%d_in_mode_%u", clocks[c], mode);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(ticker, NULL);
}

static void test_calls(void)
{
	struct timespec res = { -1, -1 };
	struct timeval tv = { -1, -1 };
	struct timezone tz = { -1, -1 };
	int64_t before;

	vdk_time_set_zone(&tk, -120, 1);
	before = kernel_ns(VDK_CLOCK_REALTIME);
	is_int(vdso_gettimeofday(&tv, &tz), 0, "gettimeofday_is_served");
	ok((tv.tv_sec * 1000000 + tv.tv_usec) * 1000 >= before - 999 &&
	   (tv.tv_sec * 1000000 + tv.tv_usec) * 1000 <= kernel_ns(VDK_CLOCK_REALTIME), "gettimeofday_is_REALTIME_in_microseconds");
	ok(tz.tz_minuteswest == -120 && tz.tz_dsttime == 1, "gettimeofday_gives_the_zone");
	is_int(vdso_gettimeofday(NULL, NULL), 0, "gettimeofday_of_nothing_is_served");
	for (size_t c = 0; c < CLOCKS; c++) {
		bool coarse = clocks[c] == VDK_CLOCK_REALTIME_COARSE || clocks[c] == VDK_CLOCK_MONOTONIC_COARSE;

		is_int(vdso_clock_getres(clocks[c], &res), 0, "clock_getres_of_clock_%d_is_served", clocks[c]);
		ok(res.tv_sec == 0 && res.tv_nsec == (coarse ? 4000000 : 1), "clock_getres_of_clock_%d_is_right", clocks[c]);
		is_int(vdso_clock_getres(clocks[c], NULL), 0, "clock_getres_of_clock_%d_without_a_place_is_served", clocks[c]);
	}
	if (vdso_time) {
		time_t t = -1, result = vdso_time(&t);

		is_int(result, kernel_ns(VDK_CLOCK_REALTIME_COARSE) / (int64_t)VDK_NS_PER_SEC, "time_is_the_coarse_second");
		is_int(t, result, "time_stores_what_it_returns");
		is_int(vdso_time(NULL), result, "time_without_a_place_is_served");
	}
}

static void test_no_system_call(void)
{
	struct timespec ts;

	if (!filter_calls()) {
		skip("no seccomp here", "no_served_clock_makes_a_system_call");
		return;
	}
	for (size_t c = 0; c < CLOCKS; c++)
		ok(user_ns(clocks[c]) >= 0, "clock_%d_makes_no_system_call", clocks[c]);
	is_int(vdso_clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), -FILTERED, "cpu_time_is_the_system_call");
	is_int(vdso_clock_gettime(-1, &ts), -FILTERED, "unknown_clock_is_the_system_call");
	test_calls();
}

int main(void)
{
	const unsigned char *image = map_functions();
	struct vdk_page *page = (struct vdk_page *)(uintptr_t)(image - VDK_IMAGE_DATA_SIZE);

	if (mprotect(page, VDK_IMAGE_DATA_SIZE, PROT_READ | PROT_WRITE) != 0)
		bail("mprotect: %s", strerror(errno));
	test_brackets(page, VDK_MODE_COUNTER);
	test_brackets(page, VDK_MODE_COUNTER_ALT);
	test_no_system_call();
	return done();
}
