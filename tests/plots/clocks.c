/* SPDX-License-Identifier: MIT */
/* What the clocks do, as lines for gnuplot; a Linux program, for vdk's kernel with instructions counted, where a run
 * repeats to the bit: clocks slew    REALTIME's distance from MONOTONIC_RAW while adjtime slews 5 ms, and across an
 * inserted and a deleted leap second clocks reads   a million readings of MONOTONIC by the vDSO between system calls
 * that read it too Sets the clock. Owns: nothing. Relies on: the Linux ABI, any libc; adjtimex's structure in
 * vdk/timex.h. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "vdk/timex.h"

#define MIDNIGHT (20500ll * 86400)
#define SEC 1000000000ll
#define READS 1000000
#define BIN_NS 10
#define BINS 200

static int64_t ns_of(const struct timespec *ts)
{
	return ts->tv_sec * SEC + ts->tv_nsec;
}

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ns_of(&ts);
}

static int64_t call_clock(clockid_t id)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, id, &ts);
	return ns_of(&ts);
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void request(struct vdk_timex tx)
{
	if (syscall(SYS_adjtimex, &tx) < 0)
		fail("adjtimex");
}

static void set(int64_t sec)
{
	struct timespec ts = { sec, 0 };

	if (clock_settime(CLOCK_REALTIME, &ts) != 0)
		fail("clock_settime");
}

struct reading {
	int64_t raw, real, tai;
};

/* RAW in the middle of two readings of it: under a counter of instructions those are always as far apart. */
static struct reading read_all(void)
{
	struct reading r;
	int64_t before = read_clock(CLOCK_MONOTONIC_RAW);

	r.real = read_clock(CLOCK_REALTIME);
	r.raw = before / 2 + read_clock(CLOCK_MONOTONIC_RAW) / 2;
	r.tai = read_clock(CLOCK_TAI);
	return r;
}

static void wait_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000l };

	nanosleep(&ts, NULL);
}

/* Lines "name seconds REALTIME TAI": the seconds of RAW since `zero`, the others' distance from it in ms, since the
 * start. */
static void sample(const char *name, int64_t zero, int ms)
{
	struct reading first = read_all(), r = first;

	while (r.raw - first.raw < (int64_t)ms * 1000000) {
		printf("%s %.6f %.6f %.6f\n", name, (double)(r.raw - zero) / 1e9,
		       (double)(r.real - r.raw - (first.real - first.raw)) / 1e6,
		       (double)(r.tai - r.raw - (first.tai - first.raw)) / 1e6);
		wait_ms(ms / 280);
		r = read_all();
	}
}

static void slew(void)
{
	struct reading r;

	set(MIDNIGHT - 43200);
	request((struct vdk_timex){ .modes = VDK_ADJ_OFFSET_SINGLESHOT, .offset = 5000 });
	r = read_all();
	sample("slew", r.raw, 14000);
	for (int delete = 0; delete < 2; delete ++) {
		request((struct vdk_timex){ .modes = VDK_ADJ_STATUS, .status = 0 });
		wait_ms(2500); /* a second begins, and the last leap second is over */
		set(MIDNIGHT - 5);
		request((struct vdk_timex){ .modes = VDK_ADJ_STATUS, .status = delete ? VDK_STA_DEL : VDK_STA_INS });
		wait_ms(2500);
		r = read_all();
		sample(delete ? "delete" : "insert", r.raw + MIDNIGHT * SEC - r.real, 5600);
	}
}

/* Between two system calls the vDSO has to be between them: how far after the first, and how far before the second. */
static void reads(void)
{
	static uint64_t after[BINS + 1], before[BINS + 1];
	int64_t least = INT64_MAX, call = call_clock(CLOCK_MONOTONIC);

	for (int i = 0; i < READS; i++) {
		int64_t vdso = read_clock(CLOCK_MONOTONIC), next = call_clock(CLOCK_MONOTONIC), a = vdso - call,
			b = next - vdso;

		if (a < least)
			least = a;
		if (b < least)
			least = b;
		after[a < 0 ? 0 : a / BIN_NS < BINS ? a / BIN_NS : BINS]++;
		before[b < 0 ? 0 : b / BIN_NS < BINS ? b / BIN_NS : BINS]++;
		call = next;
	}
	if (least < 0) {
		fprintf(stderr, "clocks: a reading is %lld ns on the wrong side of a system call's\n",
			(long long)-least);
		exit(1);
	}
	for (int i = 0; i <= BINS; i++)
		printf("reads %d %llu %llu\n", i * BIN_NS, (unsigned long long)after[i], (unsigned long long)before[i]);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "slew") == 0)
		slew();
	else if (argc == 2 && strcmp(argv[1], "reads") == 0)
		reads();
	else
		return fprintf(stderr, "usage: clocks slew | reads\n"), 2;
	return 0;
}
