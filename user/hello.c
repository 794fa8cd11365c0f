/* SPDX-License-Identifier: MIT */
/* Shows that clock_gettime is right and never enters the kernel: times, the cost of a call, and the kernel's own count.
 *
 * Owns: nothing. Relies on: the Linux ABI, any libc; /proc/self/syscalls, where vdk's kernel counts.
 * Never: measures with a call that it does not account for: its clock readings are raw system calls, subtracted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LIBC_CALLS 100000
#define RAW_CALLS 10000

static const struct {
	clockid_t id;
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
#define CLOCKS (sizeof(clocks) / sizeof(clocks[0]))

static long long raw_calls;

static int raw(clockid_t id, struct timespec *ts)
{
	raw_calls++;
	return (int)syscall(SYS_clock_gettime, id, ts);
}

static void must(int result, const char *what)
{
	if (result == 0)
		return;
	perror(what);
	exit(1);
}

/* The kernel's count of this process's clock_gettime system calls, or -1 where nobody counts. */
static long long counted(void)
{
	FILE *file = fopen("/proc/self/syscalls", "r");
	long long count = 0, value;
	char name[64];

	if (!file)
		return -1;
	while (fscanf(file, "%63s %lld", name, &value) == 2)
		if (strcmp(name, "clock_gettime") == 0)
			count = value;
	fclose(file);
	return count;
}

static double ns_between(const struct timespec *a, const struct timespec *b)
{
	return (double)(b->tv_sec - a->tv_sec) * 1e9 + (double)(b->tv_nsec - a->tv_nsec);
}

static void show_time(const char *clock, const char *by, int result, const struct timespec *ts)
{
	must(result, clock);
	printf("%-16s  %-11s  %10lld.%09ld s\n", clock, by, (long long)ts->tv_sec, ts->tv_nsec);
}

static void show_times(void)
{
	struct timespec ts[4];
	int result[4];

	result[0] = raw(CLOCK_REALTIME, &ts[0]);
	result[1] = clock_gettime(CLOCK_REALTIME, &ts[1]);
	result[2] = clock_gettime(CLOCK_MONOTONIC, &ts[2]);
	result[3] = raw(CLOCK_REALTIME, &ts[3]);
	show_time("REALTIME", "system call", result[0], &ts[0]);
	show_time("REALTIME", "libc", result[1], &ts[1]);
	show_time("MONOTONIC", "libc", result[2], &ts[2]);
	show_time("REALTIME", "system call", result[3], &ts[3]);
}

static void show_cost(clockid_t id, const char *name)
{
	struct timespec ts, start, middle, end;
	int failed = 0;

	failed |= raw(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < LIBC_CALLS; i++)
		failed |= clock_gettime(id, &ts);
	failed |= raw(CLOCK_MONOTONIC, &middle);
	for (int i = 0; i < RAW_CALLS; i++)
		failed |= raw(id, &ts);
	failed |= raw(CLOCK_MONOTONIC, &end);
	must(failed, name);
	printf("%-16s  %11.1f  %11.1f\n", name, ns_between(&start, &middle) / LIBC_CALLS,
	       ns_between(&middle, &end) / RAW_CALLS);
}

int main(void)
{
	unsigned long vdso = getauxval(AT_SYSINFO_EHDR);
	long long before, after;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (vdso)
		printf("vDSO: ELF header at 0x%lx\n\n", vdso);
	else
		printf("vDSO: none, AT_SYSINFO_EHDR is not set\n\n");
	show_times();
	printf("\n%-16s  %11s  %11s\n", "ns per call", "libc", "system call");
	before = counted() - raw_calls;
	for (size_t c = 0; c < CLOCKS; c++)
		show_cost(clocks[c].id, clocks[c].name);
	after = counted() - raw_calls;
	printf("\n%zu calls of clock_gettime: ", CLOCKS * LIBC_CALLS);
	if (counted() < 0)
		printf("system calls not counted by this kernel\n");
	else
		printf("%lld system calls\n", after - before);
	return 0;
}
