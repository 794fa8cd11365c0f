/* SPDX-License-Identifier: MIT */
/* Owns: the chain of callers, for a panic.
 * Relies on: core/types.h.
 * Who may include: kernel/arch. */
#ifndef VDK_KERNEL_TRAP_CALLS_H
#define VDK_KERNEL_TRAP_CALLS_H

#include "core/types.h"

/* Log who called the code at `pc`, by its frame pointer. Any context. */
void trap_log_calls(uint64_t pc, uint64_t fp);

#endif
