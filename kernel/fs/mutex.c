/* SPDX-License-Identifier: MIT */
/* Owns: nothing. Relies on: wait queues.
 * Never: spins while the holder sleeps, except for a thread with a pending signal, which yields instead. */
#include "fs/mutex.h"

#include "proc/process.h"

void mutex_init(struct mutex *m)
{
	m->held = 0;
	waitq_init(&m->queue);
}

static bool try_lock(struct mutex *m)
{
	/* Acquire pairs with the release in mutex_unlock(). */
	return !__atomic_exchange_n(&m->held, 1, __ATOMIC_ACQUIRE);
}

void mutex_lock(struct mutex *m)
{
	if (try_lock(m))
		return;
	while (wait_event(&m->queue, try_lock(m), NO_DEADLINE))
		schedule();
}

void mutex_unlock(struct mutex *m)
{
	/* Release pairs with the acquire in try_lock(). */
	__atomic_store_n(&m->held, 0, __ATOMIC_RELEASE);
	waitq_wake(&m->queue, 1);
}
