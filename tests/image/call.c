/* SPDX-License-Identifier: MIT */
/* With a data page of zeros, "the counter can't be used", each function of the image is the system call.
 * Owns: the comparison with the host's Linux, the oracle for results, errors and null pointers.
 * Relies on: a host of the image's architecture; seccomp for the last tests.
 * Never: calls libc for the time. It might use the host's vDSO. */
#define _GNU_SOURCE
#include <limits.h>
#include <sched.h>
#include <unistd.h>

#include "functions.h"

#define ROUNDS 2000

static const unsigned char *data; /* the read-only data page */

/* What the system call returns in the kernel's way: a negative errno for an error. */
#define RAW(name, ...) raw_result(syscall(SYS_##name, __VA_ARGS__))

static long raw_result(long result)
{
	return result == -1 ? -errno : result;
}

static const clockid_t clocks[] = {
	CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW,      CLOCK_REALTIME_COARSE,   CLOCK_MONOTONIC_COARSE,
	CLOCK_BOOTTIME, CLOCK_TAI,       CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
};

#define CLOCKS (sizeof(clocks) / sizeof(clocks[0]))

static bool in_order(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec <= b->tv_nsec);
}

static void test_clock_gettime(clockid_t id)
{
	bool good = true;

	for (unsigned int round = 0; round < ROUNDS && good; round++) {
		struct timespec before, ts = { -1, -1 }, after;

		good = RAW(clock_gettime, id, &before) == 0 && vdso_clock_gettime(id, &ts) == 0 &&
		       RAW(clock_gettime, id, &after) == 0 && in_order(&before, &ts) && in_order(&ts, &after);
	}
	ok(good, "clock_gettime_of_clock_%d_lies_between_two_system_calls", id);
}

/* Every small id, good, bad and dynamic, and the extremes. */
static void test_ids(void)
{
	const clockid_t cpu_clock_of_this = ~getpid() * 8 + 2, others[] = { INT_MIN, INT_MAX, cpu_clock_of_this };
	unsigned int gettime = 0, getres = 0;

	for (int i = -256; i < 256 + 3; i++) {
		const clockid_t id = i < 256 ? i : others[i - 256];
		struct timespec ts, res = { -1, -1 }, raw_res = { -1, -1 };

		gettime += vdso_clock_gettime(id, &ts) != RAW(clock_gettime, id, &ts);
		getres += vdso_clock_getres(id, &res) != RAW(clock_getres, id, &raw_res) ||
			  res.tv_sec != raw_res.tv_sec || res.tv_nsec != raw_res.tv_nsec;
	}
	is_int(gettime, 0, "clock_gettime_has_the_system_calls_result_for_every_id");
	is_int(getres, 0, "clock_getres_has_the_system_calls_result_for_every_id");
	is_int(vdso_clock_gettime(99, &(struct timespec){ 0 }), -EINVAL, "clock_gettime_of_a_bad_id_is_EINVAL");
	is_int(vdso_clock_getres(99, &(struct timespec){ 0 }), -EINVAL, "clock_getres_of_a_bad_id_is_EINVAL");
	is_int(vdso_clock_getres(99, NULL), -EINVAL, "clock_getres_of_a_bad_id_is_EINVAL_without_res");
}

static void test_gettimeofday(void)
{
	struct timezone tz = { -1, -1 }, raw_tz;
	struct timeval before, tv, after;
	bool good = true;

	for (unsigned int round = 0; round < ROUNDS && good; round++) {
		good = RAW(gettimeofday, &before, NULL) == 0 && vdso_gettimeofday(&tv, &tz) == 0 &&
		       RAW(gettimeofday, &after, &raw_tz) == 0 && !timercmp(&tv, &before, <) &&
		       !timercmp(&after, &tv, <);
	}
	ok(good, "gettimeofday_lies_between_two_system_calls");
	ok(tz.tz_minuteswest == raw_tz.tz_minuteswest && tz.tz_dsttime == raw_tz.tz_dsttime,
	   "gettimeofday_has_the_system_calls_time_zone");

	is_int(vdso_gettimeofday(&tv, NULL), 0, "gettimeofday_needs_no_tz");
	is_int(vdso_gettimeofday(NULL, &tz), 0, "gettimeofday_needs_no_tv");
	ok(tz.tz_minuteswest == 0 && tz.tz_dsttime == 0, "gettimeofday_without_tv_has_the_pages_time_zone");
	is_int(vdso_gettimeofday(NULL, NULL), 0, "gettimeofday_needs_nothing");
}

#ifdef SYS_time
static void test_time(void)
{
	bool good = true;

	for (unsigned int round = 0; round < ROUNDS && good; round++) {
		time_t stored = -1, before, now, after;

		before = RAW(time, NULL);
		now = vdso_time(round % 2 ? &stored : NULL);
		after = RAW(time, NULL);
		good = before <= now && now <= after && (stored == now || round % 2 == 0);
	}
	ok(good, "time_lies_between_two_system_calls");
}
#endif

static void test_getcpu(void)
{
	cpu_set_t allowed, one;
	bool good = true;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (unsigned int i = 0; i < CPU_SETSIZE; i++) {
		unsigned int cpu = -1u, node = -1u, raw_cpu, raw_node;

		if (!CPU_ISSET(i, &allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		good &= sched_setaffinity(0, sizeof(one), &one) == 0 && RAW(getcpu, &raw_cpu, &raw_node, NULL) == 0 &&
			vdso_getcpu(&cpu, &node, NULL) == 0 && cpu == raw_cpu && node == raw_node && cpu == i;
		good &= vdso_getcpu(&cpu, NULL, NULL) == 0 && vdso_getcpu(NULL, &node, NULL) == 0 && cpu == i &&
			node == raw_node;
	}
	sched_setaffinity(0, sizeof(allowed), &allowed);
	ok(good, "getcpu_has_the_system_calls_result_on_each_cpu");
	is_int(vdso_getcpu(NULL, NULL, NULL), 0, "getcpu_needs_nothing");
}

static void test_bad_pointers(void)
{
	void *const none = mmap(NULL, MAP_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct {
		const char *name;
		void *pointer;
	} bad[] = { { "an_unmapped_page", none },
		    { "the_data_page", (void *)data },
		    { "the_kernel", (void *)-MAP_PAGE } };

	for (size_t i = 0; i < CLOCKS; i++)
		is_int(vdso_clock_gettime(clocks[i], NULL), -EFAULT, "clock_gettime_of_clock_%d_to_null_is_EFAULT",
		       clocks[i]);
	for (size_t i = 0; i < CLOCKS; i++)
		is_int(vdso_clock_getres(clocks[i], NULL), 0, "clock_getres_of_clock_%d_needs_no_res", clocks[i]);
	for (size_t b = 0; b < sizeof(bad) / sizeof(bad[0]); b++) {
		unsigned int gettime = 0, getres = 0;

		for (size_t i = 0; i < CLOCKS; i++) {
			gettime += vdso_clock_gettime(clocks[i], bad[b].pointer) != -EFAULT;
			/* which QEMU's user mode does not see */
			getres += vdso_clock_getres(clocks[i], bad[b].pointer) != RAW(clock_getres, clocks[i], bad[b].pointer);
		}
		is_int(gettime, 0, "clock_gettime_to_%s_is_EFAULT", bad[b].name);
		is_int(getres, 0, "clock_getres_to_%s_has_the_system_calls_result", bad[b].name);
		is_int(vdso_gettimeofday(bad[b].pointer, NULL), -EFAULT, "gettimeofday_to_%s_is_EFAULT", bad[b].name);
		is_int(vdso_gettimeofday(&(struct timeval){ 0 }, bad[b].pointer), -EFAULT,
		       "gettimeofday_with_tz_in_%s_is_EFAULT", bad[b].name);
		if (vdso_time)
			is_int(vdso_time(bad[b].pointer), -EFAULT, "time_to_%s_is_EFAULT", bad[b].name);
		if (vdso_getcpu)
			is_int(vdso_getcpu(bad[b].pointer, NULL, NULL), -EFAULT, "getcpu_to_%s_is_EFAULT", bad[b].name);
		if (vdso_getcpu)
			is_int(vdso_getcpu(NULL, bad[b].pointer, NULL), -EFAULT, "getcpu_with_node_in_%s_is_EFAULT",
			       bad[b].name);
	}
}

static void test_calls_are_made(void)
{
	struct timespec ts;
	struct timeval tv;
	struct timezone tz;
	unsigned int cpu, node;
	time_t t;

	if (!filter_calls()) {
		skip("no seccomp here", "each_call_is_made_and_its_result_is_returned");
		return;
	}
	for (size_t i = 0; i < CLOCKS; i++)
		is_int(vdso_clock_gettime(clocks[i], &ts), -FILTERED, "clock_gettime_of_clock_%d_is_the_system_call",
		       clocks[i]);
	for (size_t i = 0; i < CLOCKS; i++)
		is_int(vdso_clock_getres(clocks[i], &ts), -FILTERED, "clock_getres_of_clock_%d_is_the_system_call",
		       clocks[i]);
	is_int(vdso_gettimeofday(&tv, NULL), -FILTERED, "gettimeofday_is_the_system_call");
	is_int(vdso_gettimeofday(&tv, &tz), -FILTERED, "gettimeofday_with_tz_is_the_system_call");
	if (vdso_time)
		is_int(vdso_time(&t), -FILTERED, "time_is_the_system_call");
	if (vdso_getcpu)
		is_int(vdso_getcpu(&cpu, &node, NULL), -FILTERED, "getcpu_is_the_system_call");
}

int main(void)
{
	const unsigned char *image = map_functions();

	data = image - VDK_IMAGE_DATA_SIZE;

	for (size_t i = 0; i < CLOCKS; i++)
		test_clock_gettime(clocks[i]);
	test_ids();
	test_gettimeofday();
#ifdef SYS_time
	test_time();
#endif
	if (vdso_getcpu)
		test_getcpu();
	test_bad_pointers();
	test_calls_are_made();
	return done();
}
