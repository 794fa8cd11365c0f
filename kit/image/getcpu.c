/* SPDX-License-Identifier: MIT */
/* The image's getcpu.
 *
 * Owns: its ABI. Relies on: kit/arch/<a>/getcpu.h, the page's cpu_mode. */
#include "entry.h"

#ifdef VDK_NR_getcpu
#include "getcpu.h"

/* What kit/arch/<a>/getcpu.h defines: node << 12 | cpu by `cpu_mode` (a VDK_CPU_*, not SINGLE); false where that is a system
 * call. */
static inline bool vdk_getcpu(unsigned int cpu_mode, uint32_t *value);

VDK_INLINE int put_cpu(uint32_t *cpu, uint32_t *node, uint32_t value)
{
	if (cpu)
		*cpu = value & 0xfff;
	if (node)
		*node = value >> 12;
	return 0;
}

static __attribute__((noinline)) int rest_of_getcpu(uint32_t *cpu, uint32_t *node, void *unused)
{
	unsigned int mode = VDK_LOAD(vdk_proper_page()->cpu_mode);
	uint32_t value = 0;

	if (mode != VDK_CPU_SINGLE && !vdk_getcpu(mode, &value))
		return (int)vdk_syscall(VDK_NR_getcpu, (long)cpu, (long)node, (long)unused);
	return put_cpu(cpu, node, value);
}

/* The third argument, a cache of Linux before 2.6.24, is ignored as Linux does. */
VDK_ENTRY(int, getcpu, (uint32_t *cpu, uint32_t *node, void *unused))
{
	unsigned int mode = VDK_LOAD(vdk_data.cpu_mode);
	uint32_t value = 0;

	if (__builtin_expect(mode != VDK_CPU_SINGLE && !vdk_getcpu(mode, &value), 0))
		return rest_of_getcpu(cpu, node, unused);
	return put_cpu(cpu, node, value);
}
#endif
