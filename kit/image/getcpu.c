/* SPDX-License-Identifier: MIT */
/* The image's getcpu.
 *
 * Owns: its ABI. Relies on: kit/arch/<a>/getcpu.h, the page's cpu_mode. */
#include "entry.h"

/* The third argument, a cache of Linux before 2.6.24, is ignored as Linux does. */
VDK_ENTRY(int, getcpu, (uint32_t *cpu, uint32_t *node, void *unused))
{
	uint32_t value;

	if (__builtin_expect(!vdk_getcpu(VDK_LOAD(vdk_data.cpu_mode), &value), 0))
		return (int)vdk_syscall(VDK_NR_getcpu, (long)cpu, (long)node, (long)unused);
	if (cpu)
		*cpu = value & 0xfff;
	if (node)
		*node = value >> 12;
	return 0;
}
