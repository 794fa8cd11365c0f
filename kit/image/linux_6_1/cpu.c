/* SPDX-License-Identifier: MIT */
/* What else the image for layout linux-6.1 exports: the page does not tell of CPUs.
 *
 * Owns: the ABI of getcpu, flush_icache and riscv_hwprobe there. Relies on: the system calls. */
#include "linux_6_1.h"

#include "image/export.h"
#include "page/read.h"

#ifdef VDK_NR_getcpu
VDK_ENTRY(int, getcpu, (uint32_t *cpu, uint32_t *node, void *unused))
{
#ifdef VDK_LINUX_6_1_GETCPU
	uint32_t value;

	if (__builtin_expect(vdk_linux_6_1_getcpu(&value), 1)) {
		if (cpu)
			*cpu = value & 0xfff;
		if (node)
			*node = value >> 12;
		return 0;
	}
#endif
	return (int)vdk_syscall(VDK_NR_getcpu, (long)cpu, (long)node, (long)unused);
}
#endif

#ifdef VDK_NR_riscv_flush_icache
VDK_ENTRY(int, flush_icache, (void *start, void *end, unsigned long flags))
{
	return (int)vdk_syscall(VDK_NR_riscv_flush_icache, (long)start, (long)end, (long)flags);
}
#endif

#ifdef VDK_NR_riscv_hwprobe
VDK_ENTRY(int, riscv_hwprobe, (void *pairs, size_t count, size_t size, unsigned long *cpus, unsigned int flags))
{
	return (int)vdk_syscall5(VDK_NR_riscv_hwprobe, (long)pairs, (long)count, (long)size, (long)cpus, (long)flags);
}
#endif
