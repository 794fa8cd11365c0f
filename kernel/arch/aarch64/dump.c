/* SPDX-License-Identifier: MIT */
/* Tells registers and callers for a panic.
 * Owns: nothing.
 * Relies on: trap/calls.h.
 * Never: faults. */
#include "core/log.h"
#include "sysreg.h"
#include "trap/calls.h"
#include "trap_entry.h"

void dump_regs(const struct arch_regs *r)
{
	log_warn("pc %016lx lr %016lx sp %016lx pstate %lx", r->pc, r->x[30], r->sp, r->pstate);
	for (int i = 0; i < 28; i += 4)
		log_warn("x%-2d %016lx %016lx %016lx %016lx", i, r->x[i], r->x[i + 1], r->x[i + 2], r->x[i + 3]);
	log_warn("x28 %016lx %016lx", r->x[28], r->x[29]);
	log_warn("ttbr0 %lx ttbr1 %lx", SYSREG_READ(ttbr0_el1), SYSREG_READ(ttbr1_el1));
	if ((r->pstate & PSR_MODE_MASK) != PSR_EL0T)
		trap_log_calls(r->pc, r->x[29]);
}
