/* SPDX-License-Identifier: MIT */
/* Owns: numbered sets of pages that several areas share: anonymous shared memory, and the pages of the vDSO.
 * Relies on: mm/page.h.
 * Who may include: kernel/mm. */
#ifndef VDK_KERNEL_MM_PAGESET_H
#define VDK_KERNEL_MM_PAGESET_H

#include "core/spinlock.h"
#include "core/types.h"

struct pageset {
	/* atomic */
	unsigned int refs;
	/* constant */
	uint64_t count;      /* pages that the set can hold */
	uint64_t id;         /* inode number in /proc/PID/maps */
	unsigned int levels; /* of tables; each a page */
	bool fixed;          /* holds what it was given; holes stay holes */
	/* lock */
	struct spinlock lock;
	paddr_t root;
};

/* NULL: no memory. One reference. */
struct pageset *pageset_create(uint64_t count, bool fixed);
void pageset_get(struct pageset *set);
void pageset_put(struct pageset *set); /* the last one drops the pages */
/* Page `index` with a new reference, zeroed and added to the set if it was not there. 0, -ENOMEM, or -EIO beyond the
 * set's end or in a fixed set's hole. */
int pageset_page(struct pageset *set, uint64_t index, paddr_t *pa);
/* Give the set a page (which gains a reference): 0, -ENOMEM, -EEXIST. */
int pageset_add(struct pageset *set, uint64_t index, paddr_t pa);
/* Forget pages [from, from + count): they read as zero again. */
void pageset_drop(struct pageset *set, uint64_t from, uint64_t count);

#endif
