/* SPDX-License-Identifier: MIT */
/* Owns: layout linux-6.1 on x86_64: where the data are, also for the linker script, and how a mode's counter is read.
 * Relies on: counter.h.
 * Who may include: kit/image. */
#ifndef VDK_ARCH_X86_64_LINUX_6_1_H
#define VDK_ARCH_X86_64_LINUX_6_1_H

#include "vdk/linux_6_1.h"

#define VDK_LINUX_6_1_BELOW VDK_LINUX_6_1_BELOW_X86_64
#define VDK_LINUX_6_1_PROPER VDK_LINUX_6_1_PROPER_X86_64

#ifndef __ASSEMBLER__
#include "counter.h"

/* VDK_LINUX_6_1_COUNTER_FN. LFENCE; RDTSC: the page does not say whether the CPU has RDTSCP. */
static inline __attribute__((always_inline)) bool vdk_linux_6_1_counter(int32_t mode, uint64_t *counter)
{
	if (__builtin_expect(mode != VDK_LINUX_6_1_COUNTER, 0))
		return false;
	*counter = vdk_counter_read(VDK_MODE_COUNTER_ALT);
	return true;
}

/* node << 12 | cpu; false: GDT entry 15, where Linux keeps it as a limit, is none. */
#define VDK_LINUX_6_1_GETCPU 1
static inline __attribute__((always_inline)) bool vdk_linux_6_1_getcpu(uint32_t *value)
{
	bool found;

	__asm__ volatile("lsl %2, %0" : "=r"(*value), "=@ccz"(found) : "r"(0x7b));
	return found;
}

#endif
#endif
