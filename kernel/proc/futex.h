/* SPDX-License-Identifier: MIT */
/* Owns: futex waiters and their keys.
 * Relies on: mm/space.h.
 * Who may include: kernel/proc. */
#ifndef VDK_KERNEL_PROC_FUTEX_H
#define VDK_KERNEL_PROC_FUTEX_H

#include "core/list.h"
#include "core/types.h"

#define FUTEX_ANY 0xffffffffu

struct bucket;
struct space;
struct thread;

/* Private memory: address space and address. Shared memory: no space, and the physical address. */
struct futex_key {
	struct space *space;
	uint64_t at;
};

struct futex_waiter {
	struct list link;
	struct bucket *bucket;
	bool released;         /* by a waker */
	struct thread *thread;
	struct futex_key key;
	uint32_t bits;
};

struct futex_deadline {
	int clock; /* REALTIME or MONOTONIC */
	uint64_t ns;
};

/* 0 and a key to be put back; -EINVAL: not aligned; -EFAULT. */
int futex_key_get(struct futex_key *k, uaddr_t addr, bool shared, unsigned int access);
void futex_key_put(struct futex_key *k);
void futex_enter(struct futex_waiter *w); /* key and bits are set */
bool futex_leave(struct futex_waiter *w); /* false: it was released */
int futex_wake_key(const struct futex_key *k, int n, uint32_t bits);
/* Wake `wake` waiters of `from`, let `move` more wait for `to`; how many in all. With `expected`, -EAGAIN unless
 * the word at `addr` (of `from`) equals it. */
long futex_requeue(const struct futex_key *from, const struct futex_key *to, int wake, int move, uaddr_t addr,
		   const uint32_t *expected);
/* 0: woken; -EAGAIN, -EFAULT, -EINVAL, -ETIMEDOUT, -EINTR. */
long futex_wait(uaddr_t addr, bool shared, uint32_t expected, uint32_t bits, const struct futex_deadline *d);

#endif
