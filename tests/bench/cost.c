/* SPDX-License-Identifier: MIT */
/* What one call of each of the vDSO's functions costs, by the clock: instructions, where QEMU's -icount lets the clock
 * count them.
 *
 * Owns: nothing. Relies on: any Linux, any libc; vdso_reader.h.
 * Never: counts the loop: a loop round an empty function is subtracted. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "vdso_reader.h"

#define CALLS 100000

typedef long function_t(long a, long b, long c);

static struct timespec result;
static uint32_t cpu, node;

static __attribute__((noinline)) long nothing(long a, long b, long c)
{
	__asm__ volatile("" : : "r"(a), "r"(b), "r"(c));
	return 0;
}

static __attribute__((noinline)) long clock_gettime_call(long a, long b, long c)
{
	(void)c;
	return syscall(SYS_clock_gettime, a, b);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static __attribute__((noinline)) int64_t loop_ns(function_t *volatile f, long a, long b)
{
	function_t *fn = f;
	int64_t start = now_ns();

	for (int i = 0; i < CALLS; i++)
		fn(a, b, 0);
	return now_ns() - start;
}

static void show(const char *function, const char *what, function_t *f, long a, long b)
{
	double ns;

	loop_ns(f, a, b);
	ns = (double)(loop_ns(f, a, b) - loop_ns(nothing, a, b)) / CALLS;
	printf("%s %s %.1f\n", function, what, ns);
	fflush(stdout);
}

static function_t *find(const struct vdso *v, const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), VDSO_PREFIX "%s", name);
	return (function_t *)vdso_function(v, full);
}

int main(void)
{
	static const struct {
		long id;
		const char *name;
	} clocks[] = {
		{ CLOCK_REALTIME, "REALTIME" },
		{ CLOCK_MONOTONIC, "MONOTONIC" },
		{ CLOCK_MONOTONIC_RAW, "MONOTONIC_RAW" },
		{ CLOCK_REALTIME_COARSE, "REALTIME_COARSE" },
		{ CLOCK_MONOTONIC_COARSE, "MONOTONIC_COARSE" },
		{ CLOCK_BOOTTIME, "BOOTTIME" },
		{ CLOCK_TAI, "TAI" },
	};
	struct vdso v;
	function_t *f;

	if (!vdso_read(&v, (const void *)getauxval(AT_SYSINFO_EHDR))) {
		fprintf(stderr, "cost: this process has no vDSO\n");
		return 1;
	}
	f = find(&v, "clock_gettime");
	for (size_t i = 0; f && i < sizeof(clocks) / sizeof(clocks[0]); i++)
		show("clock_gettime", clocks[i].name, f, clocks[i].id, (long)&result);
	if ((f = find(&v, "gettimeofday")))
		show("gettimeofday", "-", f, (long)&result, 0);
	if ((f = find(&v, "clock_getres")))
		show("clock_getres", "MONOTONIC", f, CLOCK_MONOTONIC, (long)&result);
	if ((f = find(&v, "time")))
		show("time", "-", f, 0, 0);
	if ((f = find(&v, "getcpu")))
		show("getcpu", "-", f, (long)&cpu, (long)&node);
	show("system-call", "MONOTONIC", clock_gettime_call, CLOCK_MONOTONIC, (long)&result);
	return 0;
}
