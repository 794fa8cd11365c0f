/* SPDX-License-Identifier: MIT */
/* futex(2) without priority inheritance.
 * Owns: the decoding of operations. Relies on: futex.c, arch_cmpxchg_user().
 * Never: FUTEX_*_PI; they answer ENOSYS, which libraries take as "not supported". */
#include "abi/errno.h"
#include "fs/timens.h"
#include "mm/uaccess.h"
#include "proc/futex.h"
#include "proc/internal.h"
#include "time/clock.h"
#include "time/timekeeping.h"
#include "trap/trap.h"

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_PRIVATE_FLAG 128
#define FUTEX_CLOCK_REALTIME 256

/* A relative time-out counts from the first entry, however often signals interrupt the wait. */
static long wait(const uint64_t arg[6], bool shared, uint32_t bits, bool absolute, int clock)
{
	struct thread *t = current_thread();
	struct futex_deadline d = { .clock = clock };
	bool timed = arg[3];
	long rc;

	if (!bits)
		return -EINVAL;
	if (timed) {
		struct vdk_timespec ts;

		if (copy_from_user(&ts, arg[3], sizeof(ts)))
			return -EFAULT;
		if (!timespec_valid(&ts))
			return -EINVAL;
		d.ns = timespec_ns(&ts);
		if (absolute)
			d.ns = timens_to_system(clock, d.ns);
		else
			d.ns = t->restart.active ? t->restart.deadline_ns : time_add(clock_now_ns(), d.ns);
	}
	rc = futex_wait(arg[0], shared, (uint32_t)arg[2], bits, timed ? &d : NULL);
	if (rc != -EINTR)
		return rc;
	t->restart.deadline_ns = d.ns;
	return timed ? -ERESTART_RESTARTBLOCK : -ERESTARTSYS;
}

static long wake(uaddr_t addr, bool shared, int n, uint32_t bits)
{
	struct futex_key k;
	long rc;

	if (!bits)
		return -EINVAL;
	rc = futex_key_get(&k, addr, shared, TRAP_ACCESS_READ);
	if (rc)
		return rc;
	rc = futex_wake_key(&k, MAX(n, 1), bits);
	futex_key_put(&k);
	return rc;
}

static long requeue(const uint64_t arg[6], bool shared, bool compare)
{
	int to_wake = (int)arg[2], to_move = (int)arg[3];
	uint32_t expected = (uint32_t)arg[5];
	struct futex_key from, to;
	long rc;

	if (to_wake < 0 || to_move < 0)
		return -EINVAL;
	rc = futex_key_get(&from, arg[0], shared, TRAP_ACCESS_READ);
	if (rc)
		return rc;
	rc = futex_key_get(&to, arg[4], shared, TRAP_ACCESS_WRITE);
	if (!rc) {
		rc = futex_requeue(&from, &to, to_wake, to_move, arg[0], compare ? &expected : NULL);
		futex_key_put(&to);
	}
	futex_key_put(&from);
	return rc;
}

/* FUTEX_WAKE_OP's third word: op, comparison, and two signed 12-bit numbers. */
static int32_t signed12(uint32_t v)
{
	return (int32_t)(v << 20) >> 20;
}

static long apply(uint32_t encoded, uint32_t old, uint32_t *new)
{
	uint32_t operand = (uint32_t)signed12(encoded >> 12 & 0xfff);

	if (encoded >> 31)
		operand = 1u << (operand & 31);
	switch (encoded >> 28 & 7) {
	case 0: *new = operand; return 0;
	case 1: *new = old + operand; return 0;
	case 2: *new = old | operand; return 0;
	case 3: *new = old & ~operand; return 0;
	case 4: *new = old ^ operand; return 0;
	}
	return -ENOSYS;
}

/* 1 or 0, or -ENOSYS. */
static long compare(uint32_t encoded, uint32_t value)
{
	int32_t a = (int32_t)value, b = signed12(encoded & 0xfff);

	switch (encoded >> 24 & 15) {
	case 0: return a == b;
	case 1: return a != b;
	case 2: return a < b;
	case 3: return a <= b;
	case 4: return a > b;
	case 5: return a >= b;
	}
	return -ENOSYS;
}

/* The word becomes what the operation makes of it, atomically; the comparison's result. */
static long operate(uaddr_t addr, uint32_t encoded)
{
	uint32_t old, new, seen;
	long rc;

	if (copy_from_user(&old, addr, sizeof(old)))
		return -EFAULT;
	for (;;) {
		rc = apply(encoded, old, &new);
		if (rc)
			return rc;
		if (arch_cmpxchg_user((uint32_t *)addr, old, new, &seen))
			return -EFAULT;
		if (seen == old)
			return compare(encoded, old);
		old = seen;
	}
}

static long wake_op(const uint64_t arg[6], bool shared)
{
	struct futex_key a, b;
	long rc = futex_key_get(&a, arg[0], shared, TRAP_ACCESS_READ), both;

	if (rc)
		return rc;
	rc = futex_key_get(&b, arg[4], shared, TRAP_ACCESS_WRITE);
	if (!rc) {
		both = operate(arg[4], (uint32_t)arg[5]);
		rc = both;
		if (both >= 0)
			rc = futex_wake_key(&a, MAX((int)arg[2], 1), FUTEX_ANY);
		if (both > 0)
			rc += futex_wake_key(&b, MAX((int)arg[3], 1), FUTEX_ANY);
		futex_key_put(&b);
	}
	futex_key_put(&a);
	return rc;
}

SYSCALL(futex)
{
	int op = (int)arg[1];
	int command = op & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
	bool shared = !(op & FUTEX_PRIVATE_FLAG);
	int clock = op & FUTEX_CLOCK_REALTIME ? VDK_CLOCK_REALTIME : VDK_CLOCK_MONOTONIC;

	if (op & FUTEX_CLOCK_REALTIME && command != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (command) {
	case FUTEX_WAIT: return wait(arg, shared, FUTEX_ANY, false, clock);
	case FUTEX_WAIT_BITSET: return wait(arg, shared, (uint32_t)arg[5], true, clock);
	case FUTEX_WAKE: return wake(arg[0], shared, (int)arg[2], FUTEX_ANY);
	case FUTEX_WAKE_BITSET: return wake(arg[0], shared, (int)arg[2], (uint32_t)arg[5]);
	case FUTEX_REQUEUE: return requeue(arg, shared, false);
	case FUTEX_CMP_REQUEUE: return requeue(arg, shared, true);
	case FUTEX_WAKE_OP: return wake_op(arg, shared);
	}
	return -ENOSYS;
}
