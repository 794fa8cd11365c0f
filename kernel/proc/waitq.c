/* SPDX-License-Identifier: MIT */
/* Wait queues.
 * Owns: nothing but the code. Relies on: sched_wake().
 * Never: sleeps; that is sleep_commit()'s part. */
#include "proc/process.h"

void waitq_init(struct waitq *q)
{
	q->lock = (struct spinlock){ 0 };
	list_init(&q->waiters);
}

void waiter_init(struct waiter *w)
{
	list_init(&w->link);
	w->queue = NULL;
	w->thread = current_thread();
	w->notify = NULL;
}

void waitq_add(struct waitq *q, struct waiter *w)
{
	unsigned long flags = spin_lock(&q->lock);

	w->queue = q;
	list_push_back(&q->waiters, &w->link);
	spin_unlock(&q->lock, flags);
}

void waitq_remove(struct waiter *w)
{
	struct waitq *q = w->queue;
	unsigned long flags;

	if (!q)
		return;
	flags = spin_lock(&q->lock);
	list_remove(&w->link);
	spin_unlock(&q->lock, flags);
	w->queue = NULL;
}

/* A woken waiter leaves the list, so that the next wake-up goes to another thread. */
int waitq_wake(struct waitq *q, int n)
{
	unsigned long flags = spin_lock(&q->lock);
	struct waiter *w, *next;
	int woken = 0;

	list_each_safe(w, next, &q->waiters, link) {
		if (w->notify) {
			w->notify(w);
			continue;
		}
		if (woken == n)
			continue;
		list_remove(&w->link);
		sched_wake(w->thread);
		woken++;
	}
	spin_unlock(&q->lock, flags);
	return woken;
}
