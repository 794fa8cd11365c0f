/* SPDX-License-Identifier: MIT */
/* Tells registers and callers for a panic.
 * Owns: nothing.
 * Relies on: frame pointers.
 * Never: faults, whatever the stack holds. */
#include "asm.h"
#include "core/log.h"
#include "trap_entry.h"

#define CALLS_MAX 32

void dump_regs(const struct arch_regs *r)
{
	log_warn("pc %016lx prmd %lx estat %lx badv %016lx", r->pc, r->prmd, r->estat, r->badv);
	for (unsigned int i = 0; i < 32; i += 4)
		log_warn("r%-2u %016lx %016lx %016lx %016lx", i, r->r[i], r->r[i + 1], r->r[i + 2], r->r[i + 3]);
	if (!(r->prmd & PLV_MASK))
		dump_calls(r->pc, r->r[22]);
}

/* Below the frame pointer lie the return address and the caller's frame pointer; frames lie one above the other. */
void dump_calls(uint64_t pc, uint64_t fp)
{
	uint64_t ra, up;

	log_warn("called from:");
	log_warn("  %016lx", pc);
	for (int i = 0; i < CALLS_MAX; i++) {
		const uint64_t *at = (const uint64_t *)fp;

		if (fp < ARCH_USER_TOP || fp % 8)
			return;
		if (!kernel_read_safe(at - 1, &ra) || !kernel_read_safe(at - 2, &up))
			return;
		log_warn("  %016lx", ra);
		if (up <= fp)
			return;
		fp = up;
	}
}
