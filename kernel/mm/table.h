/* SPDX-License-Identifier: MIT */
/* Owns: the shape of page tables, which all architectures share: entries of 8 bytes, a page of them each.
 * Relies on: the architecture's pte.h.
 * Who may include: kernel/mm/pagetable.c and kmap.c, kernel/arch. */
#ifndef VDK_KERNEL_MM_TABLE_H
#define VDK_KERNEL_MM_TABLE_H

#include "arch/arch.h"
#include "pte.h"

#define TABLE_SHIFT (PAGE_SHIFT - 3)
#define TABLE_ENTRIES (1u << TABLE_SHIFT)
#define KERNEL_HALF (TABLE_ENTRIES / 2) /* first entry of the root that is the kernel's, where there is one root for both */

/* What an entry of a table at `level` covers (0: the last level); the index of the one that maps `va`. */
#define TABLE_SPAN(level) (PAGE_SIZE << TABLE_SHIFT * (level))
#define TABLE_INDEX(va, level) ((va) >> (PAGE_SHIFT + TABLE_SHIFT * (level)) & (TABLE_ENTRIES - 1))

static inline uint64_t *table_at(paddr_t pa)
{
	return arch_phys_to_virt(pa);
}

/* The last-level entry for `va`. Tables that are missing are made of pages that `alloc` gives, page_alloc()'s way.
 * NULL: there is no table for it, and `alloc` is NULL or has no memory. */
static inline uint64_t *table_find(paddr_t root, uint64_t va, paddr_t (*alloc)(unsigned int order))
{
	uint64_t *entry = &table_at(root)[TABLE_INDEX(va, PT_LEVELS - 1)];

	for (unsigned int level = PT_LEVELS - 1; level-- > 0;) {
		if (!*entry) {
			paddr_t pa = alloc ? alloc(0) : 0;

			if (!pa)
				return NULL;
			__atomic_store_n(entry, pte_table(pa), __ATOMIC_RELEASE);
			pte_written(va);
		}
		entry = &table_at(pte_address(*entry))[TABLE_INDEX(va, level)];
	}
	return entry;
}

#endif
