/* SPDX-License-Identifier: MIT */
/* Owns: system calls and the thread pointer of LoongArch. Relies on: the psABI; nolibc.h says what it asks for.
 * Who may include: nolibc.h. */
#ifndef VDK_NOLIBC_ARCH_H
#define VDK_NOLIBC_ARCH_H

#define TLS_BELOW 0
#define SIGACTION_RESTORER 0

static inline long nolibc_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long a0 __asm__("$a0") = a;
	register long a1 __asm__("$a1") = b;
	register long a2 __asm__("$a2") = c;
	register long a3 __asm__("$a3") = d;
	register long a4 __asm__("$a4") = e;
	register long a5 __asm__("$a5") = f;
	register long a7 __asm__("$a7") = nr;

	__asm__ volatile("syscall 0"
			 : "+r"(a0)
			 : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7)
			 : "$t0", "$t1", "$t2", "$t3", "$t4", "$t5", "$t6", "$t7", "$t8", "memory");
	return a0;
}

static inline void *nolibc_thread_pointer(void)
{
	void *tp;

	__asm__("move %0, $tp" : "=r"(tp));
	return tp;
}

static inline void nolibc_set_thread_pointer(void *tp)
{
	__asm__ volatile("move $tp, %0" : : "r"(tp) : "memory");
}

#endif
