/* SPDX-License-Identifier: MIT */
/* Owns: layout linux-6.1 on loongarch64: where the data are, also for the linker script, and how a mode's counter is read.
 * Relies on: counter.h.
 * Who may include: kit/image. */
#ifndef VDK_ARCH_LOONGARCH64_LINUX_6_1_H
#define VDK_ARCH_LOONGARCH64_LINUX_6_1_H

#include "vdk/linux_6_1.h"

#define VDK_LINUX_6_1_BELOW VDK_LINUX_6_1_BELOW_LOONGARCH64
#define VDK_LINUX_6_1_PROPER VDK_LINUX_6_1_PROPER_LOONGARCH64

#ifndef __ASSEMBLER__
#include "counter.h"

/* VDK_LINUX_6_1_COUNTER_FN.  */
static inline __attribute__((always_inline)) bool vdk_linux_6_1_counter(int32_t mode, uint64_t *counter)
{
	if (__builtin_expect(mode != VDK_LINUX_6_1_COUNTER, 0))
		return false;
	*counter = vdk_counter_read(VDK_MODE_COUNTER);
	return true;
}

#endif
#endif
