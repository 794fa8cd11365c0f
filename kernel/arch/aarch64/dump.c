/* SPDX-License-Identifier: MIT */
/* Tells registers and callers for a panic.
 * Owns: nothing.
 * Relies on: frame pointers.
 * Never: faults, whatever the stack holds. */
#include "core/log.h"
#include "sysreg.h"
#include "trap_entry.h"

#define CALLS_MAX 32

/* A frame record is the caller's x29 and the return address; records lie one above the other. */
static void dump_calls(uint64_t pc, uint64_t fp)
{
	uint64_t record[2];

	log_warn("called from:");
	log_warn("  %016lx", pc);
	for (int i = 0; i < CALLS_MAX; i++) {
		const uint64_t *at = (const uint64_t *)fp;

		if (fp < ARCH_USER_TOP || fp % 8)
			return;
		if (!kernel_read_safe(at, &record[0]) || !kernel_read_safe(at + 1, &record[1]))
			return;
		log_warn("  %016lx", record[1]);
		if (record[0] <= fp)
			return;
		fp = record[0];
	}
}

void dump_regs(const struct arch_regs *r)
{
	log_warn("pc %016lx lr %016lx sp %016lx pstate %lx", r->pc, r->x[30], r->sp, r->pstate);
	for (int i = 0; i < 28; i += 4)
		log_warn("x%-2d %016lx %016lx %016lx %016lx", i, r->x[i], r->x[i + 1], r->x[i + 2], r->x[i + 3]);
	log_warn("x28 %016lx %016lx", r->x[28], r->x[29]);
	log_warn("ttbr0 %lx ttbr1 %lx", SYSREG_READ(ttbr0_el1), SYSREG_READ(ttbr1_el1));
	if ((r->pstate & PSR_MODE_MASK) != PSR_EL0T)
		dump_calls(r->pc, r->x[29]);
}
