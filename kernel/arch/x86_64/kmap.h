/* SPDX-License-Identifier: MIT */
/* Owns: the kernel's half of the address space: the direct map and the kernel's image.
 * Relies on: memmap.h.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_KMAP_H
#define VDK_KERNEL_ARCH_X86_64_KMAP_H

#include "asm.h"
#include "core/types.h"
#include "memmap.h"

#define PTE_PRESENT 0x1UL
#define PTE_WRITE 0x2UL
#define PTE_USER 0x4UL
#define PTE_WRITE_THROUGH 0x8UL
#define PTE_UNCACHED 0x10UL
#define PTE_ACCESSED 0x20UL
#define PTE_DIRTY 0x40UL
#define PTE_LARGE 0x80UL
#define PTE_GLOBAL 0x100UL
#define PTE_NX (1UL << 63)
#define PTE_ADDRESS 0x000ffffffffff000UL

/* Page tables, by index: the entry of level `level` (3 = PML4 ... 0 = PT) that maps va. */
#define PT_INDEX(va, level) ((va) >> (PAGE_SHIFT + 9 * (level)) & 511)

/* Build the final tables for `ram` (and the first MiB) and use them. Until kmap_early_end(), table pages are taken from
 * the upper ends of `*free`, below 4 GiB, which the boot tables map; from then on, by page_alloc(). */
void kmap_init(const struct memmap *ram, struct memmap *free);
void kmap_early_end(void);

/* The tables that every address space shares the upper half of. */
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
