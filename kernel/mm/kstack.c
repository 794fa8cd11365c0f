/* SPDX-License-Identifier: MIT */
/* Kernel stacks, each with as much unmapped below it: an overflow is a fault, not a damaged neighbour.
 * Owns: KSTACK_AREA, one GiB of the kernel's half, in slots of two stack sizes.
 * Relies on: kmap.c for the tables, which all address spaces share; layout.h for the place.
 * Never: gives a slot back before its pages are out of the TLB. */
#include "mm/kstack.h"

#include "arch/arch.h"
#include "core/spinlock.h"
#include "layout.h"
#include "mm/kmap.h"
#include "mm/page.h"

#define SLOT_SIZE (2 * ARCH_KSTACK_SIZE)
#define SLOTS (KSTACK_AREA_SIZE / SLOT_SIZE)
#define WORD_BITS 64

static struct spinlock lock;
/* lock */
static uint64_t used[SLOTS / WORD_BITS];
static size_t first_free_word; /* no word below has a clear bit */

static uint64_t address_of(size_t slot)
{
	return KSTACK_AREA + slot * SLOT_SIZE + SLOT_SIZE - ARCH_KSTACK_SIZE;
}

static bool take_slot(size_t *slot)
{
	for (size_t i = first_free_word; i < SLOTS / WORD_BITS; i++) {
		first_free_word = i;
		if (used[i] == UINT64_MAX)
			continue;
		*slot = i * WORD_BITS + (size_t)__builtin_ctzl(~used[i]);
		used[i] |= 1UL << *slot % WORD_BITS;
		return true;
	}
	return false;
}

static void give_slot(size_t slot)
{
	used[slot / WORD_BITS] &= ~(1UL << slot % WORD_BITS);
	first_free_word = MIN(first_free_word, slot / WORD_BITS);
}

static void unmap(uint64_t stack)
{
	for (uint64_t at = 0; at < ARCH_KSTACK_SIZE; at += PAGE_SIZE) {
		paddr_t pa = kmap_remove_page(stack + at);

		if (pa)
			page_put(pa);
	}
}

static bool map(uint64_t stack)
{
	for (uint64_t at = 0; at < ARCH_KSTACK_SIZE; at += PAGE_SIZE) {
		paddr_t pa = page_alloc(0);

		if (!pa)
			return false;
		if (!kmap_add_page(stack + at, pa)) {
			page_put(pa);
			return false;
		}
	}
	return true;
}

char *kstack_alloc(void)
{
	unsigned long flags = spin_lock(&lock);
	uint64_t stack = 0;
	size_t slot;

	if (take_slot(&slot)) {
		stack = address_of(slot);
		if (!map(stack)) {
			unmap(stack);
			give_slot(slot);
			stack = 0;
		}
	}
	spin_unlock(&lock, flags);
	return (char *)stack;
}

void kstack_free(char *stack)
{
	unsigned long flags = spin_lock(&lock);

	unmap((uint64_t)stack);
	give_slot(((uint64_t)stack - KSTACK_AREA) / SLOT_SIZE);
	spin_unlock(&lock, flags);
}
