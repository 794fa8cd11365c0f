/* SPDX-License-Identifier: MIT */
/* Owns: the virtual counter, read in order.
 * Relies on: the kernel's CNTKCTL_EL1.EL0VCTEN.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_AARCH64_COUNTER_H
#define VDK_ARCH_AARCH64_COUNTER_H

#include "vdk/arch.h"

/* 1 GHz at most (Armv8.6 on), less before. */
#define VDK_HOT_MODE (VDK_MODE_COUNTER | VDK_MODE_SCALED)

/* COUNTER: ISB; MRS CNTVCT_EL0. COUNTER_ALT: MRS CNTVCTSS_EL0, self-synchronizing, for CPUs with ECV (ID_AA64MMFR0_EL1.ECV).
 *
 * Neither waits for earlier loads by itself; both wait for branches: what is behind an ISB is fetched when the ISB is
 * done, which is not before the branch that leads to it is resolved, and a self-synchronizing read is not speculative (Arm ARM,
 * the generic timer in AArch64 state). The branch is the one on `mode`, and `mode` is loaded behind the number's load, which is an acquire: number ->
 * mode -> branch -> counter. What the caller ordered before the number's load is thereby ordered too.
 * Later loads may pass. */
static inline __attribute__((always_inline)) uint64_t vdk_counter_read(unsigned int mode)
{
	uint64_t value;

	if (__builtin_expect(mode == VDK_MODE_COUNTER, 1))
		__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");
	else
		__asm__ volatile("mrs %0, s3_3_c14_c0_6" : "=r"(value) : : "memory");
	return value;
}

#endif
