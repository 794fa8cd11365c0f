/* SPDX-License-Identifier: MIT */
/* Owns: what vdsorun has to know of riscv64: registers of a traced process, the counter.
 * Relies on: NT_PRSTATUS as the kernel lays it out.
 * Who may include: host/vdsorun. What it supplies: docs/vdsorun.md. */
#ifndef VDK_HOST_RISCV64_MACHINE_H
#define VDK_HOST_RISCV64_MACHINE_H

#include <elf.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <stdint.h>

#include <vdk/page.h>

#define MACHINE_ELF EM_RISCV
#define MACHINE_AUDIT AUDIT_ARCH_RISCV64
#define MACHINE_SYSCALL_INSN "\x73\x00\x00\x00"
#define MACHINE_SYSCALL_INSN_SIZE 4
#define MACHINE_SYSCALL_INSN_ALIGN 2
#define MACHINE_RED_ZONE 0
#define MACHINE_RESULT_IS_ARG 1

typedef struct {
	unsigned long long pc, ra, sp, gp, tp, t[3], s[2], a[8], more_s[10], more_t[4];
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
	return (long)regs->a[0];
}

static inline void machine_set_result(machine_regs *regs, long result)
{
	regs->a[0] = (unsigned long long)result;
}

static inline unsigned long long *machine_arg(machine_regs *regs, unsigned int i)
{
	return &regs->a[i];
}

static inline void machine_prepare_call(machine_regs *regs, uint64_t insn, long nr)
{
	regs->pc = insn;
	regs->a[7] = (unsigned long long)nr;
}

/* From Linux 6.7 on, the kernel puts the registers back itself before it stops; before, at -512 (ERESTARTSYS), behind. */
static inline bool machine_rewind(machine_regs *regs, long nr, uint64_t arg0)
{
	if (regs->a[7] != (unsigned long long)nr)
		return false;
	if ((long)regs->a[0] == -512) {
		regs->pc -= MACHINE_SYSCALL_INSN_SIZE;
		regs->a[0] = arg0;
	}
	return regs->a[0] == arg0;
}

#define MACHINE_CLOCKSOURCES "riscv_clocksource"

static inline unsigned int machine_counter_mode(const char **reason)
{
	(void)reason;
	return VDK_MODE_COUNTER;
}

/* There is no register that tells. */
static inline unsigned int machine_cpu_mode(void)
{
	return VDK_CPU_SYSCALL;
}

static inline uint64_t machine_counter(void)
{
	uint64_t value;

	__asm__ volatile("fence ir, ir\n\trdtime %0\n\tfence ir, ir" : "=r"(value) : : "memory");
	return value;
}

#endif
