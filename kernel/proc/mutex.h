/* SPDX-License-Identifier: MIT */
/* Owns: the lock that may be held while its holder sleeps or touches user memory.
 * Relies on: proc/wait.h.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_PROC_MUTEX_H
#define VDK_KERNEL_PROC_MUTEX_H

#include "core/types.h"
#include "proc/wait.h"

struct mutex {
	unsigned int held;
	struct waitq queue;
};

void mutex_init(struct mutex *m);
/* Not in interrupts, not under a spinlock. Signals do not end the wait. */
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

#endif
