/* SPDX-License-Identifier: MIT */
/* Owns: the kernel's one kind of lock.
 * Relies on: arch_irq_save/restore.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_CORE_SPINLOCK_H
#define VDK_KERNEL_CORE_SPINLOCK_H

#include "arch/arch.h"
#include "core/types.h"

struct spinlock {
	unsigned int held;
};

/* Take `l` with interrupts off; give the result to spin_unlock(). Never sleep, never touch user memory and
 * never allocate without need while it is held. Locks nest only in the order that their owners' headers state. */
static inline unsigned long spin_lock(struct spinlock *l)
{
	unsigned long flags = arch_irq_save();

	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&l->held, __ATOMIC_RELAXED))
			arch_cpu_relax();
	return flags;
}

static inline void spin_unlock(struct spinlock *l, unsigned long flags)
{
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
	arch_irq_restore(flags);
}

#endif
