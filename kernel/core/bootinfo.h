/* SPDX-License-Identifier: MIT */
/* Owns: what the boot loader told the architecture, in one form for all.
 * Relies on: nothing.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_CORE_BOOTINFO_H
#define VDK_KERNEL_CORE_BOOTINFO_H

#include "core/types.h"

struct bootinfo {
	const char *cmdline; /* NUL-terminated, any length, in the direct map */
	paddr_t initrd;      /* 0 size: none */
	uint64_t initrd_size;
	/* Usable memory, page-aligned, sorted, without overlaps; the kernel's image, the initrd, the command line
	 * and the boot loader's tables are already cut out. */
	unsigned int ram_count;
	struct {
		paddr_t base;
		uint64_t size;
	} ram[64];
};

#endif
