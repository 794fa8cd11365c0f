/* SPDX-License-Identifier: MIT */
/* Owns: physical pages and their reference counts.
 * Relies on: bootinfo's memory map, the direct map.
 * Who may include: kernel/mm, and those that need whole pages: kernel/arch, fs, proc. */
#ifndef VDK_KERNEL_MM_PAGE_H
#define VDK_KERNEL_MM_PAGE_H

#include "core/types.h"

struct bootinfo;

#define PAGE_MAX_ORDER 20u

void page_init(const struct bootinfo *info);

/* 2^order contiguous pages, naturally aligned, zeroed, reference count 1 each as a block; 0 when memory is out. */
paddr_t page_alloc(unsigned int order);
/* For blocks with order > 0; single pages go through page_put(). */
void page_free(paddr_t pa, unsigned int order);
/* Reference counts of single pages. page_put() frees the page with the last reference. */
void page_get(paddr_t pa);
void page_put(paddr_t pa);
unsigned int page_refs(paddr_t pa);

/* The page that is always zero; users map it read-only, with page_get(). */
paddr_t page_zero(void);

/* Order of the allocated block that starts at `pa`. */
unsigned int page_order(paddr_t pa);
/* A byte per page that is the block's owner's; 0 after page_alloc(). For kmalloc.c: which slab a page belongs to. */
void page_tag_set(paddr_t pa, unsigned int order, uint8_t tag);
uint8_t page_tag(paddr_t pa);

/* In pages; for sysinfo and /proc/meminfo. */
size_t page_total(void);
size_t page_free_count(void);

#endif
