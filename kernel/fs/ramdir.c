/* SPDX-License-Identifier: MIT */
/* The entries of one ramfs directory: a list in the order of making, and a hash table.
 * Owns: struct ram_entry. Relies on: tree_lock, held by the caller of all but ram_entry_create().
 * Never: counts references. */
#include "core/string.h"
#include "fs/ramfs.h"
#include "mm/kmalloc.h"

#define FIRST_BUCKETS 8

/* FNV-1a. */
static uint32_t hash_name(const char *name, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h;
}

struct ram_entry *ram_entry_create(const char *name, struct inode *ino)
{
	size_t n = strlen(name);
	struct ram_entry *e = kmalloc(sizeof(*e) + n + 1);

	if (!e)
		return NULL;
	list_init(&e->link);
	e->inode = ino;
	e->hash = hash_name(name, n);
	e->len = n;
	memcpy(e->name, name, n + 1);
	return e;
}

struct ram_entry *ram_find(struct ram_inode *d, const char *name)
{
	size_t n = strlen(name);
	uint32_t hash = hash_name(name, n);
	struct ram_entry *e = d->bucket_count ? d->buckets[hash & (d->bucket_count - 1)] : NULL;

	while (e && (e->hash != hash || e->len != n || memcmp(e->name, name, n)))
		e = e->chain;
	return e;
}

int ram_reserve(struct ram_inode *d)
{
	size_t n = d->bucket_count ? d->bucket_count * 2 : FIRST_BUCKETS;
	struct ram_entry **buckets, *e;

	if (d->count < d->bucket_count)
		return 0;
	buckets = kmalloc(n * sizeof(struct ram_entry *));
	if (!buckets)
		return -ENOMEM;
	list_each(e, &d->entries, link) {
		e->chain = buckets[e->hash & (n - 1)];
		buckets[e->hash & (n - 1)] = e;
	}
	kfree(d->buckets);
	d->buckets = buckets;
	d->bucket_count = n;
	return 0;
}

void ram_insert(struct ram_inode *d, struct ram_entry *e)
{
	struct ram_entry **bucket = &d->buckets[e->hash & (d->bucket_count - 1)];

	e->cookie = d->next_cookie++;
	e->chain = *bucket;
	*bucket = e;
	list_push_back(&d->entries, &e->link);
	d->count++;
	d->inode.size += 20;
	inode_touch(&d->inode);
}

void ram_take_out(struct ram_inode *d, struct ram_entry *e)
{
	struct ram_entry **at = &d->buckets[e->hash & (d->bucket_count - 1)];

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	list_remove(&e->link);
	d->count--;
	d->inode.size -= 20;
	inode_touch(&d->inode);
}
