/* SPDX-License-Identifier: MIT */
/* User page tables: tables of a page each, PT_LEVELS of them.
 * Owns: the user's part of every address space.
 * Relies on: the caller's lock; pte.h for the format of an entry; kmap.c for the kernel's part, which all spaces share.
 * Never: changes a present entry into another present one: the TLB forgets the old one in between. */
#include "mm/pagetable.h"

#include "abi/errno.h"
#include "core/string.h"
#include "mm/kmap.h"
#include "mm/page.h"
#include "mm/table.h"

static uint64_t *find(paddr_t root, uaddr_t va, bool create)
{
	return table_find(root, va, create ? page_alloc : NULL);
}

int pagetable_init(struct arch_space *s)
{
	s->root = page_alloc(0);
	if (!s->root)
		return -ENOMEM;
	if (!PT_SPLIT)
		memcpy(table_at(s->root) + KERNEL_HALF, table_at(kmap_root()) + KERNEL_HALF,
		       (TABLE_ENTRIES - KERNEL_HALF) * sizeof(uint64_t));
	return 0;
}

static void free_table(paddr_t pa, unsigned int level)
{
	const uint64_t *t = table_at(pa);
	unsigned int entries = level == PT_LEVELS - 1 && !PT_SPLIT ? KERNEL_HALF : TABLE_ENTRIES;

	for (unsigned int i = 0; level > 0 && i < entries; i++)
		if (t[i])
			free_table(pte_address(t[i]), level - 1);
	page_put(pa);
}

void pagetable_destroy(struct arch_space *s)
{
	free_table(s->root, PT_LEVELS - 1);
	s->root = 0;
}

static uint64_t take(const struct arch_space *s, uint64_t *entry, uaddr_t va)
{
	uint64_t old = __atomic_exchange_n(entry, 0, __ATOMIC_ACQ_REL);

	if (pte_present(old))
		arch_space_flush_page(s, va);
	return old;
}

int pagetable_map(struct arch_space *s, uaddr_t va, paddr_t pa, unsigned int prot)
{
	uint64_t *entry = find(s->root, va, true);

	if (!entry)
		return -ENOMEM;
	take(s, entry, va);
	if (prot & ARCH_PROT_EXEC)
		pte_sync_code(arch_phys_to_virt(pa));
	__atomic_store_n(entry, pte_user(pa, prot), __ATOMIC_RELEASE);
	pte_written(va);
	return 0;
}

paddr_t pagetable_unmap(struct arch_space *s, uaddr_t va)
{
	uint64_t *entry = find(s->root, va, false);

	return entry && *entry ? pte_address(take(s, entry, va)) : 0;
}

bool pagetable_query(const struct arch_space *s, uaddr_t va, paddr_t *pa, unsigned int *prot)
{
	const uint64_t *entry = find(s->root, va, false);

	if (!entry || !*entry)
		return false;
	*pa = pte_address(*entry);
	*prot = pte_prot(*entry);
	return true;
}

static uaddr_t next_in(const uint64_t *t, unsigned int level, uaddr_t from, uaddr_t end)
{
	uint64_t size = TABLE_SPAN(level);

	for (uaddr_t va = from; va < end; va = ALIGN_DOWN(va, size) + size) {
		uint64_t entry = t[TABLE_INDEX(va, level)];
		uaddr_t stop = MIN(ALIGN_DOWN(va, size) + size, end), found;

		if (!entry)
			continue;
		found = level ? next_in(table_at(pte_address(entry)), level - 1, va, stop) : va;
		if (found < stop)
			return found;
	}
	return end;
}

uaddr_t pagetable_next(const struct arch_space *s, uaddr_t from, uaddr_t end)
{
	return next_in(table_at(s->root), PT_LEVELS - 1, from, end);
}
