/* SPDX-License-Identifier: MIT */
/* mmap, munmap, mprotect and brk on an address space.
 * Owns: which ranges are mapped, and with what rights.
 * Relies on: `changing`, which it takes; area.c, pages.c.
 * Never: leaves a hole, while it replaces a mapping, that another thread's mmap or fault could see. */
#include "mm/map.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "abi/resource.h"
#include "abi/stat.h"
#include "core/log.h"
#include "fs/file.h"
#include "mm/area.h"
#include "mm/kmalloc.h"
#include "mm/page.h"
#include "mm/pageset.h"
#include "proc/process.h"

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)
#define DEV_ZERO DEV(1, 5)

#ifndef ARCH_MAP_32BIT
#define ARCH_MAP_32BIT 0u
#endif

/* Flags that MAP_SHARED_VALIDATE knows. */
#define MAP_KNOWN                                                                                             \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_GROWSDOWN | MAP_LOCKED | \
	 MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_FIXED_NOREPLACE | ARCH_MAP_32BIT)

bool space_may_grow(const struct space *s, size_t pages)
{
	return s->mapped_pages + pages <= process_limit(RLIMIT_AS) >> PAGE_SHIFT;
}

/* Linux's heuristic overcommit refuses what memory could never hold. */
static bool absurd(size_t pages, unsigned int prot, unsigned int flags)
{
	bool counts = (flags & MAP_TYPE) == MAP_PRIVATE ? prot & PROT_WRITE : flags & MAP_ANONYMOUS;

	return counts && !(flags & MAP_NORESERVE) && pages > page_total();
}

static int check_file(struct area *a, const struct file *f, unsigned int flags, size_t len)
{
	unsigned int mode = f->flags & O_ACCMODE;
	const struct inode *ino = f->inode;
	paddr_t pa;
	int rc;

	if (f->flags & O_PATH)
		return -EBADF;
	if (a->offset + len < a->offset || a->offset + len > INT64_MAX)
		return -EOVERFLOW;
	if (flags & MAP_GROWSDOWN)
		return -EINVAL;
	if (mode == O_WRONLY)
		return -EACCES;
	if (a->flags & AREA_SHARED) {
		if (mode != O_RDWR && a->prot & PROT_WRITE)
			return -EACCES;
		if (ino && ino->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) {
			if (a->prot & PROT_WRITE)
				return -EPERM;
			a->max_prot &= ~PROT_WRITE;
		}
		if (mode != O_RDWR)
			a->max_prot &= ~PROT_WRITE;
	}
	if (!ino || !ino->ops || !ino->ops->page)
		return -ENODEV;
	if (S_ISREG(ino->mode))
		return 0;
	/* A device says so by giving its first page. */
	rc = ino->ops->page((struct inode *)ino, a->offset >> PAGE_SHIFT, &pa);
	if (!rc)
		page_put(pa);
	return rc;
}

/* The area as the arguments describe it, not yet placed; NULL and *error. */
static struct area *make_area(size_t len, unsigned int prot, unsigned int flags, struct file *file, uint64_t offset,
			      int *error)
{
	struct area *a = kmalloc(sizeof(*a));

	*error = -ENOMEM;
	if (!a)
		return NULL;
	list_init(&a->link);
	a->prot = prot & PROT_ALL;
	a->max_prot = PROT_ALL;
	a->flags = (flags & MAP_TYPE) == MAP_PRIVATE ? 0 : AREA_SHARED;
	if (flags & MAP_GROWSDOWN)
		a->flags |= AREA_STACK;
	/* /dev/zero is another way to say MAP_ANONYMOUS. */
	if (file && file->inode && S_ISCHR(file->inode->mode) && file->inode->rdev == DEV_ZERO) {
		file = NULL;
		a->name = a->flags & AREA_SHARED ? NULL : "/dev/zero";
	}
	if (file) {
		a->offset = offset;
		*error = check_file(a, file, flags, len);
		if (*error) {
			kfree(a);
			return NULL;
		}
		file_get(file);
		a->file = file;
	} else if (a->flags & AREA_SHARED) {
		a->set = pageset_create(len >> PAGE_SHIFT, false);
		if (!a->set) {
			kfree(a);
			return NULL;
		}
	}
	return a;
}

uaddr_t space_find_place(struct space *s, uaddr_t hint, size_t len, uaddr_t top)
{
	uaddr_t at;

	if (len > ARCH_USER_TOP)
		return 0;
	hint = ALIGN_DOWN(hint, PAGE_SIZE);
	if (hint >= SPACE_MIN && hint <= ARCH_USER_TOP - len) {
		struct area *above = area_above(s, hint);
		uaddr_t gap = above && above->flags & AREA_STACK ? STACK_GAP : 0;

		if (!above || (above->start >= hint + len && above->start - hint - len >= gap))
			return hint;
	}
	at = area_find_free(s, len, top);
	return at || top < s->mmap_top ? at : area_find_free(s, len, ARCH_USER_TOP);
}

/* `changing` is held. Room at `addr` as the flags want it: the address or an error; with MAP_FIXED what is there stays. */
static long place(struct space *s, uaddr_t addr, size_t len, unsigned int flags)
{
	unsigned long irq;
	uaddr_t top;
	long rc;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr & ~PAGE_MASK)
			return -EINVAL;
		if (addr > ARCH_USER_TOP - len)
			return -ENOMEM;
		if (addr < SPACE_MIN)
			return -EPERM;
	}
	irq = spin_lock(&s->lock);
	top = s->mmap_top;
	if (flags & ARCH_MAP_32BIT)
		top = 0x80000000UL;
	if (flags & MAP_FIXED_NOREPLACE) {
		rc = area_range_free(s, addr, addr + len) ? (long)addr : -EEXIST;
	} else if (flags & MAP_FIXED) {
		rc = area_isolate(s, addr, addr + len);
		rc = rc ? rc : (long)addr;
	} else {
		rc = (long)space_find_place(s, addr, len, top);
		rc = rc ? rc : -ENOMEM;
	}
	spin_unlock(&s->lock, irq);
	return rc;
}

/* Replace whatever is in the area's range by it, in one step. */
static void put_in_place(struct space *s, struct area *a, struct list *dead)
{
	uaddr_t start = a->start, end = a->end;
	unsigned long flags;

	space_zap(s, start, end);
	flags = spin_lock(&s->lock);
	space_zap_locked(s, start, end); /* what came in meanwhile */
	area_take(s, start, end, dead);
	area_insert(s, a);
	area_merge(s, start, end);
	spin_unlock(&s->lock, flags);
}

long space_mmap(struct space *s, uaddr_t addr, size_t len, unsigned int prot, unsigned int flags, struct file *file,
		uint64_t offset)
{
	struct list dead = LIST_INIT(dead);
	unsigned int type = flags & MAP_TYPE;
	struct area *a;
	bool populate;
	int error;
	long at;

	if (!len || (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE) || offset & ~PAGE_MASK)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && flags & ~MAP_KNOWN)
		return -EOPNOTSUPP;
	if (flags & MAP_HUGETLB || (flags & MAP_GROWSDOWN && type != MAP_PRIVATE))
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len || len > ARCH_USER_TOP || absurd(len >> PAGE_SHIFT, prot, flags))
		return -ENOMEM;
	a = make_area(len, prot, flags, file, offset, &error);
	if (!a)
		return error;

	mutex_lock(&s->changing);
	at = place(s, addr, len, flags);
	if (at > 0 && !space_may_grow(s, len >> PAGE_SHIFT))
		at = -ENOMEM;
	if (at > 0) {
		a->start = (uaddr_t)at;
		a->end = a->start + len;
		put_in_place(s, a, &dead);
	}
	populate = s->populate_future || (flags & MAP_LOCKED) || (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
	mutex_unlock(&s->changing);
	area_free_list(&dead);
	if (at < 0)
		area_free(a);
	else if (populate)
		(void)space_populate(s, (uaddr_t)at, (uaddr_t)at + len); /* as on Linux, mmap has succeeded already */
	return at;
}

long space_munmap_changing(struct space *s, uaddr_t addr, size_t len, struct list *dead)
{
	unsigned long flags = spin_lock(&s->lock);
	int rc = area_isolate(s, addr, addr + len);

	spin_unlock(&s->lock, flags);
	if (rc)
		return rc;
	space_zap(s, addr, addr + len);
	flags = spin_lock(&s->lock);
	space_zap_locked(s, addr, addr + len);
	area_take(s, addr, addr + len, dead);
	spin_unlock(&s->lock, flags);
	return 0;
}

long space_munmap(struct space *s, uaddr_t addr, size_t len)
{
	struct list dead = LIST_INIT(dead);
	long rc;

	if (addr & ~PAGE_MASK || !len || addr > ARCH_USER_TOP || len > ARCH_USER_TOP - addr)
		return -EINVAL;
	mutex_lock(&s->changing);
	rc = space_munmap_changing(s, addr, ALIGN_UP(len, PAGE_SIZE), &dead);
	mutex_unlock(&s->changing);
	area_free_list(&dead);
	return rc;
}

/* The lock is held and the range isolated. *done becomes the end of what was changed. */
static int protect_areas(struct space *s, uaddr_t addr, uaddr_t end, unsigned int prot, uaddr_t *done)
{
	*done = addr;
	for (struct area *a = area_above(s, addr); *done < end; a = area_next(s, a)) {
		if (!a || a->start > *done)
			return -ENOMEM;
		if (prot & ~a->max_prot)
			return -EACCES;
		a->prot = prot;
		*done = a->end;
	}
	return 0;
}

long space_mprotect(struct space *s, uaddr_t addr, size_t len, unsigned int prot)
{
	bool grows_down = prot & PROT_GROWSDOWN;
	unsigned long flags;
	uaddr_t end, done;
	struct area *a;
	long rc = 0;

	if (addr & ~PAGE_MASK || prot & ~(PROT_ALL | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP) || prot & PROT_GROWSUP)
		return -EINVAL;
	if (!len)
		return 0;
	len = ALIGN_UP(len, PAGE_SIZE);
	end = addr + len;
	if (!len || end <= addr || end > ARCH_USER_TOP)
		return -ENOMEM;
	prot &= PROT_ALL;
	mutex_lock(&s->changing);
	flags = spin_lock(&s->lock);
	if (grows_down) {
		a = area_at(s, addr);
		if (!a)
			rc = -ENOMEM;
		else if (!(a->flags & AREA_STACK))
			rc = -EINVAL;
		else
			addr = a->start;
	}
	done = addr;
	if (!rc)
		rc = area_isolate(s, addr, end);
	if (!rc)
		rc = protect_areas(s, addr, end, prot, &done);
	area_merge(s, addr, end);
	spin_unlock(&s->lock, flags);
	space_sync(s, addr, done);
	mutex_unlock(&s->changing);
	return rc;
}

static bool may_extend_heap(struct space *s, uaddr_t from, uaddr_t to)
{
	struct area *above = area_above(s, from);
	uaddr_t room = above ? above->start : ARCH_USER_TOP;
	size_t pages = (to - from) >> PAGE_SHIFT;

	if (above && above->flags & AREA_STACK)
		room = room > STACK_GAP ? room - STACK_GAP : 0;
	return room >= to && to - s->brk_start <= process_limit(RLIMIT_DATA) && space_may_grow(s, pages) &&
	       !absurd(pages, PROT_WRITE, MAP_PRIVATE);
}

uaddr_t space_brk(struct space *s, uaddr_t brk)
{
	struct list dead = LIST_INIT(dead);
	struct area *a = kmalloc(sizeof(*a));
	uaddr_t from, to, populate = 0;
	unsigned long flags;

	mutex_lock(&s->changing);
	from = ALIGN_UP(s->brk, PAGE_SIZE);
	to = ALIGN_UP(brk, PAGE_SIZE);
	if (brk >= s->brk_start && brk <= ARCH_USER_TOP && a) {
		if (to <= from) {
			if (to == from || !space_munmap_changing(s, to, from - to, &dead))
				s->brk = brk;
		} else {
			flags = spin_lock(&s->lock);
			if (may_extend_heap(s, from, to)) {
				*a = (struct area){ .start = from, .end = to, .prot = PROT_READ | PROT_WRITE,
						    .max_prot = PROT_ALL, .flags = AREA_HEAP };
				area_insert(s, a);
				area_merge(s, from, to);
				a = NULL;
				s->brk = brk;
				if (s->populate_future)
					populate = to;
			}
			spin_unlock(&s->lock, flags);
		}
	}
	brk = s->brk;
	mutex_unlock(&s->changing);
	kfree(a);
	area_free_list(&dead);
	if (populate)
		(void)space_populate(s, from, populate);
	return brk;
}
