/* SPDX-License-Identifier: MIT */
/* Calls each function of the vDSO that it was given, for as long as it is asked to: what debuggers and profilers look at.
 * Owns: its output, "pid <n>", and at last "right" if the clocks never stepped back.
 * Relies on: argv[1], the seconds; any debugger may attach.
 * Never: goes through the C library. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "vdso_reader.h"

static int (*gettime)(clockid_t, struct timespec *);
static int (*getres)(clockid_t, struct timespec *);
static int (*gettimeofday_)(struct timeval *, void *);
static time_t (*time_)(time_t *);
static int (*getcpu_)(unsigned int *, unsigned int *, void *);

__attribute__((noinline)) int call_all(struct timespec *ts)
{
	struct timeval tv;
	struct timespec res;
	unsigned int cpu, node;
	int failed = 0;

	failed |= gettime(CLOCK_MONOTONIC, ts);
	failed |= getres(CLOCK_MONOTONIC, &res);
	failed |= gettimeofday_(&tv, NULL);
	failed |= time_(NULL) <= 0;
	failed |= getcpu_(&cpu, &node, NULL);
	return failed;
}

static double seconds(const struct timespec *ts)
{
	return (double)ts->tv_sec + (double)ts->tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct timespec begin, last, now;
	struct vdso v;

	if (argc != 2 || !vdso_read(&v, (const void *)getauxval(AT_SYSINFO_EHDR)))
		return 2;
	gettime = vdso_function(&v, VDSO_PREFIX "clock_gettime");
	getres = vdso_function(&v, VDSO_PREFIX "clock_getres");
	gettimeofday_ = vdso_function(&v, VDSO_PREFIX "gettimeofday");
	time_ = vdso_function(&v, VDSO_PREFIX "time");
	getcpu_ = vdso_function(&v, VDSO_PREFIX "getcpu");
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	printf("pid %d\n", (int)getpid());
	fflush(stdout);
	gettime(CLOCK_MONOTONIC, &begin);
	for (last = begin; seconds(&last) - seconds(&begin) < atof(argv[1]); last = now)
		if (call_all(&now) != 0 || seconds(&now) < seconds(&last))
			return 1;
	puts("right");
	return 0;
}
