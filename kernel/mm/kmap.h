/* SPDX-License-Identifier: MIT */
/* Owns: the kernel's part of the address space: the direct map and the kernel's image.
 * Relies on: the architecture's layout.h and pte.h.
 * Who may include: kernel/mm, kernel/boot, kernel/arch; those that drive devices. */
#ifndef VDK_KERNEL_MM_KMAP_H
#define VDK_KERNEL_MM_KMAP_H

#include "boot/memmap.h"
#include "core/types.h"

/* Build the final tables for `ram` and use them. Until kmap_early_end(), table pages are taken from the upper ends of
 * `*free`, below BOOT_REACH, which the boot tables map; from then on, by page_alloc(). */
void kmap_init(const struct memmap *ram, struct memmap *free);
void kmap_early_end(void);

/* The root of the kernel's own tables. */
paddr_t kmap_root(void);

/* Pages of KSTACK_AREA, for the kernel to write. The caller has a lock for it. False: no memory for a table. Removing
 * tells the page that was there, or 0; no CPU has it in its TLB then. */
#define KSTACK_AREA_SIZE (1UL << 30)
bool kmap_add_page(uint64_t va, paddr_t pa);
paddr_t kmap_remove_page(uint64_t va);

/* Map device memory, uncached, or firmware's tables, read-only, into the direct map; what is mapped stays as it is.
 * At boot only: address spaces copy the top level. The address. */
volatile void *kmap_device(paddr_t pa, uint64_t size);
const void *kmap_table(paddr_t pa, uint64_t size);

#endif
