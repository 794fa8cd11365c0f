/* SPDX-License-Identifier: MIT */
/* Owns: a sparse array of pages: the contents of one regular file.
 * Relies on: mm/page.h; the caller's lock.
 * Who may include: kernel/fs. */
#ifndef VDK_KERNEL_FS_PAGETREE_H
#define VDK_KERNEL_FS_PAGETREE_H

#include "core/types.h"

/* All zero is the empty tree. */
struct pagetree {
	uint64_t root; /* height 0: the page with index 0, or 0; else a node's address */
	unsigned int height;
	size_t count;  /* pages */
};

paddr_t pagetree_get(const struct pagetree *t, uint64_t index); /* 0: a hole. No reference is added. */
int pagetree_set(struct pagetree *t, uint64_t index,
		 paddr_t pa); /* fills a hole, takes the reference over; 0 or -ENOMEM */
/* Put the pages with from <= index < to. */
void pagetree_cut(struct pagetree *t, uint64_t from, uint64_t to);
/* The first page at or after `from`; UINT64_MAX: none. */
uint64_t pagetree_next(const struct pagetree *t, uint64_t from);
void pagetree_free(struct pagetree *t);

#endif
