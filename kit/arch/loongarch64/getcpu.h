/* SPDX-License-Identifier: MIT */
/* Owns: the CPU's number in user mode on loongarch64.
 * Relies on: the kernel keeping node << 12 | cpu in CSR.TID, which RDTIME gives as the counter's ID. Linux keeps the CPU there
 * and looks the node up in a page per CPU.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_LOONGARCH64_GETCPU_H
#define VDK_ARCH_LOONGARCH64_GETCPU_H

#include "vdk/arch.h"

static inline __attribute__((always_inline)) bool vdk_getcpu(unsigned int cpu_mode, uint32_t *value)
{
	uint64_t id;

	if (cpu_mode != VDK_CPU_COUNTER_ID)
		return false;
	__asm__ volatile("rdtime.d $zero, %0" : "=r"(id));
	*value = (uint32_t)id;
	return true;
}

#endif
