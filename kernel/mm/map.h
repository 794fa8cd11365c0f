/* SPDX-License-Identifier: MIT */
/* Owns: brk's work, for the system call and the program loader.
 * Relies on: mm/space.h.
 * Who may include: kernel/mm. */
#ifndef VDK_KERNEL_MM_MAP_H
#define VDK_KERNEL_MM_MAP_H

#include "mm/space.h"

/* Linux's brk: the new end of the heap, or the old one where it can't be moved. */
uaddr_t space_brk(struct space *s, uaddr_t brk);

#endif
