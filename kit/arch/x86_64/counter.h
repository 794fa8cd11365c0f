/* SPDX-License-Identifier: MIT */
/* Owns: the TSC, read in order.
 * Relies on: an invariant TSC, the same on all CPUs; the kernel chooses the mode.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_X86_64_COUNTER_H
#define VDK_ARCH_X86_64_COUNTER_H

#include "vdk/arch.h"

/* Faster than a GHz, but for few. */
#define VDK_HOT_MODE VDK_MODE_COUNTER

/* COUNTER: RDTSCP, which waits until all earlier loads are done (Intel SDM, AMD APM: RDTSCP). COUNTER_ALT: LFENCE; RDTSC, for
 * CPUs without it. Later loads may pass either; the latch's second look at the number bounds that to what the CPU has
 * in flight (docs/decisions/rate-change.md). */
static inline __attribute__((always_inline)) uint64_t vdk_counter_read(unsigned int mode)
{
	uint64_t low, high; /* both instructions clear the upper halves */

	if (__builtin_expect(mode == VDK_MODE_COUNTER, 1))
		__asm__ volatile("rdtscp" : "=a"(low), "=d"(high) : : "ecx", "memory");
	else
		__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return high << 32 | low;
}

#endif
