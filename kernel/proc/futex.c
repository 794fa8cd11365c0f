/* SPDX-License-Identifier: MIT */
/* Futexes: threads that sleep on a word of user memory.
 * Owns: the hash of sleeping threads. Relies on: space_fault() and the areas for the keys of shared memory.
 * Never: touches user memory with a bucket locked. A waiter enters its bucket first and reads the word then; so a
 * waker, who changes the word first and looks into the bucket then, cannot miss it. */
#include "proc/futex.h"

#include "abi/errno.h"
#include "core/log.h"
#include "mm/page.h"
#include "mm/pagetable.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "time/clock.h"
#include "time/timekeeping.h"
#include "trap/trap.h"

#define BUCKETS 256

struct bucket {
	struct spinlock lock;
	struct list waiters;
	uint64_t entries; /* how many waiters ever entered; atomic */
};

static struct bucket buckets[BUCKETS];
static struct spinlock init_lock;
static bool ready;

static void buckets_init(void)
{
	unsigned long flags;

	if (likely(__atomic_load_n(&ready, __ATOMIC_ACQUIRE)))
		return;
	flags = spin_lock(&init_lock);
	if (!ready)
		for (int i = 0; i < BUCKETS; i++)
			list_init(&buckets[i].waiters);
	__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
	spin_unlock(&init_lock, flags);
}

static bool key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->space == b->space && a->at == b->at;
}

static struct bucket *bucket_of(const struct futex_key *k)
{
	uint64_t h = (k->at >> 2 ^ (uintptr_t)k->space >> 4) * 0x9e3779b97f4a7c15;

	buckets_init();
	return &buckets[h >> 56];
}

/* Both buckets of a pair, in the order of their addresses; `b` may equal `a`. */
static unsigned long lock_pair(struct bucket *a, struct bucket *b)
{
	unsigned long flags = spin_lock(a < b ? &a->lock : &b->lock);

	if (a != b)
		spin_lock(a < b ? &b->lock : &a->lock);
	return flags;
}

static void unlock_pair(struct bucket *a, struct bucket *b, unsigned long flags)
{
	if (a != b)
		spin_unlock(a < b ? &b->lock : &a->lock, arch_irq_save());
	spin_unlock(a < b ? &a->lock : &b->lock, flags);
}

static bool in_shared_area(struct space *s, uaddr_t addr)
{
	unsigned long flags = spin_lock(&s->lock);
	bool shared = false;
	struct area *a;

	list_each(a, &s->areas, link)
		if (addr >= a->start && addr < a->end)
			shared = a->flags & AREA_SHARED;
	spin_unlock(&s->lock, flags);
	return shared;
}

/* Memory that no other address space can share is known by its address: a physical page would change under copy on
 * write. The page of a shared key is referenced, so that it is not used for something else meanwhile. */
int futex_key_get(struct futex_key *k, uaddr_t addr, bool shared, unsigned int access)
{
	struct space *s = current_process()->space;
	unsigned long flags;
	unsigned int prot;
	paddr_t pa;
	bool there;

	if (addr & 3)
		return -EINVAL;
	if (addr >= ARCH_USER_TOP)
		return -EFAULT;
	*k = (struct futex_key){ .space = s, .at = addr };
	if (!shared || !in_shared_area(s, addr))
		return 0;
	for (;;) {
		if (space_fault(s, addr, access))
			return -EFAULT;
		flags = spin_lock(&s->lock);
		there = pagetable_query(&s->arch, addr & PAGE_MASK, &pa, &prot);
		if (there)
			page_get(pa);
		spin_unlock(&s->lock, flags);
		if (there)
			break;
	}
	*k = (struct futex_key){ .at = pa | (addr & (PAGE_SIZE - 1)) };
	return 0;
}

void futex_key_put(struct futex_key *k)
{
	if (!k->space)
		page_put(k->at & PAGE_MASK);
}

void futex_enter(struct futex_waiter *w)
{
	struct bucket *b = bucket_of(&w->key);
	unsigned long flags = spin_lock(&b->lock);

	w->thread = current_thread();
	w->bucket = b;
	w->released = false;
	list_push_back(&b->waiters, &w->link);
	__atomic_add_fetch(&b->entries, 1, __ATOMIC_RELEASE);
	spin_unlock(&b->lock, flags);
}

/* The bucket may change until it is locked: a requeue moves waiters. A released waiter takes the lock too, so that its
 * waker is done with it. */
bool futex_leave(struct futex_waiter *w)
{
	for (;;) {
		struct bucket *b = __atomic_load_n(&w->bucket, __ATOMIC_ACQUIRE);
		unsigned long flags = spin_lock(&b->lock);
		bool here = w->bucket == b, released = w->released;

		if (here && !released)
			list_remove(&w->link);
		spin_unlock(&b->lock, flags);
		if (here)
			return !released;
	}
}

static void release(struct futex_waiter *w)
{
	list_remove(&w->link);
	__atomic_store_n(&w->released, true, __ATOMIC_RELEASE);
	sched_wake(w->thread);
}

int futex_wake_key(const struct futex_key *k, int n, uint32_t bits)
{
	struct bucket *b = bucket_of(k);
	unsigned long flags = spin_lock(&b->lock);
	struct futex_waiter *w, *tmp;
	int woken = 0;

	list_each_safe(w, tmp, &b->waiters, link) {
		if (woken >= n)
			break;
		if (!key_equal(&w->key, k) || !(w->bits & bits))
			continue;
		release(w);
		woken++;
	}
	spin_unlock(&b->lock, flags);
	return woken;
}

void futex_wake_addr(uaddr_t addr, int n)
{
	struct futex_key k;

	if (futex_key_get(&k, addr, true, TRAP_ACCESS_READ))
		return;
	futex_wake_key(&k, n, FUTEX_ANY);
	futex_key_put(&k);
}

long futex_requeue(const struct futex_key *from, const struct futex_key *to, int wake, int move, uaddr_t addr,
		   const uint32_t *expected)
{
	struct bucket *a = bucket_of(from), *b = bucket_of(to);
	struct futex_waiter *w, *tmp;
	unsigned long flags;
	uint64_t entries;
	long done = 0;

	/* The word and the bucket are looked at as one: if somebody entered after the word was read, read it again. */
	for (;;) {
		uint32_t value;

		entries = __atomic_load_n(&a->entries, __ATOMIC_ACQUIRE);
		if (expected && copy_from_user(&value, addr, sizeof(value)))
			return -EFAULT;
		if (expected && value != *expected)
			return -EAGAIN;
		flags = lock_pair(a, b);
		if (!expected || a->entries == entries)
			break;
		unlock_pair(a, b, flags);
	}
	list_each_safe(w, tmp, &a->waiters, link) {
		if (done >= (long)wake + move)
			break;
		if (!key_equal(&w->key, from))
			continue;
		if (done++ < wake) {
			release(w);
		} else if (!key_equal(from, to)) {
			list_remove(&w->link);
			list_push_back(&b->waiters, &w->link);
			if (!to->space)
				page_get(to->at & PAGE_MASK);
			if (!from->space)
				page_put(from->at & PAGE_MASK);
			w->key = *to;
			__atomic_store_n(&w->bucket, b, __ATOMIC_RELEASE);
		}
	}
	unlock_pair(a, b, flags);
	return done;
}

/* Asleep until released: 0; -ETIMEDOUT or -EINTR. On a settable clock the deadline is worked out again when it is
 * set. */
static int sleep_released(struct futex_waiter *w, const struct futex_deadline *d)
{
	struct waiter clock_waiter;
	int rc = 0;

	waiter_init(&clock_waiter);
	for (;;) {
		uint64_t deadline = NO_DEADLINE;

		sleep_begin();
		if (d && clock_can_step(d->clock))
			waitq_add(&clock_set_waitq, &clock_waiter);
		if (d)
			deadline = clock_deadline(d->clock, d->ns);
		if (__atomic_load_n(&w->released, __ATOMIC_ACQUIRE) || rc)
			break;
		rc = sleep_commit(deadline);
		waitq_remove(&clock_waiter);
		if (rc == -ETIMEDOUT && clock_base_ns(d->clock) < d->ns)
			rc = 0;
	}
	sleep_cancel();
	waitq_remove(&clock_waiter);
	return rc;
}

long futex_wait(uaddr_t addr, bool shared, uint32_t expected, uint32_t bits, const struct futex_deadline *d)
{
	struct futex_waiter w = { .bits = bits };
	uint32_t value;
	int rc = futex_key_get(&w.key, addr, shared, TRAP_ACCESS_READ);

	if (rc)
		return rc;
	futex_enter(&w);
	if (copy_from_user(&value, addr, sizeof(value)))
		rc = -EFAULT;
	else if (value != expected)
		rc = -EAGAIN;
	else
		rc = sleep_released(&w, d);
	/* Whoever was released has had a wake-up, whatever else happened. */
	if (!futex_leave(&w))
		rc = 0;
	futex_key_put(&w.key);
	return rc;
}
