/* SPDX-License-Identifier: MIT */
/* Owns: what the benchmark must know of x86_64: the counter, the cache, the system call, a stopped process's registers.
 * Relies on: an invariant TSC, the same on all CPUs.
 * Who may include: host/bench. */
#ifndef VDK_HOST_ARCH_X86_64_BENCH_MACHINE_H
#define VDK_HOST_ARCH_X86_64_BENCH_MACHINE_H

#include <cpuid.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>

#include "vdk/page.h"

#define MACHINE_LINE 64
/* Where this architecture has them; the image has these functions where the system call exists. */
#define MACHINE_HAS_TIME 1
#define MACHINE_HAS_GETCPU 1

/* What a kernel would choose here. RDTSCP: CPUID 80000001h, EDX bit 27. */
static inline unsigned int machine_counter_mode(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(0x80000001, &a, &b, &c, &d) && (d >> 27 & 1) ? VDK_MODE_COUNTER : VDK_MODE_COUNTER_ALT;
}

/* What reads the counter as `mode` says; NULL: no other way here. */
static inline const char *machine_counter_name(unsigned int mode)
{
	return mode == VDK_MODE_COUNTER ? "rdtscp" : "lfence-rdtsc";
}

/* The counter after all earlier instructions, by what every CPU has. */
static inline uint64_t machine_counter(void)
{
	uint64_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return high << 32 | low;
}

/* Nothing after it starts before all before it is done. */
static inline void machine_serialize(void)
{
	__asm__ volatile("lfence" : : : "memory");
}

/* The floor: one ordered read of the counter, and two stores. */
static inline void machine_floor(uint64_t out[2])
{
	uint64_t low, high;

	__asm__ volatile("rdtscp" : "=a"(low), "=d"(high) : : "ecx", "memory");
	out[0] = low;
	out[1] = high;
}

static inline void machine_floor_alt(uint64_t out[2])
{
	uint64_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	out[0] = low;
	out[1] = high;
}

/* RDPID: CPUID 7, ECX bit 22. */
static inline unsigned int machine_cpu_mode(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c >> 22 & 1) ? VDK_CPU_RDPID : VDK_CPU_LSL;
}

static inline void machine_relax(void)
{
	__asm__ volatile("pause");
}

/* The line at `address` leaves all caches; machine_flushed() waits for all of them. */
static inline void machine_flush(const void *address)
{
	__asm__ volatile("clflush %0" : : "m"(*(const volatile char *)address));
}

static inline void machine_flushed(void)
{
	__asm__ volatile("mfence; lfence" : : : "memory");
}

static inline long machine_call(long nr, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "0"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return result;
}

/* Where the traced process `pid` stands; and, if that is a function's first instruction, where it returns to. */
static inline bool machine_where(pid_t pid, uint64_t *pc, uint64_t *back)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) != 0)
		return false;
	*pc = regs.rip;
	errno = 0;
	*back = (uint64_t)ptrace(PTRACE_PEEKDATA, pid, (void *)regs.rsp, NULL);
	return errno == 0;
}

#endif
