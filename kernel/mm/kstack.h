/* SPDX-License-Identifier: MIT */
/* Owns: kernel stacks.
 * Relies on: mm/kmap.h.
 * Who may include: kernel/proc. */
#ifndef VDK_KERNEL_MM_KSTACK_H
#define VDK_KERNEL_MM_KSTACK_H

/* A kernel stack: ARCH_KSTACK_SIZE bytes, zeroed; what lies below is not mapped. Its lowest address; NULL: no memory. */
char *kstack_alloc(void);
void kstack_free(char *stack); /* not the one in use */

#endif
