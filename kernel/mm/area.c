/* SPDX-License-Identifier: MIT */
/* The sorted list of areas.
 * Owns: splitting, merging, finding room. Relies on: the space's locks, see area.h.
 * Never: touches page tables. */
#include "mm/area.h"

#include "abi/errno.h"
#include "core/log.h"
#include "fs/file.h"
#include "mm/kmalloc.h"
#include "mm/pageset.h"

struct area *area_above(const struct space *s, uaddr_t addr)
{
	struct area *a;

	list_each(a, &s->areas, link)
		if (a->end > addr)
			return a;
	return NULL;
}

struct area *area_at(const struct space *s, uaddr_t addr)
{
	struct area *a = area_above(s, addr);

	return a && a->start <= addr ? a : NULL;
}

struct area *area_next(const struct space *s, const struct area *a)
{
	return a->link.next == &s->areas ? NULL : list_entry(a->link.next, struct area, link);
}

struct area *area_prev(const struct space *s, const struct area *a)
{
	return a->link.prev == &s->areas ? NULL : list_entry(a->link.prev, struct area, link);
}

void area_insert(struct space *s, struct area *a)
{
	struct area *above = area_above(s, a->start);

	ASSERT(!above || above->start >= a->end);
	list_insert_before(above ? &above->link : &s->areas, &a->link);
	s->mapped_pages += (a->end - a->start) >> PAGE_SHIFT;
}

struct area *area_dup(const struct area *a)
{
	struct area *copy = kmalloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *a;
	list_init(&copy->link);
	if (copy->file)
		file_get(copy->file);
	if (copy->set)
		pageset_get(copy->set);
	return copy;
}

void area_free(struct area *a)
{
	if (a->file)
		file_put(a->file);
	if (a->set)
		pageset_put(a->set);
	kfree(a);
}

void area_free_list(struct list *areas)
{
	struct area *a, *next;

	list_each_safe(a, next, areas, link) {
		list_remove(&a->link);
		area_free(a);
	}
}

static int split_at(struct space *s, uaddr_t at)
{
	struct area *a = area_at(s, at), *upper;

	if (!a || a->start == at)
		return 0;
	upper = area_dup(a);
	if (!upper)
		return -ENOMEM;
	upper->start = at;
	upper->offset = area_offset(a, at);
	a->end = at;
	list_push_front(&a->link, &upper->link);
	return 0;
}

int area_isolate(struct space *s, uaddr_t start, uaddr_t end)
{
	int rc = split_at(s, start);

	return rc ? rc : split_at(s, end);
}

static bool mergeable(const struct area *a, const struct area *b)
{
	if (a->end != b->start || a->prot != b->prot || a->max_prot != b->max_prot || a->flags != b->flags ||
	    a->file != b->file || a->set != b->set || a->name != b->name || a->flags & AREA_MOVING)
		return false;
	return (!a->file && !a->set) || area_offset(a, b->start) == b->offset;
}

void area_merge(struct space *s, uaddr_t start, uaddr_t end)
{
	struct area *a = area_above(s, start ? start - 1 : 0), *b;

	while (a && a->start <= end && (b = area_next(s, a))) {
		if (!mergeable(a, b)) {
			a = b;
			continue;
		}
		a->end = b->end;
		list_remove(&b->link);
		/* `a` holds the same objects: no reference dropped here is the last. */
		area_free(b);
	}
}

void area_take(struct space *s, uaddr_t start, uaddr_t end, struct list *out)
{
	struct area *a = area_above(s, start);

	while (a && a->start < end) {
		struct area *next = area_next(s, a);

		ASSERT(a->start >= start && a->end <= end);
		s->mapped_pages -= (a->end - a->start) >> PAGE_SHIFT;
		list_remove(&a->link);
		list_push_back(out, &a->link);
		a = next;
	}
}

static uaddr_t lower_edge(const struct area *a)
{
	if (!(a->flags & AREA_STACK))
		return a->start;
	return a->start > STACK_GAP ? a->start - STACK_GAP : 0;
}

bool area_range_free(const struct space *s, uaddr_t start, uaddr_t end)
{
	struct area *a = area_above(s, start);

	return !a || a->start >= end;
}

bool area_range_covered(const struct space *s, uaddr_t start, uaddr_t end)
{
	struct area *a = area_at(s, start);

	while (a && a->end < end) {
		struct area *next = area_next(s, a);

		if (!next || next->start != a->end)
			return false;
		a = next;
	}
	return a != NULL;
}

uaddr_t area_find_free(const struct space *s, size_t len, uaddr_t top)
{
	const struct list *l;

	for (l = s->areas.prev; l != &s->areas; l = l->prev) {
		const struct area *a = list_entry(l, struct area, link);

		if (a->end <= top && top - a->end >= len)
			break;
		top = MIN(top, lower_edge(a));
	}
	return top >= len && top - len >= SPACE_MIN ? top - len : 0;
}
