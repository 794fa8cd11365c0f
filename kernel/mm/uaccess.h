/* SPDX-License-Identifier: MIT */
/* Owns: the only ways to touch user memory.
 * Relies on: arch_copy_user(), the current process's address space.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_MM_UACCESS_H
#define VDK_KERNEL_MM_UACCESS_H

#include "core/types.h"

/* 0 or -EFAULT; never a crash, whatever the address. Not under a spinlock. A part may have been copied. */
int copy_from_user(void *to, uaddr_t from, size_t n);
int copy_to_user(uaddr_t to, const void *from, size_t n);
int clear_user(uaddr_t to, size_t n);
/* Length without NUL, -EFAULT, or -ENAMETOOLONG when no NUL is among the first `size` bytes. */
long strncpy_from_user(char *to, uaddr_t from, size_t size);
/* A path, NUL-terminated, at most PATH_MAX (4096) bytes, from kmalloc(); -EFAULT, -ENAMETOOLONG, -ENOMEM. */
int path_from_user(char **path, uaddr_t from);

#endif
