/* SPDX-License-Identifier: MIT */
/* A radix tree of pages: each table is a page of physical addresses.
 * Owns: the tables, and one reference to each page in them.
 * Relies on: the lock; page_alloc() under it, since two faults on one index must get one page. */
#include "mm/pageset.h"

#include "abi/errno.h"
#include "arch/arch.h"
#include "core/log.h"
#include "mm/kmalloc.h"
#include "mm/page.h"

#define FANOUT_SHIFT (PAGE_SHIFT - 3)
#define FANOUT (1u << FANOUT_SHIFT)

static uint64_t next_id = 1;

struct pageset *pageset_create(uint64_t count, bool fixed)
{
	struct pageset *set = kmalloc(sizeof(*set));

	if (!set)
		return NULL;
	set->refs = 1;
	set->count = count;
	set->fixed = fixed;
	set->id = __atomic_fetch_add(&next_id, 1, __ATOMIC_RELAXED);
	set->levels = 1;
	while (set->levels * FANOUT_SHIFT < 64 - PAGE_SHIFT && count > 1ULL << (set->levels * FANOUT_SHIFT))
		set->levels++;
	return set;
}

void pageset_get(struct pageset *set)
{
	__atomic_fetch_add(&set->refs, 1, __ATOMIC_RELAXED);
}

/* Drop indices [from, to) of a table that covers `1 << shift` pages an entry; with `whole`, the table as well. */
static void drop_table(paddr_t table, unsigned int level, uint64_t from, uint64_t to, bool whole)
{
	uint64_t *entries = arch_phys_to_virt(table);
	unsigned int shift = (level - 1) * FANOUT_SHIFT;

	for (uint64_t i = from >> shift; i < FANOUT && i << shift < to; i++) {
		uint64_t first = i << shift, end = (i + 1) << shift;

		if (!entries[i])
			continue;
		if (level > 1) {
			drop_table(entries[i], level - 1, MAX(from, first) - first, MIN(to, end) - first, whole);
			if (!whole)
				continue;
		} else {
			page_put(entries[i]);
		}
		entries[i] = 0;
	}
	if (whole)
		page_put(table);
}

void pageset_put(struct pageset *set)
{
	/* Pairs with itself: the last one to leave sees what the others did to the tree. */
	if (__atomic_sub_fetch(&set->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (set->root)
		drop_table(set->root, set->levels, 0, 1ULL << (set->levels * FANOUT_SHIFT), true);
	kfree(set);
}

/* The lock is held. The entry for `index`, tables made on the way; NULL: no memory. */
static uint64_t *entry_of(struct pageset *set, uint64_t index)
{
	uint64_t *at = &set->root;

	for (unsigned int level = set->levels; level; level--) {
		uint64_t *table;

		if (!*at)
			*at = page_alloc(0);
		if (!*at)
			return NULL;
		table = arch_phys_to_virt(*at);
		at = &table[index >> ((level - 1) * FANOUT_SHIFT) & (FANOUT - 1)];
	}
	return at;
}

int pageset_page(struct pageset *set, uint64_t index, paddr_t *pa)
{
	unsigned long flags;
	uint64_t *entry;
	int rc = 0;

	if (index >= set->count)
		return -EIO;
	flags = spin_lock(&set->lock);
	entry = entry_of(set, index);
	if (!entry)
		rc = -ENOMEM;
	else if (!*entry && set->fixed)
		rc = -EIO;
	else if (!*entry && !(*entry = page_alloc(0)))
		rc = -ENOMEM;
	if (!rc) {
		*pa = *entry;
		page_get(*pa);
	}
	spin_unlock(&set->lock, flags);
	return rc;
}

int pageset_add(struct pageset *set, uint64_t index, paddr_t pa)
{
	unsigned long flags;
	uint64_t *entry;
	int rc = 0;

	ASSERT(index < set->count);
	flags = spin_lock(&set->lock);
	entry = entry_of(set, index);
	if (!entry) {
		rc = -ENOMEM;
	} else if (*entry) {
		rc = -EEXIST;
	} else {
		page_get(pa);
		*entry = pa;
	}
	spin_unlock(&set->lock, flags);
	return rc;
}

void pageset_drop(struct pageset *set, uint64_t from, uint64_t count)
{
	unsigned long flags;

	if (from >= set->count)
		return;
	flags = spin_lock(&set->lock);
	if (set->root)
		drop_table(set->root, set->levels, from, from + MIN(count, set->count - from), false);
	spin_unlock(&set->lock, flags);
}
