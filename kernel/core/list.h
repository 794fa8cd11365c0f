/* SPDX-License-Identifier: MIT */
/* Owns: the intrusive doubly linked list.
 * Relies on: the caller's lock.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_CORE_LIST_H
#define VDK_KERNEL_CORE_LIST_H

#include "core/types.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_empty(const struct list *l) { return l->next == l; }

static inline void list_insert_before(struct list *at, struct list *n)
{
	n->next = at;
	n->prev = at->prev;
	at->prev->next = n;
	at->prev = n;
}

static inline void list_push_back(struct list *head, struct list *n) { list_insert_before(head, n); }
static inline void list_push_front(struct list *head, struct list *n) { list_insert_before(head->next, n); }

/* Leaves `n` empty, so that removing it twice is harmless. */
static inline void list_remove(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_entry(p, type, member) container_of(p, type, member)
#define list_first(head, type, member) \
	(list_empty(head) ? (type *)NULL : list_entry((head)->next, type, member))
#define list_each(it, head, member)                                                   \
	for (it = list_entry((head)->next, __typeof__(*it), member); &it->member != (head); \
	     it = list_entry(it->member.next, __typeof__(*it), member))
/* As list_each, but `it` may be removed in the body. */
#define list_each_safe(it, tmp, head, member)                            \
	for (it = list_entry((head)->next, __typeof__(*it), member),       \
	    tmp = list_entry(it->member.next, __typeof__(*it), member);    \
	     &it->member != (head);                                        \
	     it = tmp, tmp = list_entry(it->member.next, __typeof__(*it), member))

#endif
