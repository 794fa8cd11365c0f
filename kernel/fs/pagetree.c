/* SPDX-License-Identifier: MIT */
/* Owns: the nodes. Relies on: the caller's lock.
 * Never: keeps an empty node once pagetree_free() ran; until then it may. */
#include "fs/pagetree.h"

#include "abi/errno.h"
#include "mm/kmalloc.h"
#include "mm/page.h"

#define BITS 6
#define FANOUT (1u << BITS)

static uint64_t *node(uint64_t v)
{
	return (uint64_t *)(uintptr_t)v;
}

/* Indices that a tree of this height covers, less one. */
static uint64_t last_index(unsigned int height)
{
	return height * BITS >= 64 ? UINT64_MAX : (1UL << (height * BITS)) - 1;
}

static unsigned int slot(uint64_t index, unsigned int level)
{
	return (unsigned int)(index >> ((level - 1) * BITS)) & (FANOUT - 1);
}

paddr_t pagetree_get(const struct pagetree *t, uint64_t index)
{
	uint64_t v = t->root;

	if (index > last_index(t->height))
		return 0;
	for (unsigned int level = t->height; v && level; level--)
		v = node(v)[slot(index, level)];
	return v;
}

int pagetree_set(struct pagetree *t, uint64_t index, paddr_t pa)
{
	uint64_t *at = &t->root;

	while (index > last_index(t->height)) {
		if (t->root) {
			uint64_t *top = kmalloc(FANOUT * sizeof(*top));

			if (!top)
				return -ENOMEM;
			top[0] = t->root;
			t->root = (uintptr_t)top;
		}
		t->height++;
	}
	for (unsigned int level = t->height; level; level--) {
		if (!*at)
			*at = (uintptr_t)kmalloc(FANOUT * sizeof(*at));
		if (!*at)
			return -ENOMEM;
		at = &node(*at)[slot(index, level)];
	}
	*at = pa;
	t->count++;
	return 0;
}

/* `v` covers the indices from `base` on. */
static void cut(struct pagetree *t, uint64_t *v, unsigned int level, uint64_t base, uint64_t from, uint64_t to)
{
	uint64_t step = level ? last_index(level - 1) + 1 : 0;

	if (!*v)
		return;
	if (!level) {
		page_put(*v);
		*v = 0;
		t->count--;
		return;
	}
	for (unsigned int i = 0; i < FANOUT; i++, base += step) {
		if (base >= to)
			return;
		if (base + (step - 1) >= from)
			cut(t, &node(*v)[i], level - 1, base, from, to);
		if (base + step < base)
			return;
	}
}

void pagetree_cut(struct pagetree *t, uint64_t from, uint64_t to)
{
	if (t->count && from < to && from <= last_index(t->height))
		cut(t, &t->root, t->height, 0, from, to);
}

static uint64_t next(uint64_t v, unsigned int level, uint64_t base, uint64_t from)
{
	uint64_t step = level ? last_index(level - 1) + 1 : 0;

	if (!v)
		return UINT64_MAX;
	if (!level)
		return base;
	for (unsigned int i = 0; i < FANOUT; i++, base += step) {
		uint64_t found;

		if (base + (step - 1) >= from) {
			found = next(node(v)[i], level - 1, base, from);
			if (found != UINT64_MAX)
				return found;
		}
		if (base + step < base)
			break;
	}
	return UINT64_MAX;
}

uint64_t pagetree_next(const struct pagetree *t, uint64_t from)
{
	return from > last_index(t->height) ? UINT64_MAX : next(t->root, t->height, 0, from);
}

static void free_nodes(uint64_t v, unsigned int level)
{
	if (!v || !level)
		return;
	for (unsigned int i = 0; i < FANOUT; i++)
		free_nodes(node(v)[i], level - 1);
	kfree(node(v));
}

void pagetree_free(struct pagetree *t)
{
	pagetree_cut(t, 0, UINT64_MAX);
	free_nodes(t->root, t->height);
	*t = (struct pagetree){ 0 };
}
