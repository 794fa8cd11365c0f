/* SPDX-License-Identifier: MIT */
/* The image's flush_icache: code that was written is what is fetched.
 *
 * Owns: its ABI. Relies on: the page's cpu_mode.
 *
 * A fence of this CPU's fetches says nothing of another's, and user mode can't keep from being moved to another between its fence
 * and the new code; that is so too for the flag that asks for this thread only. So it is the kernel's, which fences other
 * CPUs, or notes what to do when the thread moves. One case is left: no other CPU is online. */
#include "entry.h"

#ifdef VDK_NR_riscv_flush_icache
#define FLUSH_LOCAL 1ul /* SYS_RISCV_FLUSH_ICACHE_LOCAL */

/* What kit/arch/<a>/syscall.h defines: this CPU's later fetches see what it stored before. */
static inline void vdk_fetch_fence(void);

VDK_ENTRY(int, flush_icache, (void *start, void *end, unsigned long flags))
{
	const struct vdk_page *upage = &vdk_data;

	if (VDK_LOAD(upage->cpu_mode) != VDK_CPU_SINGLE)
		upage = vdk_proper_page();
	if (VDK_LOAD(upage->cpu_mode) == VDK_CPU_SINGLE && !(flags & ~FLUSH_LOCAL)) {
		vdk_fetch_fence();
		/* Still alone: then the fence was the only CPU's, and one that starts later fences for itself. */
		if (VDK_LOAD(upage->cpu_mode) == VDK_CPU_SINGLE)
			return 0;
	}
	return (int)vdk_syscall(VDK_NR_riscv_flush_icache, (long)start, (long)end, (long)flags);
}
#endif
