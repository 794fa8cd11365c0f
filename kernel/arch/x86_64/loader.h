/* SPDX-License-Identifier: MIT */
/* Owns: what the boot loader tells, whatever protocol it speaks.
 * Relies on: the boot page tables: the first 4 GiB can be read.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_LOADER_H
#define VDK_KERNEL_ARCH_X86_64_LOADER_H

#include "memmap.h"

#define LOADER_REACH (4UL << 30) /* what must be read early lies below */

struct loader_info {
	paddr_t rsdp; /* 0: unknown */
	paddr_t initrd, cmdline;
	uint64_t initrd_size, cmdline_size; /* with NUL; 0: none */
	struct memmap ram;    /* all memory */
	struct memmap usable; /* without the loader's own data; initrd and command line are still in */
};

/* From the PVH start info at physical address `start`. False if it has been damaged. Panics if it can't be used. */
bool loader_read_pvh(struct loader_info *l, paddr_t start);

/* From QEMU itself, over its fw_cfg device. False if there is none. */
bool loader_read_fw_cfg(struct loader_info *l);

#endif
