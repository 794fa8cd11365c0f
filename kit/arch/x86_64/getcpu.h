/* SPDX-License-Identifier: MIT */
/* Owns: the CPU's number in user mode on x86_64.
 * Relies on: the kernel keeping node << 12 | cpu in TSC_AUX (RDPID) or in the limit of GDT entry 15 (LSL), as Linux does.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_X86_64_GETCPU_H
#define VDK_ARCH_X86_64_GETCPU_H

#include "vdk/arch.h"

static inline __attribute__((always_inline)) bool vdk_getcpu(unsigned int cpu_mode, uint32_t *value)
{
	uint64_t v;

	switch (cpu_mode) {
	case VDK_CPU_RDPID:
		__asm__ volatile("rdpid %0" : "=r"(v));
		break;
	case VDK_CPU_LSL:
		__asm__ volatile("lsl %1, %k0" : "=r"(v) : "r"(0x7b) : "cc");
		break;
	default:
		return false;
	}
	*value = (uint32_t)v;
	return true;
}

#endif
