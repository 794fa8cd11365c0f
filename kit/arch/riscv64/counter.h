/* SPDX-License-Identifier: MIT */
/* Owns: the time CSR, read in order.
 * Relies on: Zicntr, and the kernel's scounteren.TM.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_RISCV64_COUNTER_H
#define VDK_ARCH_RISCV64_COUNTER_H

#include "vdk/arch.h"

/* Timebases are well below a GHz. */
#define VDK_HOT_MODE (VDK_MODE_COUNTER | VDK_MODE_SCALED)

/* Both modes are RDTIME behind FENCE r,i. The memory model counts a read of a CSR as device input (privileged and
 * unprivileged ISA, "CSR access ordering"): nothing but a fence with `i` on its side orders it with loads, no dependency
 * does, and the acquire fence behind the number's load is r,rw, which leaves it out. Later loads may pass. */
static inline __attribute__((always_inline)) uint64_t vdk_counter_read(unsigned int mode)
{
	uint64_t value;

	(void)mode;
	__asm__ volatile("fence r, i\n\trdtime %0" : "=r"(value) : : "memory");
	return value;
}

#endif
