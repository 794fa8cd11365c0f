/* SPDX-License-Identifier: MIT */
/* Owns: wait queues: how a thread sleeps until something happens.
 * Relies on: proc/sched.c.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_PROC_WAIT_H
#define VDK_KERNEL_PROC_WAIT_H

#include "core/list.h"
#include "core/spinlock.h"
#include "core/types.h"

struct thread;

struct waitq {
	struct spinlock lock;
	struct list waiters;
};

/* One thread on one queue; poll() uses several. With `notify` set (after waiter_init(), which clears it)
 * waitq_wake() calls it instead of waking the thread, under the queue's lock, and the waiter stays on the queue
 * and does not count: epoll. */
struct waiter {
	struct list link;
	struct waitq *queue;
	struct thread *thread;
	void (*notify)(struct waiter *w);
};

#define NO_DEADLINE UINT64_MAX

void waitq_init(struct waitq *q);
void waiter_init(struct waiter *w); /* for the current thread */
void waitq_add(struct waitq *q, struct waiter *w);
void waitq_remove(struct waiter *w); /* harmless when on no queue */
/* Make up to `n` waiting threads runnable; how many. Any context. */
int waitq_wake(struct waitq *q, int n);
#define WAKE_ALL 0x7fffffff

/* The pattern, as wait_event() below writes it: sleep_begin(); add to queues; check the condition; sleep_commit() or
 * sleep_cancel(). A wake between begin and commit is not lost.
 * sleep_commit: 0 when woken, -EINTR when a signal is pending, -ETIMEDOUT at `deadline_ns` (MONOTONIC). */
void sleep_begin(void);
int sleep_commit(uint64_t deadline_ns);
void sleep_cancel(void);
/* As sleep_commit without a deadline, but signals do not end it: for waits that end soon, whatever programs do. */
void sleep_commit_unbroken(void);

/* Sleep until `cond`; 0, -EINTR or -ETIMEDOUT. `cond` is evaluated without locks held and may take its own. */
#define wait_event(q, cond, deadline_ns)                        \
	({                                                      \
		struct waiter w_;                               \
		int rc_ = 0;                                    \
		waiter_init(&w_);                               \
		for (;;) {                                      \
			sleep_begin();                          \
			waitq_add(q, &w_);                      \
			if (cond) {                             \
				rc_ = 0;                        \
				break;                          \
			}                                       \
			if (rc_)                                \
				break;                          \
			rc_ = sleep_commit(deadline_ns);        \
			waitq_remove(&w_);                      \
		}                                               \
		sleep_cancel();                                 \
		waitq_remove(&w_);                              \
		rc_;                                            \
	})

#endif
