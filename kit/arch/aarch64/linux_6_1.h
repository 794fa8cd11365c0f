/* SPDX-License-Identifier: MIT */
/* Owns: layout linux-6.1 on aarch64: where the data are, also for the linker script, and how a mode's counter is read.
 * Relies on: counter.h.
 * Who may include: kit/image. */
#ifndef VDK_ARCH_AARCH64_LINUX_6_1_H
#define VDK_ARCH_AARCH64_LINUX_6_1_H

#include "vdk/linux_6_1.h"

#define VDK_LINUX_6_1_BELOW VDK_LINUX_6_1_BELOW_AARCH64
#define VDK_LINUX_6_1_PROPER VDK_LINUX_6_1_PROPER_AARCH64

#ifndef __ASSEMBLER__
#include "counter.h"

/* VDK_LINUX_6_1_COUNTER_FN. 2 is this counter too, where 32-bit programs may not read it. */
static inline __attribute__((always_inline)) bool vdk_linux_6_1_counter(int32_t mode, uint64_t *counter)
{
	if (__builtin_expect(mode != VDK_LINUX_6_1_COUNTER && mode != 2, 0))
		return false;
	*counter = vdk_counter_read(VDK_MODE_COUNTER);
	return true;
}

#endif
#endif
