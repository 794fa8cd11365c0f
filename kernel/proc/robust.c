/* SPDX-License-Identifier: MIT */
/* Robust mutexes and the join of threads: what the kernel does to user memory when a thread ends.
 * Owns: the walk over a robust list. Relies on: futex.c, arch_cmpxchg_user().
 * Never: believes the list: it is the program's, may be broken, circular or hostile. */
#include "abi/errno.h"
#include "mm/uaccess.h"
#include "proc/futex.h"
#include "proc/internal.h"

#define LIST_LIMIT 2048 /* a longer list is taken for a circle, as on Linux */
#define TID_MASK 0x3fffffffu
#define OWNER_DIED 0x40000000u
#define WAITERS 0x80000000u

struct robust_head {
	uint64_t next;
	int64_t offset; /* from an entry to its futex word */
	uint64_t pending;
};

/* Bit 0 of an entry's address marks a mutex with priority inheritance: it needs no wake-up here. */
static void owner_died(uaddr_t word, bool inheriting, bool pending_op)
{
	uint32_t tid = (uint32_t)current_thread()->tid, value, seen;

	if (word & 3 || word >= ARCH_USER_TOP || copy_from_user(&value, word, sizeof(value)))
		return;
	/* Died between unlocking the word and waking a waiter: the wake-up is ours. */
	if (pending_op && !inheriting && !value) {
		futex_wake_addr(word, 1);
		return;
	}
	while ((value & TID_MASK) == tid) {
		if (arch_cmpxchg_user((uint32_t *)word, value, (value & WAITERS) | OWNER_DIED, &seen))
			return;
		if (seen == value) {
			if (value & WAITERS && !inheriting)
				futex_wake_addr(word, 1);
			return;
		}
		value = seen;
	}
}

static void walk_robust_list(uaddr_t head_addr)
{
	struct robust_head head;
	uint64_t entry;

	if (copy_from_user(&head, head_addr, sizeof(head)))
		return;
	entry = head.next;
	for (int n = 0; n < LIST_LIMIT && (entry & ~1UL) != head_addr; n++) {
		uint64_t at = entry & ~1UL, next;
		/* The successor first: whoever gets the mutex may free the entry. */
		bool broken = copy_from_user(&next, at, sizeof(next));

		if (at != (head.pending & ~1UL))
			owner_died(at + (uint64_t)head.offset, entry & 1, false);
		if (broken)
			return;
		entry = next;
	}
	if (head.pending)
		owner_died((head.pending & ~1UL) + (uint64_t)head.offset, head.pending & 1, true);
}

void futex_exit(struct thread *t)
{
	static const uint32_t zero;

	if (!t->process->space)
		return;
	if (t->robust_list)
		walk_robust_list(t->robust_list);
	t->robust_list = 0;
	if (t->clear_child_tid && !copy_to_user(t->clear_child_tid, &zero, sizeof(zero)))
		futex_wake_addr(t->clear_child_tid, 1);
	t->clear_child_tid = 0;
}

SYSCALL(set_robust_list)
{
	if (arg[1] != sizeof(struct robust_head))
		return -EINVAL;
	current_thread()->robust_list = arg[0];
	return 0;
}

SYSCALL(get_robust_list)
{
	const struct process *me = current_process();
	uint64_t size = sizeof(struct robust_head), head = 0;
	unsigned long flags = process_table_lock();
	struct thread *t = (int)arg[0] ? thread_find((int)arg[0]) : current_thread();
	long rc = 0;

	if (!t)
		rc = -ESRCH;
	else if (t->process != me && !process_privileged(me) && me->euid != t->process->uid)
		rc = -EPERM;
	else
		head = t->robust_list;
	process_table_unlock(flags);
	if (rc)
		return rc;
	if (copy_to_user(arg[2], &size, sizeof(size)) || copy_to_user(arg[1], &head, sizeof(head)))
		return -EFAULT;
	return 0;
}
