/* SPDX-License-Identifier: MIT */
/* Owns: the system call on loongarch64, and the numbers that the image needs.
 * Relies on: the Linux ABI.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_LOONGARCH64_SYSCALL_H
#define VDK_ARCH_LOONGARCH64_SYSCALL_H

#include "vdk/arch.h"

#define VDK_NR_clock_gettime 113
#define VDK_NR_clock_getres 114
#define VDK_NR_getcpu 168
#define VDK_NR_gettimeofday 169

/* Linux keeps $s0 to $s8, $fp, $sp and the arguments but $a0; not the $t registers. */
static inline long vdk_syscall(long nr, long a, long b, long c)
{
	register long a0 __asm__("$a0") = a, a1 __asm__("$a1") = b, a2 __asm__("$a2") = c, a7 __asm__("$a7") = nr;

	__asm__ volatile("syscall 0"
			 : "+r"(a0)
			 : "r"(a1), "r"(a2), "r"(a7)
			 : "$t0", "$t1", "$t2", "$t3", "$t4", "$t5", "$t6", "$t7", "$t8", "memory");
	return a0;
}

#endif
