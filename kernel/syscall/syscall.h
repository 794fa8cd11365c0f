/* SPDX-License-Identifier: MIT */
/* Owns: how a system call is written and found. `SYSCALL(read) { ... }` anywhere in the kernel defines read; the
 * table from numbers to names is generated for the architecture, and a name that nobody defines answers ENOSYS.
 * Relies on: build/<arch>/syscall-table.h.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_SYSCALL_SYSCALL_H
#define VDK_KERNEL_SYSCALL_SYSCALL_H

#include "core/types.h"
#include "syscall-numbers.h" /* generated: SYSCALL_COUNT, one more than the greatest number, and SYS_name */

/* `arg` are the six raw registers: cast each to its Linux type (int arguments are the low 32 bits). */
#define SYSCALL(name)                                                  \
	long sys_##name(const uint64_t arg[6]);                        \
	long sys_##name(const uint64_t arg[6] __attribute__((unused)))

/* Called by the architecture with interrupts on: counts, traces, calls. The result for user mode. */
long syscall_dispatch(uint64_t nr, const uint64_t arg[6]);

/* "read", or NULL for a number that Linux does not have either. */
const char *syscall_name(uint64_t nr);

/* Internal results, never seen by programs: the call is made again after the handler (if SA_RESTART), or at once. */
#define ERESTARTSYS 512
#define ERESTARTNOHAND 514 /* restart only when no handler ran */
#define ERESTART_RESTARTBLOCK 516 /* restart_syscall with the remaining time */

#endif
