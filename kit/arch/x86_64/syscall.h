/* SPDX-License-Identifier: MIT */
/* Owns: the system call on x86_64, and the numbers that the image needs.
 * Relies on: the Linux ABI.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_X86_64_SYSCALL_H
#define VDK_ARCH_X86_64_SYSCALL_H

#include "vdk/arch.h"

#define VDK_NR_gettimeofday 96
#define VDK_NR_time 201
#define VDK_NR_clock_gettime 228
#define VDK_NR_clock_getres 229
#define VDK_NR_getcpu 309

static inline long vdk_syscall(long nr, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "0"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}

#endif
