/* SPDX-License-Identifier: MIT */
/* The heap: slabs of equal objects for small sizes, whole blocks of pages above.
 * Owns: slabs; their pages carry the slab's order + 1 as tag, which is how kfree() tells them from blocks.
 * Relies on: page_alloc() returning naturally aligned blocks, so that an object's slab is found by masking.
 * Never: returns memory that is not zero. */
#include "mm/kmalloc.h"

#include "arch/arch.h"
#include "core/list.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "mm/page.h"

#define SLAB_MAGIC 0x62616c73u /* "slab" */

struct slab {
	struct list link; /* in its class while an object is free */
	struct class *class;
	void *free; /* chain of free objects */
	unsigned int used, magic;
	uint64_t pad[3];
};
_Static_assert(sizeof(struct slab) % 16 == 0, "objects are aligned to 16 bytes");

struct class {
	unsigned int size, order;
	struct spinlock lock;
	struct list partial;
};

#define CLASS(bytes, pages_order) { .size = bytes, .order = pages_order }
static struct class classes[] = {
	CLASS(16, 0), CLASS(32, 0), CLASS(48, 0), CLASS(64, 0), CLASS(96, 0), CLASS(128, 0), CLASS(192, 0),
	CLASS(256, 0), CLASS(384, 0), CLASS(512, 0), CLASS(768, 2), CLASS(1024, 2), CLASS(1536, 2), CLASS(2048, 2),
	CLASS(3072, 2),
};

static struct class *class_for(size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (size <= classes[i].size)
			return &classes[i];
	return NULL;
}

static unsigned int class_count(const struct class *c)
{
	return ((PAGE_SIZE << c->order) - sizeof(struct slab)) / c->size;
}

static struct slab *slab_create(struct class *c)
{
	paddr_t pa = page_alloc(c->order);
	struct slab *s;
	char *object;

	if (!pa)
		return NULL;
	page_tag_set(pa, c->order, (uint8_t)(c->order + 1));
	s = arch_phys_to_virt(pa);
	s->class = c;
	s->magic = SLAB_MAGIC;
	object = (char *)(s + 1) + (size_t)class_count(c) * c->size;
	for (unsigned int i = class_count(c); i--;) {
		object -= c->size;
		*(void **)object = s->free;
		s->free = object;
	}
	return s;
}

static void *class_alloc(struct class *c)
{
	unsigned long flags = spin_lock(&c->lock);
	struct slab *s;
	void *object;

	if (!c->partial.next)
		list_init(&c->partial);
	s = list_first(&c->partial, struct slab, link);
	if (!s) {
		s = slab_create(c);
		if (!s) {
			spin_unlock(&c->lock, flags);
			return NULL;
		}
		list_push_front(&c->partial, &s->link);
	}
	object = s->free;
	s->free = *(void **)object;
	s->used++;
	if (!s->free)
		list_remove(&s->link);
	spin_unlock(&c->lock, flags);
	memset(object, 0, c->size);
	return object;
}

static struct slab *slab_of(const void *p, uint8_t tag)
{
	struct slab *s = (struct slab *)ALIGN_DOWN((uintptr_t)p, PAGE_SIZE << (tag - 1));

	ASSERT(s->magic == SLAB_MAGIC);
	ASSERT((size_t)((const char *)p - (const char *)(s + 1)) % s->class->size == 0);
	return s;
}

static void class_free(struct slab *s, void *p)
{
	struct class *c = s->class;
	unsigned long flags = spin_lock(&c->lock);
	bool empty;

	ASSERT(s->used > 0 && p != s->free);
	if (!s->free)
		list_push_front(&c->partial, &s->link);
	*(void **)p = s->free;
	s->free = p;
	s->used--;
	/* The last partial slab stays, so that a lone object does not make a slab come and go. */
	empty = !s->used && c->partial.next != c->partial.prev;
	if (empty) {
		list_remove(&s->link);
		s->magic = 0;
	}
	spin_unlock(&c->lock, flags);
	if (empty)
		page_free(arch_virt_to_phys(s), c->order);
}

static unsigned int order_for(size_t size)
{
	unsigned int order = 0;

	while (order <= PAGE_MAX_ORDER && (PAGE_SIZE << order) < size)
		order++;
	return order;
}

void *kmalloc(size_t size)
{
	struct class *c = class_for(size);
	paddr_t pa;

	if (c)
		return class_alloc(c);
	pa = page_alloc(order_for(size));
	return pa ? arch_phys_to_virt(pa) : NULL;
}

void kfree(void *p)
{
	paddr_t pa;
	uint8_t tag;

	if (!p)
		return;
	pa = arch_virt_to_phys(p);
	tag = page_tag(pa);
	if (tag) {
		class_free(slab_of(p, tag), p);
		return;
	}
	ASSERT(!(pa & ~PAGE_MASK));
	page_free(pa, page_order(pa));
}

static size_t capacity(const void *p)
{
	paddr_t pa = arch_virt_to_phys(p);
	uint8_t tag = page_tag(pa);

	return tag ? slab_of(p, tag)->class->size : PAGE_SIZE << page_order(pa);
}

void *krealloc(void *p, size_t size)
{
	size_t have;
	void *q;

	if (!p)
		return kmalloc(size);
	/* What lies beyond the size last asked for is zero already: kmalloc() clears the whole capacity. */
	have = capacity(p);
	if (size <= have && (have <= 64 || size > have / 4)) {
		memset((char *)p + size, 0, have - size);
		return p;
	}
	q = kmalloc(size);
	if (!q)
		return NULL;
	memcpy(q, p, MIN(have, size));
	kfree(p);
	return q;
}
