/* SPDX-License-Identifier: MIT */
/* madvise, mincore, msync and memory locks.
 * Owns: what each piece of advice means where nothing is ever paged out.
 * Relies on: area.c, pages.c.
 * Never: says 0 to advice that would change what a program sees and was not followed. */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "abi/resource.h"
#include "fs/file.h"
#include "mm/area.h"
#include "mm/kmalloc.h"
#include "mm/page.h"
#include "mm/pageset.h"
#include "mm/pagetable.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "syscall/syscall.h"
#include "trap/trap.h"

/* The lock is held. What `advice` asks for is possible in this area: 0 or a negative errno. */
static int check_advice(const struct area *a, int advice)
{
	bool anonymous = area_private(a) && !a->file;

	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_DOFORK:
		return a->flags & AREA_SPECIAL ? -EINVAL : 0;
	case MADV_FREE:
	case MADV_WIPEONFORK:
		return anonymous ? 0 : -EINVAL;
	case MADV_KEEPONFORK:
		return a->flags & AREA_SPECIAL ? -EINVAL : 0;
	case MADV_REMOVE:
		if (!(a->flags & AREA_SHARED))
			return -EINVAL;
		if (!(a->prot & ARCH_PROT_WRITE))
			return -EACCES;
		return 0;
	default:
		return 0;
	}
}

static int punch_hole(struct inode *ino, uint64_t from, uint64_t n)
{
	int rc;

	if (!ino->ops->allocate)
		return -EOPNOTSUPP;
	mutex_lock(&ino->write_lock);
	rc = ino->ops->allocate(ino, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, n);
	mutex_unlock(&ino->write_lock);
	return rc;
}

/* `changing` is held; [start, end) is inside one area. */
static int remove_pages(struct space *s, uaddr_t start, uaddr_t end)
{
	unsigned long flags = spin_lock(&s->lock);
	struct area *a = area_at(s, start);
	struct file *file = a->file;
	struct pageset *set = a->set;
	uint64_t offset = area_offset(a, start);
	int rc = 0;

	if (file)
		file_get(file);
	if (set)
		pageset_get(set);
	spin_unlock(&s->lock, flags);
	if (set) {
		pageset_drop(set, offset >> PAGE_SHIFT, (end - start) >> PAGE_SHIFT);
		space_forget_set(set, offset, offset + (end - start));
		pageset_put(set);
	} else {
		rc = punch_hole(file->inode, offset, end - start);
		file_put(file);
	}
	return rc;
}

static int set_flags(struct space *s, uaddr_t start, uaddr_t end, unsigned int set, unsigned int clear)
{
	unsigned long flags = spin_lock(&s->lock);
	int rc = area_isolate(s, start, end);

	if (!rc) {
		struct area *a = area_at(s, start);

		a->flags = (a->flags & ~clear) | set;
	}
	area_merge(s, start, end);
	spin_unlock(&s->lock, flags);
	return rc;
}

/* As remove_pages(). */
static int advise_piece(struct space *s, uaddr_t start, uaddr_t end, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		space_zap(s, start, end);
		return 0;
	case MADV_REMOVE:
		return remove_pages(s, start, end);
	case MADV_DONTFORK:
		return set_flags(s, start, end, AREA_DONTFORK, 0);
	case MADV_DOFORK:
		return set_flags(s, start, end, 0, AREA_DONTFORK);
	case MADV_WIPEONFORK:
		return set_flags(s, start, end, AREA_WIPEONFORK, 0);
	case MADV_KEEPONFORK:
		return set_flags(s, start, end, 0, AREA_WIPEONFORK);
	default:
		return 0;
	}
}

/* Linux goes on after a hole and reports it at the end. */
static int advise(struct space *s, uaddr_t start, uaddr_t end, int advice)
{
	bool hole = false;
	int rc = 0;

	while (start < end && !rc) {
		unsigned long flags = spin_lock(&s->lock);
		struct area *a = area_above(s, start);
		uaddr_t stop = end;

		if (!a || a->start >= end) {
			hole = true;
			start = end;
		} else {
			hole |= a->start > start;
			start = MAX(start, a->start);
			stop = MIN(end, a->end);
			rc = check_advice(a, advice);
		}
		spin_unlock(&s->lock, flags);
		if (start < end && !rc)
			rc = advise_piece(s, start, stop, advice);
		start = stop;
	}
	return rc ? rc : hole ? -ENOMEM : 0;
}

/* MADV_POPULATE_READ and _WRITE report what mlock would hide. */
static long populate_as(struct space *s, uaddr_t start, uaddr_t end, unsigned int access)
{
	for (uaddr_t va = start; va < end; va += PAGE_SIZE) {
		int rc = space_fault(s, va, access);

		if (rc == SEGV_MAPERR || rc == -ENOMEM)
			return -ENOMEM;
		if (rc)
			return rc == SEGV_ACCERR ? -EINVAL : -EFAULT;
		if (signal_kill_pending(current_thread()))
			return -EINTR;
		sched_relax();
	}
	return 0;
}

static bool known_advice(int advice)
{
	return (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) || (advice >= MADV_FREE && advice <= MADV_DOFORK) ||
	       (advice >= MADV_DONTDUMP && advice <= MADV_DONTNEED_LOCKED);
}

SYSCALL(madvise)
{
	struct space *s = current_process()->space;
	uaddr_t start = arg[0], end;
	size_t len = arg[1];
	int advice = (int)arg[2];
	long rc;

	/* Huge pages, page merging and poisoning are what a Linux without them refuses. */
	if (!known_advice(advice) || start & ~PAGE_MASK || ALIGN_UP(len, PAGE_SIZE) < len)
		return -EINVAL;
	end = start + ALIGN_UP(len, PAGE_SIZE);
	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (end > ARCH_USER_TOP)
		return -ENOMEM;
	if (advice == MADV_POPULATE_READ)
		return populate_as(s, start, end, TRAP_ACCESS_READ);
	if (advice == MADV_POPULATE_WRITE)
		return populate_as(s, start, end, TRAP_ACCESS_WRITE);
	mutex_lock(&s->changing);
	rc = advise(s, start, end, advice);
	mutex_unlock(&s->changing);
	return rc;
}

static bool covered(struct space *s, uaddr_t start, uaddr_t end)
{
	unsigned long flags = spin_lock(&s->lock);
	bool yes = area_range_covered(s, start, end);

	spin_unlock(&s->lock, flags);
	return yes;
}

/* Writes of shared mappings are in the file's pages at once: what msync waits for has always happened. */
SYSCALL(msync)
{
	uaddr_t start = arg[0], end = start + ALIGN_UP(arg[1], PAGE_SIZE);
	unsigned int flags = (unsigned int)arg[2];

	if (start & ~PAGE_MASK || flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (end < start || ALIGN_UP(arg[1], PAGE_SIZE) < arg[1])
		return -ENOMEM;
	return end == start || (end <= ARCH_USER_TOP && covered(current_process()->space, start, end)) ? 0 : -ENOMEM;
}

/* Is the page at `va` in? Files live in memory, so theirs are as far as the file goes. -ENOMEM: not mapped. */
static int page_in(struct space *s, uaddr_t va)
{
	unsigned long flags = spin_lock(&s->lock);
	struct area *a = area_at(s, va);
	unsigned int prot;
	paddr_t pa;
	int rc = -ENOMEM;

	if (a) {
		rc = pagetable_query(&s->arch, va, &pa, &prot);
		if (!rc && a->file && a->file->inode)
			rc = area_offset(a, va) < a->file->inode->size;
	}
	spin_unlock(&s->lock, flags);
	return rc;
}

SYSCALL(mincore)
{
	struct space *s = current_process()->space;
	uaddr_t va = arg[0], to = arg[2];
	size_t pages = (ALIGN_UP(arg[1], PAGE_SIZE)) >> PAGE_SHIFT;
	uint8_t chunk[256];

	if (va & ~PAGE_MASK)
		return -EINVAL;
	if (va > ARCH_USER_TOP || ALIGN_UP(arg[1], PAGE_SIZE) < arg[1] || pages > (ARCH_USER_TOP - va) >> PAGE_SHIFT)
		return -ENOMEM;
	while (pages) {
		size_t n = MIN(pages, sizeof(chunk));

		for (size_t i = 0; i < n; i++, va += PAGE_SIZE) {
			int in = page_in(s, va);

			if (in < 0)
				return in;
			chunk[i] = (uint8_t)in;
		}
		if (copy_to_user(to, chunk, n))
			return -EFAULT;
		to += n;
		pages -= n;
		if (signal_kill_pending(current_thread()))
			return -EINTR;
		sched_relax();
	}
	return 0;
}

/* Rounds as mlock does. 0, and an empty range for length 0. */
static int lock_range(const uint64_t arg[6], uaddr_t *start, uaddr_t *end)
{
	uint64_t from = arg[0], n = arg[1];

	*start = ALIGN_DOWN(from, PAGE_SIZE);
	*end = ALIGN_UP(from + n, PAGE_SIZE);
	if (from + n < from || (n && *end <= *start) || *end > ARCH_USER_TOP)
		return n ? -EINVAL : 0;
	return 0;
}

static long lock_pages(const uint64_t arg[6], bool now)
{
	struct process *p = current_process();
	uaddr_t start, end;
	int rc = lock_range(arg, &start, &end);

	if (rc || !arg[1])
		return rc;
	if (p->euid && !process_limit(RLIMIT_MEMLOCK))
		return -EPERM;
	if (p->euid && end - start > process_limit(RLIMIT_MEMLOCK))
		return -ENOMEM;
	if (!covered(p->space, start, end))
		return -ENOMEM;
	return now ? space_populate(p->space, start, end) : 0;
}

SYSCALL(mlock)
{
	return lock_pages(arg, true);
}

SYSCALL(mlock2)
{
	unsigned int flags = (unsigned int)arg[2];

	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return lock_pages(arg, !flags);
}

SYSCALL(munlock)
{
	uaddr_t start, end;
	int rc = lock_range(arg, &start, &end);

	if (rc || !arg[1])
		return rc;
	return covered(current_process()->space, start, end) ? 0 : -ENOMEM;
}

SYSCALL(mlockall)
{
	unsigned int flags = (unsigned int)arg[0];
	struct process *p = current_process();
	struct space *s = p->space;
	uaddr_t at = 0;

	if (!flags || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (p->euid && !process_limit(RLIMIT_MEMLOCK))
		return -EPERM;
	if (p->euid && flags & MCL_CURRENT && s->mapped_pages > process_limit(RLIMIT_MEMLOCK) >> PAGE_SHIFT)
		return -ENOMEM;
	mutex_lock(&s->changing);
	s->populate_future = (flags & (MCL_FUTURE | MCL_ONFAULT)) == MCL_FUTURE;
	mutex_unlock(&s->changing);
	/* As on Linux, what cannot be brought in (PROT_NONE, beyond the end of a file) is passed over. */
	while ((flags & (MCL_CURRENT | MCL_ONFAULT)) == MCL_CURRENT) {
		unsigned long irq = spin_lock(&s->lock);
		struct area *a = area_above(s, at);
		uaddr_t start = a ? a->start : 0, end = a ? a->end : 0;

		spin_unlock(&s->lock, irq);
		if (!end)
			break;
		(void)space_populate(s, MAX(start, at), end);
		at = end;
	}
	return 0;
}

SYSCALL(munlockall)
{
	struct space *s = current_process()->space;

	mutex_lock(&s->changing);
	s->populate_future = false;
	mutex_unlock(&s->changing);
	return 0;
}
