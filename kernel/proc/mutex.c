/* SPDX-License-Identifier: MIT */
/* Owns: nothing. Relies on: wait queues.
 * Never: spins while the holder sleeps. */
#include "proc/mutex.h"

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
	struct waiter w;

	if (try_lock(m))
		return;
	waiter_init(&w);
	/* A pending signal does not end this: a real-time thread that has one would keep the holder from running. */
	for (;;) {
		sleep_begin();
		waitq_add(&m->queue, &w);
		if (try_lock(m))
			break;
		sleep_commit_unbroken();
		waitq_remove(&w);
	}
	sleep_cancel();
	waitq_remove(&w);
}

void mutex_unlock(struct mutex *m)
{
	/* Release pairs with the acquire in try_lock(). */
	__atomic_store_n(&m->held, 0, __ATOMIC_RELEASE);
	waitq_wake(&m->queue, 1);
}
