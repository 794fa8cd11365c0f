/* SPDX-License-Identifier: MIT */
/* Owns: the stable counter, read in order.
 * Relies on: the kernel leaving CSR.MISC.DRDTL clear.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_LOONGARCH64_COUNTER_H
#define VDK_ARCH_LOONGARCH64_COUNTER_H

#include "vdk/arch.h"

/* 100 MHz is usual. */
#define VDK_HOT_MODE (VDK_MODE_COUNTER | VDK_MODE_SCALED)

/* Both modes are RDTIME.D behind DBAR 5. RDTIME has no input to make it wait for a load. The hint's bits: 4 clear, hold what
 * follows until what is before is complete (the ordering kind, bit 4 set, speaks of memory accesses only); 3 clear, loads before;
 * 2 and 0 set, no stores; 1 clear, loads after. A CPU that knows no hints takes it for DBAR 0, which is stronger. */
static inline __attribute__((always_inline)) uint64_t vdk_counter_read(unsigned int mode)
{
	uint64_t value;

	(void)mode;
	__asm__ volatile("dbar 5\n\trdtime.d %0, $zero" : "=r"(value) : : "memory");
	return value;
}

#endif
