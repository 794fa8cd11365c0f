/* SPDX-License-Identifier: MIT */
/* Owns: a sorted set of physical address ranges, for the time before memory can be allocated.
 * Relies on: nothing.
 * Who may include: kernel/boot, kernel/mm, kernel/arch. */
#ifndef VDK_KERNEL_BOOT_MEMMAP_H
#define VDK_KERNEL_BOOT_MEMMAP_H

#include "core/types.h"

#define MEMMAP_MAX 128

struct memmap {
	unsigned int count;
	uint64_t dropped; /* bytes of ranges that found no room */
	struct memmap_range {
		paddr_t base, end;
	} range[MEMMAP_MAX]; /* ascending; they neither overlap nor touch */
};

/* Add [base, end), joining what it touches. When the table is full the smallest range is dropped. */
void memmap_add(struct memmap *m, paddr_t base, paddr_t end);
/* Cut [base, end) out. */
void memmap_remove(struct memmap *m, paddr_t base, paddr_t end);

#endif
