/* SPDX-License-Identifier: MIT */
/* Owns: the limits that the compiler does not know. Relies on: the compiler's header. Who may include: programs. */
#ifndef VDK_NOLIBC_LIMITS_H
#define VDK_NOLIBC_LIMITS_H

#include_next <limits.h>

#define PATH_MAX 4096

#endif
