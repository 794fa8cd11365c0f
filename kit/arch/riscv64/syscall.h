/* SPDX-License-Identifier: MIT */
/* Owns: the system call on riscv64, and the numbers that the image needs.
 * Relies on: the Linux ABI.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_RISCV64_SYSCALL_H
#define VDK_ARCH_RISCV64_SYSCALL_H

#include "vdk/arch.h"

#define VDK_NR_clock_gettime 113
#define VDK_NR_clock_getres 114
#define VDK_NR_getcpu 168
#define VDK_NR_gettimeofday 169
#define VDK_NR_riscv_hwprobe 258
#define VDK_NR_riscv_flush_icache 259

static inline long vdk_syscall(long nr, long a, long b, long c)
{
	register long a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c, a7 __asm__("a7") = nr;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
	return a0;
}

static inline long vdk_syscall5(long nr, long a, long b, long c, long d, long e)
{
	register long a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c, a3 __asm__("a3") = d,
		      a4 __asm__("a4") = e, a7 __asm__("a7") = nr;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a7) : "memory");
	return a0;
}

/* This CPU's later fetches see its earlier stores. */
static inline void vdk_fetch_fence(void)
{
	__asm__ volatile("fence.i" : : : "memory");
}

#endif
