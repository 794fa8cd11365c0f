/* SPDX-License-Identifier: MIT */
/* A buddy allocator per range of memory that the boot loader reported, and a reference count per page.
 * Owns: every usable page; the descriptors lie at the end of the range that they describe.
 * Relies on: the direct map reaching all of bootinfo's memory; links of free blocks are kept in the blocks themselves.
 * Never: hands out physical page 0, which means "none". */
#include "mm/page.h"

#include "arch/arch.h"
#include "core/bootinfo.h"
#include "core/list.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "core/string.h"

#define PAGE_FREE 0xffu

struct page {
	unsigned int refs; /* atomic while allocated */
	uint8_t order;     /* of the block that starts here; meaningless elsewhere */
	uint8_t free;      /* PAGE_FREE: a free block starts here */
	uint8_t tag;
	uint8_t pad;
};

struct range {
	paddr_t base;
	uint64_t count; /* pages that are handed out */
	struct page *pages;
};

static struct spinlock lock;
static struct list free_lists[PAGE_MAX_ORDER + 1];
static struct range ranges[ARRAY_SIZE(((struct bootinfo *)0)->ram)];
static unsigned int range_count;
static size_t total, available;
static paddr_t zero;

static const struct range *range_of(paddr_t pa)
{
	for (unsigned int i = 0; i < range_count; i++) {
		const struct range *r = &ranges[i];

		if (pa >= r->base && (pa - r->base) >> PAGE_SHIFT < r->count)
			return r;
	}
	panic("page: 0x%llx is not allocatable memory", (unsigned long long)pa);
}

static struct page *page_of(paddr_t pa)
{
	const struct range *r = range_of(pa);

	return &r->pages[(pa - r->base) >> PAGE_SHIFT];
}

static void push_free(paddr_t pa, struct page *pg, unsigned int order)
{
	pg->free = PAGE_FREE;
	pg->order = (uint8_t)order;
	list_push_front(&free_lists[order], arch_phys_to_virt(pa));
}

static void pull_free(paddr_t pa, struct page *pg)
{
	pg->free = 0;
	list_remove(arch_phys_to_virt(pa));
}

/* The lock is held. */
static void free_block(const struct range *r, paddr_t pa, unsigned int order)
{
	available += 1UL << order;
	while (order < PAGE_MAX_ORDER) {
		paddr_t buddy = pa ^ (PAGE_SIZE << order);
		struct page *pg;

		if (buddy < r->base || (buddy - r->base) >> PAGE_SHIFT >= r->count)
			break;
		pg = &r->pages[(buddy - r->base) >> PAGE_SHIFT];
		if (pg->free != PAGE_FREE || pg->order != order)
			break;
		pull_free(buddy, pg);
		pa = MIN(pa, buddy);
		order++;
	}
	push_free(pa, &r->pages[(pa - r->base) >> PAGE_SHIFT], order);
}

static void add_range(paddr_t base, uint64_t size)
{
	paddr_t end = ALIGN_DOWN(base + size, PAGE_SIZE);
	struct range *r = &ranges[range_count];
	uint64_t pages, described;

	base = MAX(ALIGN_UP(base, PAGE_SIZE), PAGE_SIZE);
	if (base >= end)
		return;
	pages = (end - base) >> PAGE_SHIFT;
	described = (pages * sizeof(struct page) + PAGE_SIZE - 1) >> PAGE_SHIFT;
	if (described >= pages)
		return;
	r->base = base;
	r->count = pages - described;
	r->pages = arch_phys_to_virt(base + (r->count << PAGE_SHIFT));
	memset(r->pages, 0, described << PAGE_SHIFT);
	range_count++;
	total += r->count;

	for (paddr_t pa = base, stop = base + (r->count << PAGE_SHIFT); pa < stop;) {
		unsigned int order = 0;

		while (order < PAGE_MAX_ORDER && !(pa & (PAGE_SIZE << order)) && pa + (PAGE_SIZE << (order + 1)) <= stop)
			order++;
		free_block(r, pa, order);
		pa += PAGE_SIZE << order;
	}
}

void page_init(const struct bootinfo *info)
{
	for (unsigned int i = 0; i <= PAGE_MAX_ORDER; i++)
		list_init(&free_lists[i]);
	for (unsigned int i = 0; i < info->ram_count; i++)
		add_range(info->ram[i].base, info->ram[i].size);
	zero = page_alloc(0);
	if (!zero)
		panic("no memory: the boot loader reported %u ranges of RAM", info->ram_count);
	log_info("memory: %zu KiB in %u ranges", total * (PAGE_SIZE / 1024), range_count);
}

paddr_t page_alloc(unsigned int order)
{
	unsigned int have = order;
	unsigned long flags;
	const struct range *r;
	struct page *pg;
	paddr_t pa;

	if (order > PAGE_MAX_ORDER)
		return 0;
	flags = spin_lock(&lock);
	while (have <= PAGE_MAX_ORDER && list_empty(&free_lists[have]))
		have++;
	if (have > PAGE_MAX_ORDER) {
		spin_unlock(&lock, flags);
		return 0;
	}
	pa = arch_virt_to_phys(free_lists[have].next);
	r = range_of(pa);
	pg = &r->pages[(pa - r->base) >> PAGE_SHIFT];
	pull_free(pa, pg);
	while (have > order) {
		have--;
		push_free(pa + (PAGE_SIZE << have), pg + (1UL << have), have);
	}
	pg->order = (uint8_t)order;
	for (size_t i = 0; i < 1UL << order; i++) {
		pg[i].refs = 1;
		pg[i].tag = 0;
	}
	available -= 1UL << order;
	spin_unlock(&lock, flags);

	memset(arch_phys_to_virt(pa), 0, PAGE_SIZE << order);
	return pa;
}

void page_free(paddr_t pa, unsigned int order)
{
	const struct range *r = range_of(pa);
	struct page *pg = &r->pages[(pa - r->base) >> PAGE_SHIFT];
	unsigned long flags;

	ASSERT(pg->free != PAGE_FREE && pg->order == order);
	ASSERT(!(pa & ((PAGE_SIZE << order) - 1)));
	for (size_t i = 0; i < 1UL << order; i++) {
		ASSERT(pg[i].refs == 1);
		pg[i].refs = 0;
	}
	flags = spin_lock(&lock);
	free_block(r, pa, order);
	spin_unlock(&lock, flags);
}

void page_get(paddr_t pa)
{
	unsigned int before = __atomic_fetch_add(&page_of(pa)->refs, 1, __ATOMIC_RELAXED);

	ASSERT(before > 0 && before < UINT32_MAX);
}

void page_put(paddr_t pa)
{
	const struct range *r = range_of(pa);
	struct page *pg = &r->pages[(pa - r->base) >> PAGE_SHIFT];
	/* Release pairs with the acquire of whoever takes the count to 0: accesses through other references are over
	 * before the page can be handed out again. */
	unsigned int before = __atomic_fetch_sub(&pg->refs, 1, __ATOMIC_ACQ_REL);
	unsigned long flags;

	ASSERT(before > 0);
	if (before > 1)
		return;
	ASSERT(pg->order == 0 && pa != zero);
	flags = spin_lock(&lock);
	free_block(r, pa, 0);
	spin_unlock(&lock, flags);
}

unsigned int page_refs(paddr_t pa)
{
	return __atomic_load_n(&page_of(pa)->refs, __ATOMIC_ACQUIRE);
}

paddr_t page_zero(void)
{
	return zero;
}

unsigned int page_order(paddr_t pa)
{
	const struct page *pg = page_of(pa);

	ASSERT(pg->free != PAGE_FREE && pg->refs);
	return pg->order;
}

void page_tag_set(paddr_t pa, unsigned int order, uint8_t tag)
{
	struct page *pg = page_of(pa);

	for (size_t i = 0; i < 1UL << order; i++)
		pg[i].tag = tag;
}

uint8_t page_tag(paddr_t pa)
{
	return page_of(pa)->tag;
}

size_t page_total(void)
{
	return total;
}

size_t page_free_count(void)
{
	return __atomic_load_n(&available, __ATOMIC_RELAXED);
}
