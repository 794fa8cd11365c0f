/* SPDX-License-Identifier: MIT */
/* The kit against the exact reference, through random histories:
 *     model                        the fixed seeds and one at random, in about ten seconds
 *     model SEED [OPS [HISTORY]]   OPS operations of that seed, a million if not given; HISTORY: of those, one history
 * only A failure prints the seed, the history, the operation, and the shortest history found that fails. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "history.h"
#include "operations.h"
#include "tap.h"
#include "world.h"

#define DEFAULT_OPS 80000

static void explain(struct history *h, uint64_t seed, unsigned int index, unsigned int at)
{
	diag("%s", world_failure);
	diag("seed %llu, history %u, operation %u: again by `model %llu %u %u`", (unsigned long long)seed, index, at,
	     (unsigned long long)seed, HISTORY_OPS * (index + 1), index);
	history_shrink(h);
	diag("the shortest history found that fails:");
	history_run(h, &at, true);
	putchar('\n');
	diag("%s", world_failure);
}

static bool run_seed(uint64_t seed, uint64_t ops, long only)
{
	static struct history h;
	uint64_t readings = tally[READINGS];
	unsigned int index, at;

	for (index = 0; ops; index++) {
		unsigned int now = ops < HISTORY_OPS ? (unsigned int)ops : HISTORY_OPS;

		ops -= now;
		if (only >= 0 && index != (unsigned int)only)
			continue;
		history_generate(&h, seed, index, now);
		if (!history_run(&h, &at, false)) {
			ok(false, "seed_%llu_is_exact", (unsigned long long)seed);
			explain(&h, seed, index, at);
			return false;
		}
	}
	return ok(true, "seed_%llu_is_exact: %u histories, %llu readings", (unsigned long long)seed, index,
		  (unsigned long long)(tally[READINGS] - readings));
}

/* A check that never ran has shown nothing. */
static void everything_came_up(void)
{
	bool all = true;

	for (unsigned int i = 0; i < TALLIES; i++) {
		diag("%12llu %s", (unsigned long long)tally[i], tally_name[i]);
		all &= tally[i] > 0;
	}
	for (unsigned int i = 0; i < operation_kinds; i++) {
		diag("%12llu %s", (unsigned long long)tally_operations[i], operations[i].name);
		all &= tally_operations[i] > 0;
	}
	ok(all, "every_kind_of_reading_and_operation_came_up");
}

static uint64_t number(const char *text, const char *name)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-') {
		fprintf(stderr, "model: %s=%s: not a number from 0 to 2^64 - 1\n", name, text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	static const uint64_t seeds[] = { 1, 2, 3, 4 };
	struct timespec now;

	if (argc > 4) {
		fprintf(stderr, "usage: model [SEED [OPS [HISTORY]]]\n");
		return 2;
	}
	history_init();
	if (argc > 1) {
		uint64_t seed = number(argv[1], "SEED"), ops = argc > 2 ? number(argv[2], "OPS") : 1000000;
		long only = argc > 3 ? (long)number(argv[3], "HISTORY") : -1;

		plan(only < 0 ? 2 : 1);
		run_seed(seed, ops, only);
		if (only < 0)
			everything_came_up();
		return done();
	}
	plan(sizeof(seeds) / sizeof(seeds[0]) + 2);
	for (unsigned int i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
		run_seed(seeds[i], DEFAULT_OPS, -1);
	clock_gettime(CLOCK_REALTIME, &now);
	run_seed((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, DEFAULT_OPS, -1);
	everything_came_up();
	return done();
}
