/* SPDX-License-Identifier: MIT */
/* Owns: what vdsorun has to know of aarch64: registers of a traced process, the counter.
 * Relies on: NT_PRSTATUS as the kernel lays it out.
 * Who may include: host/vdsorun. What it supplies: docs/vdsorun.md. */
#ifndef VDK_HOST_AARCH64_MACHINE_H
#define VDK_HOST_AARCH64_MACHINE_H

#include <elf.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/auxv.h>

#include <vdk/page.h>

#define MACHINE_ELF EM_AARCH64
#define MACHINE_AUDIT AUDIT_ARCH_AARCH64
#define MACHINE_SYSCALL_INSN "\x01\x00\x00\xd4"
#define MACHINE_SYSCALL_INSN_SIZE 4
#define MACHINE_SYSCALL_INSN_ALIGN 4
#define MACHINE_RED_ZONE 0
#define MACHINE_RESULT_IS_ARG 1

typedef struct {
	unsigned long long x[31], sp, pc, pstate;
} machine_regs;

static inline uint64_t machine_sp(const machine_regs *regs)
{
	return regs->sp;
}

static inline uint64_t machine_pc(const machine_regs *regs)
{
	return regs->pc;
}

static inline long machine_result(const machine_regs *regs)
{
	return (long)regs->x[0];
}

static inline void machine_set_result(machine_regs *regs, long result)
{
	regs->x[0] = (unsigned long long)result;
}

static inline unsigned long long *machine_arg(machine_regs *regs, unsigned int i)
{
	return &regs->x[i];
}

static inline void machine_prepare_call(machine_regs *regs, uint64_t insn, long nr)
{
	regs->pc = insn;
	regs->x[8] = (unsigned long long)nr;
}

/* The kernel puts the registers back itself, before it stops. */
static inline bool machine_rewind(machine_regs *regs, long nr, uint64_t arg0)
{
	return regs->x[8] == (unsigned long long)nr && regs->x[0] == arg0;
}

#define MACHINE_CLOCKSOURCES "arch_sys_counter"

/* CNTVCTSS_EL0, where the kernel says that there is ECV (HWCAP2_ECV). */
static inline unsigned int machine_counter_mode(const char **reason)
{
	(void)reason;
	return getauxval(AT_HWCAP2) & 1u << 19 ? VDK_MODE_COUNTER_ALT : VDK_MODE_COUNTER;
}

/* The image has no getcpu. */
static inline unsigned int machine_cpu_mode(void)
{
	return VDK_CPU_SYSCALL;
}

static inline uint64_t machine_counter(void)
{
	uint64_t value;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(value) : : "memory");
	return value;
}

#endif
