/* SPDX-License-Identifier: MIT */
/* Tells registers and callers for a panic.
 * Owns: nothing.
 * Relies on: trap/calls.h.
 * Never: faults. */
#include "asm.h"
#include "core/log.h"
#include "trap/calls.h"
#include "trap_entry.h"

void dump_regs(const struct arch_regs *r)
{
	log_warn("pc %016lx prmd %lx estat %lx badv %016lx", r->pc, r->prmd, r->estat, r->badv);
	for (unsigned int i = 0; i < 32; i += 4)
		log_warn("r%-2u %016lx %016lx %016lx %016lx", i, r->r[i], r->r[i + 1], r->r[i + 2], r->r[i + 3]);
	if (!(r->prmd & PLV_MASK))
		trap_log_calls(r->pc, r->r[22]);
}
