/* SPDX-License-Identifier: MIT */
/* Owns: how a clock of the host's is measured: against the counter, and against the host's MONOTONIC.
 * Relies on: machine.h's counter.
 * Who may include: host/vdsorun. */
#ifndef VDK_HOST_SAMPLE_H
#define VDK_HOST_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "machine.h"

/* At counter value `cycles`, give or take half of `width_cycles`, the clock said `ns`. */
struct sample {
	uint64_t cycles, width_cycles;
	int64_t ns;
};

static inline int64_t host_clock_ns(int clock_id)
{
	struct timespec ts;

	clock_gettime(clock_id, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/* The narrowest of `tries` readings between two of the counter. */
static inline struct sample sample_clock(int clock_id, unsigned int tries)
{
	struct sample best = { 0, UINT64_MAX, 0 };

	while (tries--) {
		uint64_t before = machine_counter();
		int64_t ns = host_clock_ns(clock_id);
		uint64_t width = machine_counter() - before;

		if (width < best.width_cycles)
			best = (struct sample){ before + width / 2, width, ns };
	}
	return best;
}

/* Between what a constant distance lies, by all readings so far. */
struct bracket {
	int64_t low_ns, high_ns;
};

#define BRACKET_OPEN { INT64_MIN, INT64_MAX }

static inline int64_t bracket_middle(const struct bracket *b)
{
	return b->low_ns + (b->high_ns - b->low_ns) / 2;
}

/* Narrow it by `tries` readings of the clock between two of MONOTONIC. False: the distance is another now. */
static inline bool bracket_update(struct bracket *b, int clock_id, unsigned int tries)
{
	while (tries--) {
		int64_t before = host_clock_ns(CLOCK_MONOTONIC), ns = host_clock_ns(clock_id);
		int64_t after = host_clock_ns(CLOCK_MONOTONIC);

		if (ns - after > b->low_ns)
			b->low_ns = ns - after;
		if (ns - before < b->high_ns)
			b->high_ns = ns - before;
		if (b->low_ns > b->high_ns)
			return false;
	}
	return true;
}

#endif
