/* SPDX-License-Identifier: MIT */
/* Owns: the kernel heap.
 * Relies on: mm/page.h.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_MM_KMALLOC_H
#define VDK_KERNEL_MM_KMALLOC_H

#include "core/types.h"

/* Zeroed memory, aligned to 16 bytes (to a page for a page or more); NULL when memory is out. Any size, any context. */
void *kmalloc(size_t size);
void kfree(void *p); /* NULL is fine */
/* Keeps the first MIN(old, new) bytes; the rest is zero. On NULL the old block is untouched. */
void *krealloc(void *p, size_t size);

#endif
