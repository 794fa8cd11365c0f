/* SPDX-License-Identifier: MIT */
/* Owns: what the boot loader tells, whatever protocol it speaks, and the way from there to kernel_main().
 * Relies on: the boot page tables: memory below BOOT_REACH can be read and written in the direct map.
 * Who may include: kernel/arch. */
#ifndef VDK_KERNEL_BOOT_LOADER_H
#define VDK_KERNEL_BOOT_LOADER_H

#include "boot/memmap.h"

struct loader_info {
	paddr_t initrd, cmdline;
	uint64_t initrd_size, cmdline_size; /* with NUL; 0: none */
	struct memmap ram;    /* all memory that the direct map is to hold */
	struct memmap usable; /* without the loader's own data; kernel, initrd and command line are still in */
};

/* From a flattened device tree, as far as memory, reservations and /chosen go; its own memory is not in `usable`
 * after. Panics if it can't be used. */
void loader_read_fdt(struct loader_info *l, paddr_t fdt);

/* Entropy that the host has put into the device tree, in pieces, each once; false: none is left. Any time after. */
bool loader_seed(uint32_t *seed);

/* Cut what is in use out of l->usable, then build the kernel's own page tables and use them. */
void loader_memory(struct loader_info *l);
/* Tell kernel_main(). In between, the architecture may still map what it needs. */
_Noreturn void loader_start_kernel(struct loader_info *l);

/* Cut [pa, pa + size) and what shares a page with it out of l->usable. */
void loader_reserve(struct loader_info *l, paddr_t pa, uint64_t size);

#endif
