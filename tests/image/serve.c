/* SPDX-License-Identifier: MIT */
/* With a page that a timekeeper fills, each function of the image answers by itself, and as the timekeeper's own reading does.
 * Owns: the comparison of the two views of one page. Relies on: the counter of this machine; seccomp for the last test.
 * Never: asks the host for the time. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include "functions.h"

#if VDK_IMAGE_MACHINE == EM_X86_64
#include <x86intrin.h>
#endif

#include "counter.h"
#include "counter_mode.h"
#include "page/latch.h"
#include "vdk/time.h"

#define ROUNDS 200000
/* Any: the clocks then run at another speed than the wall's, which nothing here asks. A slow counter is scaled, a fast one is not. */
static const uint64_t frequencies[] = { 1000000000, 3000000000 };

static uint64_t behind; /* by so much the timekeeper's counter is behind while it starts */

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	return vdk_counter_read(cs->user_mode) - behind;
}

static struct vdk_clocksource cs = { .name = "counter", .read = read_counter, .width = VDK_USER_WIDTH,
	.user_mode = VDK_MODE_COUNTER };
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

static void start(struct vdk_page *page, unsigned int mode, uint64_t hz)
{
	struct vdk_time_config config = { .wall = { 1700000000, 999999990 }, .tai_offset_sec = 37, .tick_ns = 4000000 };

	cs.user_mode = mode;
	cs.hz = hz;
	if (vdk_time_init(&tk, &cs, page, &config) != 0)
		bail("the timekeeper does not start");
}

/* timekeeper <= image <= timekeeper, with ticks at every moment. */
static void test_brackets(struct vdk_page *page, unsigned int mode, uint64_t hz)
{
	pthread_t ticker;

	if (!has_counter_mode(mode)) {
		skip("this CPU's counter can't be read so", "image_and_timekeeper_agree_in_mode_%u", mode);
		return;
	}
	start(page, mode, hz);
	stop = false;
	if (pthread_create(&ticker, NULL, tick, NULL) != 0)
		bail("no thread");
	for (size_t c = 0; c < CLOCKS; c++) {
		int outside = 0;

		for (int i = 0; i < ROUNDS / (int)CLOCKS; i++) {
			int64_t before = kernel_ns(clocks[c]), now = user_ns(clocks[c]);

			outside += now < before || now > kernel_ns(clocks[c]);
		}
		is_int(outside, 0, "image_and_timekeeper_agree_on_clock_%d_in_mode_%u_at_%llu_hz", clocks[c], mode,
		       (unsigned long long)hz);
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

/* No tick for long, or a base that is ahead of this CPU's counter: the way that readings with a changed upper half go, and those that
 * are clamped, must agree too. */
static void test_far_bases(struct vdk_page *page, unsigned int mode, uint64_t hz)
{
	static const uint64_t spans[] = { 0x7fffff00, 0xffff0000, 0xffffffff, 0x100000000, 0x100010000, 0x300000000, 1ull << 40,
		1ull << 56, -(1ull << 20), -(1ull << 33), -(1ull << 62) };
	int outside = 0;

	if (!has_counter_mode(mode))
		return;
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		behind = spans[i];
		start(page, mode, hz);
		behind = 0;
		for (int n = 0; n < 3000; n++)
			for (size_t c = 0; c < CLOCKS; c++) {
				int64_t before = kernel_ns(clocks[c]), now = user_ns(clocks[c]);

				outside += now < before || now > kernel_ns(clocks[c]);
			}
	}
	is_int(outside, 0, "image_and_timekeeper_agree_far_from_the_last_tick_in_mode_%u_at_%llu_hz", mode, (unsigned long long)hz);
}

/* time() is the coarse second: it stays while the fine clock, a few ns later, is in the next. */
static void test_time_is_coarse(struct vdk_page *page)
{
	struct timespec ts = { 0, 0 };
	int64_t second;

	if (!vdso_time)
		return;
	start(page, VDK_MODE_COUNTER, frequencies[0]);
	while (kernel_ns(VDK_CLOCK_MONOTONIC) < 1000)
		;
	second = vdso_time(NULL);
	vdso_clock_gettime(CLOCK_REALTIME, &ts);
	is_int(second, 1700000000, "time_stays_until_the_tick");
	ok(ts.tv_sec >= 1700000001, "clock_gettime_does_not_wait_for_the_tick");
	vdk_time_tick(&tk);
	ok(vdso_time(NULL) >= 1700000001, "time_goes_on_with_the_tick");
}

#if VDK_IMAGE_MACHINE == EM_X86_64
static uint64_t ordered_tsc(void)
{
	uint64_t tsc;

	_mm_lfence();
	tsc = __rdtsc();
	_mm_lfence();
	return tsc;
}

static void test_counter(unsigned int mode)
{
	int outside = 0;

	for (int i = 0; i < 10000; i++) {
		uint64_t before = ordered_tsc(), value = vdk_counter_read(mode);

		outside += value < before || value > ordered_tsc();
	}
	is_int(outside, 0, "counter_in_mode_%u_is_the_whole_TSC", mode);
}

static bool cpu_has(const char *flag)
{
	char line[8192], word[64];
	FILE *file = fopen("/proc/cpuinfo", "r");
	bool found = false;

	snprintf(word, sizeof(word), " %s ", flag);
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = ' ';
		found = strncmp(line, "flags", 5) == 0 && strstr(line, word);
	}
	if (file)
		fclose(file);
	return found;
}

/* The host keeps what Linux keeps for its own vDSO, so the host's answer is the oracle. */
static void test_getcpu(struct vdk_page *page, unsigned int mode)
{
	cpu_set_t allowed, one;
	unsigned int wrong = 0, cpus = 0;

	page->cpu_mode = mode;
	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (unsigned int i = 0; i < CPU_SETSIZE; i++) {
		unsigned int cpu = -1u, node = -1u, host_cpu = -2u, host_node = -2u;

		if (!CPU_ISSET(i, &allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		cpus++;
		wrong += sched_setaffinity(0, sizeof(one), &one) != 0 || syscall(SYS_getcpu, &host_cpu, &host_node, NULL) != 0 ||
			 vdso_getcpu(&cpu, &node, NULL) != 0 || cpu != host_cpu || node != host_node || cpu != i;
	}
	sched_setaffinity(0, sizeof(allowed), &allowed);
	ok(wrong == 0 && cpus > 0, "getcpu_in_mode_%u_is_right_on_each_of_%u_cpus", mode, cpus);
}

static void test_getcpu_calls(struct vdk_page *page)
{
	unsigned int cpu, node;

	page->cpu_mode = VDK_CPU_SYSCALL;
	is_int(vdso_getcpu(&cpu, &node, NULL), -FILTERED, "getcpu_without_a_mode_is_the_system_call");
	page->cpu_mode = VDK_CPU_LSL;
	is_int(vdso_getcpu(&cpu, &node, NULL), 0, "getcpu_by_LSL_makes_no_system_call");
	if (cpu_has("rdpid")) {
		page->cpu_mode = VDK_CPU_RDPID;
		is_int(vdso_getcpu(&cpu, &node, NULL), 0, "getcpu_by_RDPID_makes_no_system_call");
		is_int(vdso_getcpu(NULL, NULL, NULL), 0, "getcpu_of_nothing_makes_no_system_call");
	}
}

static void test_machine(struct vdk_page *page)
{
	test_counter(VDK_MODE_COUNTER);
	test_counter(VDK_MODE_COUNTER_ALT);
	test_getcpu(page, VDK_CPU_LSL);
	if (cpu_has("rdpid"))
		test_getcpu(page, VDK_CPU_RDPID);
	else
		skip("no RDPID here", "getcpu_in_mode_%u_is_right", VDK_CPU_RDPID);
}
#else
static void test_machine(struct vdk_page *page) { (void)page; }
static void test_getcpu_calls(struct vdk_page *page) { (void)page; }
#endif

/* The writer has stopped between its two halves for good: slot 1 serves, slot 0 may say anything. */
static void test_stopped_writer(struct vdk_page *page)
{
	const unsigned int mode = has_counter_mode(VDK_MODE_COUNTER) ? VDK_MODE_COUNTER : VDK_MODE_COUNTER_ALT;
	const int64_t ahead = 1000;
	struct vdk_slot next, spoilt;
	int outside = 0;

	start(page, mode, frequencies[0]);
	next = spoilt = tk.now;
	next.sec[0] += ahead, next.sec[1] += ahead, next.boottime_sec += ahead, next.raw_sec += ahead;
	vdk_latch_write(page, 1, &next);
	vdk_latch_flip(page);
	spoilt.sec[0] = spoilt.sec[1] = spoilt.boottime_sec = spoilt.raw_sec = 1;
	vdk_slot_store(&page->slot[0], &spoilt);
	for (size_t c = 0; c < CLOCKS; c++) {
		int64_t before = kernel_ns(clocks[c]), now = user_ns(clocks[c]);

		outside += now < before || now > kernel_ns(clocks[c]) || now < ahead * (int64_t)VDK_NS_PER_SEC;
	}
	is_int(outside, 0, "image_and_timekeeper_agree_where_the_writer_has_stopped_between_two_slots");
	if (vdso_time)
		is_int(vdso_time(NULL), next.sec[0], "and_so_does_time");
}

static void test_no_system_call(struct vdk_page *page)
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
	test_getcpu_calls(page);
}

int main(void)
{
	const unsigned char *image = map_functions();
	struct vdk_page *page = open_page(image);

	for (size_t i = 0; i < sizeof(frequencies) / sizeof(frequencies[0]); i++) {
		test_brackets(page, VDK_MODE_COUNTER, frequencies[i]);
		test_brackets(page, VDK_MODE_COUNTER_ALT, frequencies[i]);
		test_far_bases(page, VDK_MODE_COUNTER, frequencies[i]);
		test_far_bases(page, VDK_MODE_COUNTER_ALT, frequencies[i]);
	}
	test_time_is_coarse(page);
	test_stopped_writer(page);
	test_machine(page);
	test_no_system_call(page);
	return done();
}
