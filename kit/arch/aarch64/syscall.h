/* SPDX-License-Identifier: MIT */
/* Owns: the system call on aarch64, and the numbers that the image needs.
 * Relies on: the Linux ABI.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_AARCH64_SYSCALL_H
#define VDK_ARCH_AARCH64_SYSCALL_H

#include "vdk/arch.h"

#define VDK_NR_clock_gettime 113
#define VDK_NR_clock_getres 114
#define VDK_NR_gettimeofday 169

static inline long vdk_syscall(long nr, long a, long b, long c)
{
	register long x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x8 __asm__("x8") = nr;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x8) : "memory");
	return x0;
}

#endif
