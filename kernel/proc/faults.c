/* SPDX-License-Identifier: MIT */
/* Traps of programs become signals.
 * Owns: the handlers of the traps that are a program's own fault, but for page faults (kernel/mm).
 * Relies on: signal_force(). Never: handles a kernel's trap. */
#include "proc/process.h"
#include "trap/trap.h"

static bool raise_fault(const struct trap_info *info, int signo, int code, uaddr_t addr)
{
	if (!info->user)
		return false;
	signal_force(signo, code, code == SI_KERNEL ? 0 : addr);
	return true;
}

static bool illegal_trap(struct trap_info *info)
{
	return raise_fault(info, SIGILL, info->code ? info->code : ILL_ILLOPC, arch_regs_pc(info->regs));
}
TRAP_HANDLER(TRAP_ILLEGAL, illegal_trap);

/* int3 on x86_64 says SI_KERNEL on Linux; the architecture gives the code where it is not the usual one. */
static bool breakpoint_trap(struct trap_info *info)
{
	return raise_fault(info, SIGTRAP, info->code ? info->code : TRAP_BRKPT, arch_regs_pc(info->regs));
}
TRAP_HANDLER(TRAP_BREAKPOINT, breakpoint_trap);

static bool step_trap(struct trap_info *info)
{
	return raise_fault(info, SIGTRAP, info->code ? info->code : TRAP_TRACE, arch_regs_pc(info->regs));
}
TRAP_HANDLER(TRAP_STEP, step_trap);

static bool arithmetic_trap(struct trap_info *info)
{
	return raise_fault(info, SIGFPE, info->code ? info->code : FPE_INTDIV, arch_regs_pc(info->regs));
}
TRAP_HANDLER(TRAP_ARITHMETIC, arithmetic_trap);

static bool float_trap(struct trap_info *info)
{
	return raise_fault(info, SIGFPE, info->code, arch_regs_pc(info->regs));
}
TRAP_HANDLER(TRAP_FLOAT, float_trap);

static bool protection_trap(struct trap_info *info)
{
	return raise_fault(info, SIGSEGV, info->code ? info->code : SI_KERNEL, info->addr);
}
TRAP_HANDLER(TRAP_PROTECTION, protection_trap);

static bool alignment_trap(struct trap_info *info)
{
	return raise_fault(info, SIGBUS, info->code ? info->code : BUS_ADRALN, info->addr);
}
TRAP_HANDLER(TRAP_ALIGNMENT, alignment_trap);
