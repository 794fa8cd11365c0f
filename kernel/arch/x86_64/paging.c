/* SPDX-License-Identifier: MIT */
/* User page tables.
 * Owns: the lower half of every address space, and what of it the TLB holds.
 * Relies on: the caller's lock; kmap.c for the upper half, which all spaces share.
 * Never: maps a user page for the kernel's privilege level. */
#include "abi/errno.h"
#include "arch/arch.h"
#include "core/string.h"
#include "kmap.h"
#include "mm/page.h"
#include "percpu.h"
#include "x86.h"

/* An entry of the last level keeps the protection that was asked for in bits that the CPU ignores, and is "there" while
 * it is not 0: with no protection at all PTE_PRESENT is clear, and PTE_KEPT marks it. */
#define PTE_PROT_SHIFT 9
#define PTE_PROT (7UL << PTE_PROT_SHIFT)
#define PTE_KEPT (1UL << 52)
#define PTE_TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
#define KERNEL_HALF 256
#define TABLE_ENTRIES 512

static uint64_t *table(paddr_t pa)
{
	return arch_phys_to_virt(pa & PTE_ADDRESS);
}

static uint64_t encode(paddr_t pa, unsigned int prot)
{
	uint64_t e = pa | PTE_KEPT | (uint64_t)prot << PTE_PROT_SHIFT;

	if (prot)
		e |= PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_DIRTY;
	if (prot & ARCH_PROT_WRITE)
		e |= PTE_WRITE;
	if (!(prot & ARCH_PROT_EXEC))
		e |= PTE_NX;
	return e;
}

/* NULL: there is no table for it, or no memory to make one. */
static uint64_t *find(paddr_t root, uaddr_t va, bool create)
{
	uint64_t *entry = &table(root)[PT_INDEX(va, 3)];

	for (unsigned int level = 3; level-- > 0;) {
		if (!*entry) {
			paddr_t pa = create ? page_alloc(0) : 0;

			if (!pa)
				return NULL;
			*entry = pa | PTE_TABLE;
		}
		entry = &table(*entry)[PT_INDEX(va, level)];
	}
	return entry;
}

/* The only place that must learn of other CPUs: those that run `s` are to do the same. */
static void flush(const struct arch_space *s, uaddr_t va, bool all)
{
	if (this_arch_cpu()->root != s->root)
		return;
	if (all)
		write_cr3(s->root);
	else
		invlpg(va);
}

int arch_space_init(struct arch_space *s)
{
	s->root = page_alloc(0);
	if (!s->root)
		return -ENOMEM;
	memcpy(table(s->root) + KERNEL_HALF, table(kmap_root()) + KERNEL_HALF, (TABLE_ENTRIES - KERNEL_HALF) * 8);
	return 0;
}

static void free_table(paddr_t pa, unsigned int level)
{
	const uint64_t *t = table(pa);

	for (unsigned int i = 0; level > 0 && i < (level == 3 ? KERNEL_HALF : TABLE_ENTRIES); i++)
		if (t[i])
			free_table(t[i] & PTE_ADDRESS, level - 1);
	page_put(pa);
}

void arch_space_destroy(struct arch_space *s)
{
	if (this_arch_cpu()->root == s->root)
		arch_space_switch(NULL);
	free_table(s->root, 3);
	s->root = 0;
}

int arch_space_map(struct arch_space *s, uaddr_t va, paddr_t pa, unsigned int prot)
{
	uint64_t *entry = find(s->root, va, true), old;

	if (!entry)
		return -ENOMEM;
	old = *entry;
	__atomic_store_n(entry, encode(pa, prot), __ATOMIC_RELEASE);
	if (old & PTE_PRESENT)
		flush(s, va, false);
	return 0;
}

paddr_t arch_space_unmap(struct arch_space *s, uaddr_t va)
{
	uint64_t *entry = find(s->root, va, false), old;

	if (!entry || !*entry)
		return 0;
	old = __atomic_exchange_n(entry, 0, __ATOMIC_ACQ_REL);
	if (old & PTE_PRESENT)
		flush(s, va, false);
	return old & PTE_ADDRESS;
}

bool arch_space_query(const struct arch_space *s, uaddr_t va, paddr_t *pa, unsigned int *prot)
{
	const uint64_t *entry = find(s->root, va, false);

	if (!entry || !*entry)
		return false;
	*pa = *entry & PTE_ADDRESS;
	*prot = (*entry & PTE_PROT) >> PTE_PROT_SHIFT;
	return true;
}

static uaddr_t next_in(const uint64_t *t, unsigned int level, uaddr_t from, uaddr_t end)
{
	uint64_t size = PAGE_SIZE << 9 * level;

	for (uaddr_t va = from; va < end; va = ALIGN_DOWN(va, size) + size) {
		uint64_t entry = t[PT_INDEX(va, level)];
		uaddr_t stop = MIN(ALIGN_DOWN(va, size) + size, end), found;

		if (!entry)
			continue;
		found = level ? next_in(table(entry), level - 1, va, stop) : va;
		if (found < stop)
			return found;
	}
	return end;
}

uaddr_t arch_space_next(const struct arch_space *s, uaddr_t from, uaddr_t end)
{
	return next_in(table(s->root), 3, from, end);
}

void arch_space_flush(struct arch_space *s)
{
	flush(s, 0, true);
}

void arch_space_switch(struct arch_space *s)
{
	struct arch_cpu *c = this_arch_cpu();
	paddr_t root = s ? s->root : kmap_root();

	if (c->root == root)
		return;
	c->root = root;
	write_cr3(root);
}
