/* SPDX-License-Identifier: MIT */
/* Owns: user page tables.
 * Relies on: the architecture's pte.h, its TLB flushes. The caller holds the address space's lock for all of these.
 * Who may include: kernel/mm, kernel/proc. */
#ifndef VDK_KERNEL_MM_PAGETABLE_H
#define VDK_KERNEL_MM_PAGETABLE_H

#include "arch/arch.h"

int pagetable_init(struct arch_space *s); /* 0 or -ENOMEM; maps the kernel, no user page */
void pagetable_destroy(struct arch_space *s); /* frees tables, not the pages they map; not in use on any CPU */
/* Map one user page; replaces what was there. 0 or -ENOMEM. prot 0 = present to nobody. */
int pagetable_map(struct arch_space *s, uaddr_t va, paddr_t pa, unsigned int prot);
/* Remove one user page and flush it from the TLBs; the page that was mapped there, or 0. */
paddr_t pagetable_unmap(struct arch_space *s, uaddr_t va);
/* What is mapped at `va`: true, and *pa and *prot. */
bool pagetable_query(const struct arch_space *s, uaddr_t va, paddr_t *pa, unsigned int *prot);
/* The lowest page in [from, end) that is mapped, prot 0 included, or `end`. Empty tables are skipped whole: the cost
 * follows the tables that exist, not the size of the range (programs reserve terabytes). */
uaddr_t pagetable_next(const struct arch_space *s, uaddr_t from, uaddr_t end);

#endif
