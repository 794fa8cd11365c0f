/* SPDX-License-Identifier: MIT */
/* The chain of callers, for a panic.
 * Owns: nothing. Relies on: frame pointers; ARCH_FRAME_RECORD. Never: faults, whatever the stack holds. */
#include "trap/calls.h"

#include "arch/arch.h"
#include "core/log.h"

#define CALLS_MAX 32

/* Frames lie one above the other. */
void trap_log_calls(uint64_t pc, uint64_t fp)
{
	uint64_t caller, ra;

	log_warn("called from:");
	log_warn("  %016lx", pc);
	for (int i = 0; i < CALLS_MAX; i++) {
		const uint64_t *at = (const uint64_t *)(fp + ARCH_FRAME_RECORD);

		if (fp < ARCH_USER_TOP || fp % 8)
			return;
		if (!arch_read_kernel(at, &caller) || !arch_read_kernel(at + 1, &ra))
			return;
		log_warn("  %016lx", ra);
		if (caller <= fp)
			return;
		fp = caller;
	}
}
