/* SPDX-License-Identifier: MIT */
/* Owns: the kernel's basic types and the macros that every file uses.
 * Relies on: the compiler's freestanding headers.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_CORE_TYPES_H
#define VDK_KERNEL_CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Physical address; user virtual address (never dereferenced: see mm/uaccess.h). */
typedef uint64_t paddr_t;
typedef uint64_t uaddr_t;
typedef int64_t off_t;

/* Bytes of a page, the user's and the kernel's: the Makefile says what the architecture has. */
#ifndef PAGE_SHIFT
#define PAGE_SHIFT 12
#endif
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define ALIGN_UP(x, a) ALIGN_DOWN((x) + (a) - 1, a)
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define NSEC_PER_SEC 1000000000LL

#endif
