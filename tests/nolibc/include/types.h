/* SPDX-License-Identifier: MIT */
/* Owns: the types that several headers name, as the Linux ABI has them on 64-bit machines.
 * Relies on: the compiler's headers.
 * Who may include: this C library's headers. */
#ifndef VDK_NOLIBC_TYPES_H
#define VDK_NOLIBC_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef long ssize_t, time_t, suseconds_t, clock_t, off_t;
typedef int pid_t, clockid_t;
typedef unsigned int uid_t, gid_t, mode_t, id_t;
typedef unsigned long rlim_t;

typedef struct {
	unsigned long bits;
} sigset_t;

struct timespec {
	time_t tv_sec;
	long tv_nsec;
};

struct timeval {
	time_t tv_sec;
	suseconds_t tv_usec;
};

#endif
