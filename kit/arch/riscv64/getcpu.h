/* SPDX-License-Identifier: MIT */
/* Owns: the CPU's number in user mode on riscv64: there is no way, mhartid being the machine's.
 * Relies on: nothing.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_RISCV64_GETCPU_H
#define VDK_ARCH_RISCV64_GETCPU_H

#include "vdk/arch.h"

static inline __attribute__((always_inline)) bool vdk_getcpu(unsigned int cpu_mode, uint32_t *value)
{
	(void)cpu_mode;
	(void)value;
	return false;
}

#endif
