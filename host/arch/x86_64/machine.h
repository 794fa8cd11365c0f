/* SPDX-License-Identifier: MIT */
/* Owns: what vdsorun has to know of x86_64: registers of a traced process, the TSC.
 * Relies on: Linux's struct user_regs_struct; CPUID.
 * Who may include: host/vdsorun. What it supplies: docs/vdsorun.md. */
#ifndef VDK_HOST_X86_64_MACHINE_H
#define VDK_HOST_X86_64_MACHINE_H

#include <asm/unistd.h>
#include <cpuid.h>
#include <elf.h>
#include <linux/audit.h>
#include <linux/prctl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/user.h>

#include <vdk/page.h>

#define MACHINE_ELF EM_X86_64
#define MACHINE_AUDIT AUDIT_ARCH_X86_64
#define MACHINE_SYSCALL_INSN "\x0f\x05"
#define MACHINE_SYSCALL_INSN_SIZE 2
#define MACHINE_SYSCALL_INSN_ALIGN 1
#define MACHINE_RED_ZONE 128
#define MACHINE_RESULT_IS_ARG 0

typedef struct user_regs_struct machine_regs;

static inline uint64_t machine_sp(const machine_regs *regs)
{
	return regs->rsp;
}

static inline uint64_t machine_pc(const machine_regs *regs)
{
	return regs->rip;
}

static inline long machine_result(const machine_regs *regs)
{
	return (long)regs->rax;
}

static inline void machine_set_result(machine_regs *regs, long result)
{
	regs->rax = (unsigned long long)result;
}

static inline unsigned long long *machine_arg(machine_regs *regs, unsigned int i)
{
	unsigned long long *const arg[] = { &regs->rdi, &regs->rsi, &regs->rdx, &regs->r10, &regs->r8, &regs->r9 };

	return arg[i];
}

static inline void machine_prepare_call(machine_regs *regs, uint64_t insn, long nr)
{
	regs->rip = insn;
	regs->rax = (uint64_t)nr;
	regs->orig_rax = UINT64_MAX; /* nothing to restart */
}

/* The kernel puts the registers back behind the stop, at -512 (ERESTARTSYS). */
static inline bool machine_rewind(machine_regs *regs, long nr, uint64_t arg0)
{
	if ((long)regs->orig_rax != nr || (long)regs->rax != -512 || regs->rdi != arg0)
		return false;
	machine_prepare_call(regs, regs->rip - MACHINE_SYSCALL_INSN_SIZE, nr);
	return true;
}

#define MACHINE_CLOCKSOURCES "tsc", "kvm-clock", "hyperv_clocksource_tsc_page"

static inline unsigned int machine_counter_mode(const char **reason)
{
	unsigned int a, b, c, d;
	int tsc = PR_TSC_ENABLE;

	if (prctl(PR_GET_TSC, &tsc) == 0 && tsc != PR_TSC_ENABLE) {
		*reason = "reading the TSC is disabled in this process (PR_SET_TSC)";
		return VDK_MODE_SYSCALL;
	}
	if (!__get_cpuid(0x80000007, &a, &b, &c, &d) || !(d & 1u << 8)) {
		*reason = "the TSC is not invariant (CPUID 80000007h)";
		return VDK_MODE_SYSCALL;
	}
	return __get_cpuid(0x80000001, &a, &b, &c, &d) && (d & 1u << 27) ? VDK_MODE_COUNTER : VDK_MODE_COUNTER_ALT;
}

/* Linux fills both: TSC_AUX, and the limit of GDT entry 15. */
static inline unsigned int machine_cpu_mode(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & 1u << 22) ? VDK_CPU_RDPID : VDK_CPU_LSL;
}

static inline uint64_t machine_counter(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

#endif
