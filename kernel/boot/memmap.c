/* SPDX-License-Identifier: MIT */
/* Sets of physical address ranges.
 * Owns: nothing.
 * Relies on: nothing, so that it is tested on the host.
 * Never: allocates. */
#include "boot/memmap.h"

static void erase(struct memmap *m, unsigned int at)
{
	for (m->count--; at < m->count; at++)
		m->range[at] = m->range[at + 1];
}

static uint64_t size(const struct memmap *m, unsigned int at)
{
	return m->range[at].end - m->range[at].base;
}

static void insert(struct memmap *m, unsigned int at, paddr_t base, paddr_t end)
{
	if (m->count == MEMMAP_MAX) {
		unsigned int least = 0;

		for (unsigned int i = 1; i < m->count; i++)
			if (size(m, i) < size(m, least))
				least = i;
		if (end - base <= size(m, least)) {
			m->dropped += end - base;
			return;
		}
		m->dropped += size(m, least);
		erase(m, least);
		if (least < at)
			at--;
	}
	for (unsigned int i = m->count++; i > at; i--)
		m->range[i] = m->range[i - 1];
	m->range[at].base = base;
	m->range[at].end = end;
}

void memmap_add(struct memmap *m, paddr_t base, paddr_t end)
{
	unsigned int at = 0;

	if (base >= end)
		return;
	while (at < m->count && m->range[at].end < base)
		at++;
	while (at < m->count && m->range[at].base <= end) {
		base = MIN(base, m->range[at].base);
		end = MAX(end, m->range[at].end);
		erase(m, at);
	}
	insert(m, at, base, end);
}

void memmap_remove(struct memmap *m, paddr_t base, paddr_t end)
{
	if (base >= end)
		return;
	for (unsigned int i = 0; i < m->count;) {
		struct memmap_range *r = &m->range[i];
		paddr_t old_end = r->end;

		if (r->end <= base || r->base >= end) {
			i++;
		} else if (r->base >= base && r->end <= end) {
			erase(m, i);
		} else if (r->base < base) {
			r->end = base;
			i++;
			if (old_end > end)
				insert(m, i, end, old_end);
		} else {
			r->base = end;
			i++;
		}
	}
}
