/* SPDX-License-Identifier: MIT */
/* Owns: what the files of kernel/mm share: the area list, and page tables in steps that leave interrupts on in between.
 * Relies on: mm/space.h, whose locks are named here.
 * Who may include: kernel/mm. */
#ifndef VDK_KERNEL_MM_AREA_H
#define VDK_KERNEL_MM_AREA_H

#include "mm/space.h"

/* --- area.c: with `lock` held. Lists are changed with `changing` held too. --- */
/* The first area that ends above `addr`. */
struct area *area_above(const struct space *s, uaddr_t addr);
struct area *area_at(const struct space *s, uaddr_t addr); /* that contains `addr` */
struct area *area_next(const struct space *s, const struct area *a);
struct area *area_prev(const struct space *s, const struct area *a);
static inline uint64_t area_offset(const struct area *a, uaddr_t va) { return a->offset + (va - a->start); }
static inline bool area_private(const struct area *a) { return !(a->flags & (AREA_SHARED | AREA_SPECIAL)); }
/* What page tables may say in this area: no architecture has pages that can be written and not read. */
static inline unsigned int area_page_prot(const struct area *a, bool writable)
{
	unsigned int prot = a->prot & ARCH_PROT_WRITE ? a->prot | ARCH_PROT_READ : a->prot;

	return writable ? prot : prot & ~ARCH_PROT_WRITE;
}
/* Put a new area in its place, which is free; no merging. */
void area_insert(struct space *s, struct area *a);
/* Make areas begin and end at `start` and `end` where these fall inside one. 0, or -ENOMEM: programs see no change. */
int area_isolate(struct space *s, uaddr_t start, uaddr_t end);
/* Merge what can be merged in [start, end] and with its neighbours. */
void area_merge(struct space *s, uaddr_t start, uaddr_t end);
/* Take all areas in [start, end) out; both are boundaries. */
void area_take(struct space *s, uaddr_t start, uaddr_t end, struct list *out);
bool area_range_free(const struct space *s, uaddr_t start, uaddr_t end);
/* [start, end) is covered without holes. */
bool area_range_covered(const struct space *s, uaddr_t start, uaddr_t end);
/* The highest free range of `len` bytes below `top`, the gap under stacks kept; 0: none. */
uaddr_t area_find_free(const struct space *s, size_t len, uaddr_t top);

/* A copy with references of its own, in no list; NULL: no memory. */
struct area *area_dup(const struct area *a);
/* Without locks: drop the references and the memory. */
void area_free(struct area *a);
void area_free_list(struct list *areas);

/* --- pages.c --- */
/* Without locks: unmap every page of [start, end). */
void space_zap(struct space *s, uaddr_t start, uaddr_t end);
void space_zap_locked(struct space *s, uaddr_t start, uaddr_t end);
/* Without locks: make the page tables of [start, end) allow no more than the areas do. */
void space_sync(struct space *s, uaddr_t start, uaddr_t end);
/* Copy the pages of one private area into a clone; `changing` of `from` is held. 0 or -ENOMEM. */
int space_clone_pages(struct space *from, struct space *to, const struct area *a);
/* Move the pages of an AREA_MOVING area to `to`. 0, or -ENOMEM with all of them back. */
int space_move_pages(struct space *s, uaddr_t from, uaddr_t to, size_t len);
/* Bring in [start, end) as mlock does. 0, or -ENOMEM at the first page that can't be; stops early for a deadly signal. */
int space_populate(struct space *s, uaddr_t start, uaddr_t end);

/* --- space.c --- */
struct pageset;
/* As space_forget_file(), for bytes of a set. */
void space_forget_set(const struct pageset *set, uint64_t from, uint64_t to);

/* --- map.c: with `changing` held --- */
/* Room for `pages` more under RLIMIT_AS? */
bool space_may_grow(const struct space *s, size_t pages);
long space_munmap_changing(struct space *s, uaddr_t addr, size_t len, struct list *dead);
/* Where mmap would put `len` bytes: at `hint` if that is free, else where it finds room; 0: nowhere. */
uaddr_t space_find_place(struct space *s, uaddr_t hint, size_t len, uaddr_t top);

#endif
