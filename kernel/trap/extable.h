/* SPDX-License-Identifier: MIT */
/* Owns: the list of kernel instructions that may fault, and where to go on then.
 * Relies on: the linker script, which gathers section `ex_table`: pairs of addresses, {instruction, continuation}.
 * Who may include: kernel/arch, .S files too. */
#ifndef VDK_KERNEL_TRAP_EXTABLE_H
#define VDK_KERNEL_TRAP_EXTABLE_H

#ifdef __ASSEMBLER__

	/* If the instruction at `from` faults, go on at `to`. */
	.macro ex_entry from, to
	.pushsection ex_table, "a"
	.balign 8
	.quad \from, \to
	.popsection
	.endm

#else

#include "core/types.h"

/* Where to go on after a fault of the instruction at `pc`; 0: it may not fault. */
uint64_t extable_find(uint64_t pc);

#endif
#endif
