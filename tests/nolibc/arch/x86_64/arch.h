/* SPDX-License-Identifier: MIT */
/* Owns: system calls and the thread pointer of x86_64. Relies on: the psABI; nolibc.h says what it asks for.
 * Who may include: nolibc.h. */
#ifndef VDK_NOLIBC_ARCH_H
#define VDK_NOLIBC_ARCH_H

#define TLS_BELOW 1
#define SIGACTION_RESTORER 1

static inline long nolibc_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* Its word is its own address. */
static inline void *nolibc_thread_pointer(void)
{
	void *tp;

	__asm__("mov %%fs:0, %0" : "=r"(tp));
	return tp;
}

static inline void nolibc_set_thread_pointer(void *tp)
{
	nolibc_syscall(SYS_arch_prctl, 0x1002 /* ARCH_SET_FS */, (long)tp, 0, 0, 0, 0);
}

#endif
