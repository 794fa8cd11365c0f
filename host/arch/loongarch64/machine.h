/* SPDX-License-Identifier: MIT */
/* Owns: what vdsorun has to know of loongarch64: registers of a traced process, the counter.
 * Relies on: NT_PRSTATUS as the kernel lays it out. Written from the ABI and compiled, never run: CAVEATS.md.
 * Who may include: host/vdsorun. What it supplies: docs/vdsorun.md. */
#ifndef VDK_HOST_LOONGARCH64_MACHINE_H
#define VDK_HOST_LOONGARCH64_MACHINE_H

#include <elf.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <stdint.h>

#include <vdk/page.h>

#define MACHINE_ELF 258                /* EM_LOONGARCH, which older elf.h lack */
#define MACHINE_AUDIT 0xc0000102u      /* AUDIT_ARCH_LOONGARCH64 */
#define MACHINE_SYSCALL_INSN "\x00\x00\x2b\x00"
#define MACHINE_SYSCALL_INSN_SIZE 4
#define MACHINE_SYSCALL_INSN_ALIGN 4
#define MACHINE_RED_ZONE 0
#define MACHINE_RESULT_IS_ARG 1

typedef struct {
	unsigned long long r[32], orig_a0, era, badv, reserved[10];
} machine_regs;

static inline uint64_t machine_sp(const machine_regs *regs)
{
	return regs->r[3];
}

static inline uint64_t machine_pc(const machine_regs *regs)
{
	return regs->era;
}

static inline long machine_result(const machine_regs *regs)
{
	return (long)regs->r[4];
}

static inline void machine_set_result(machine_regs *regs, long result)
{
	regs->r[4] = (unsigned long long)result;
}

static inline unsigned long long *machine_arg(machine_regs *regs, unsigned int i)
{
	return &regs->r[4 + i];
}

static inline void machine_prepare_call(machine_regs *regs, uint64_t insn, long nr)
{
	regs->era = insn;
	regs->r[11] = (unsigned long long)nr;
}

/* The kernel puts the registers back behind the stop, at -512 (ERESTARTSYS). */
static inline bool machine_rewind(machine_regs *regs, long nr, uint64_t arg0)
{
	if (regs->r[11] != (unsigned long long)nr || (long)regs->r[4] != -512)
		return false;
	regs->era -= MACHINE_SYSCALL_INSN_SIZE;
	regs->r[4] = arg0;
	return true;
}

#define MACHINE_CLOCKSOURCES "Constant"

static inline unsigned int machine_counter_mode(const char **reason)
{
	(void)reason;
	return VDK_MODE_COUNTER;
}

/* Linux's CSR.TID has the CPU, but not its node. */
static inline unsigned int machine_cpu_mode(void)
{
	return VDK_CPU_SYSCALL;
}

static inline uint64_t machine_counter(void)
{
	uint64_t value;

	__asm__ volatile("dbar 0\n\trdtime.d %0, $zero\n\tdbar 0" : "=r"(value) : : "memory");
	return value;
}

#endif
