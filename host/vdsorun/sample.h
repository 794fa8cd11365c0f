/* SPDX-License-Identifier: MIT */
/* Owns: how a clock of the host's is measured: against the counter, against MONOTONIC, at the host's tick.
 * Relies on: arch.h's counter.
 * Who may include: host/vdsorun. */
#ifndef VDK_HOST_SAMPLE_H
#define VDK_HOST_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "arch.h"

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

/* How far a clock is ahead of MONOTONIC, while that is constant: the middle of what `tries` readings between two of
 * MONOTONIC leave. */
static inline int64_t sample_distance(int clock_id, unsigned int tries)
{
	int64_t low = INT64_MIN, high = INT64_MAX;

	while (tries--) {
		int64_t before = host_clock_ns(CLOCK_MONOTONIC), ns = host_clock_ns(clock_id);
		int64_t after = host_clock_ns(CLOCK_MONOTONIC);

		low = ns - after > low ? ns - after : low;
		high = ns - before < high ? ns - before : high;
	}
	return low + (high - low) / 2;
}

/* The host's last tick: what MONOTONIC said at it, and how far REALTIME was ahead, to the nanosecond. */
struct host_tick {
	int64_t monotonic_ns, realtime_ahead_ns;
};

static inline struct host_tick sample_tick(void)
{
	int64_t monotonic_ns = host_clock_ns(CLOCK_MONOTONIC_COARSE), realtime_ns, again;

	for (;;) { /* both clocks of one tick */
		realtime_ns = host_clock_ns(CLOCK_REALTIME_COARSE);
		again = host_clock_ns(CLOCK_MONOTONIC_COARSE);
		if (again == monotonic_ns)
			return (struct host_tick){ monotonic_ns, realtime_ns - monotonic_ns };
		monotonic_ns = again;
	}
}

#endif
