/* SPDX-License-Identifier: MIT */
/* mremap.
 * Owns: growing a mapping in place, and moving one with its pages.
 * Relies on: AREA_MOVING, which makes faults wait while the pages are under way.
 * Never: copies a page's contents. */
#include "abi/errno.h"
#include "abi/mman.h"
#include "core/log.h"
#include "mm/area.h"
#include "proc/process.h"
#include "syscall/syscall.h"

struct request {
	uaddr_t addr, new_addr;
	size_t old_len, new_len;
	unsigned int flags;
};

static long check(struct request *r)
{
	if (r->flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if (r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) && !(r->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if (r->addr & ~PAGE_MASK || r->old_len > ARCH_USER_TOP || r->new_len > ARCH_USER_TOP)
		return -EINVAL;
	r->old_len = ALIGN_UP(r->old_len, PAGE_SIZE);
	r->new_len = ALIGN_UP(r->new_len, PAGE_SIZE);
	if (!r->new_len || (r->flags & MREMAP_DONTUNMAP && r->old_len != r->new_len))
		return -EINVAL;
	if (r->addr > ARCH_USER_TOP || r->old_len > ARCH_USER_TOP - r->addr)
		return -EFAULT;
	if (!(r->flags & MREMAP_FIXED))
		return 0;
	if (r->new_addr & ~PAGE_MASK || r->new_addr > ARCH_USER_TOP - r->new_len)
		return -EINVAL;
	if (r->addr < r->new_addr + r->new_len && r->new_addr < r->addr + r->old_len)
		return -EINVAL;
	return r->new_addr < SPACE_MIN ? -EPERM : 0;
}

/* The lock is held. May the area at r->addr be resized as asked? */
static long check_area(struct space *s, struct request *r)
{
	struct area *a = area_at(s, r->addr);

	if (!a)
		return -EFAULT;
	if (!r->old_len && !(a->flags & AREA_SHARED))
		return -EINVAL;
	if (r->new_len <= r->old_len && !(r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)))
		return 0;
	if (r->old_len > a->end - r->addr)
		return -EFAULT;
	if (r->new_len > r->old_len && a->flags & AREA_SPECIAL)
		return -EFAULT;
	if (a->file && area_offset(a, r->addr) + r->new_len > INT64_MAX)
		return -EINVAL;
	if (r->new_len > r->old_len && !space_may_grow(s, (r->new_len - r->old_len) >> PAGE_SHIFT))
		return -ENOMEM;
	return 0;
}

/* The lock is held. */
static bool grow_in_place(struct space *s, struct request *r)
{
	struct area *a = area_at(s, r->addr), *next = area_next(s, a);
	uaddr_t end = r->addr + r->new_len, room = next ? next->start : ARCH_USER_TOP;

	if (next && next->flags & AREA_STACK)
		room = room > STACK_GAP ? room - STACK_GAP : 0;
	if (!r->old_len || a->end != r->addr + r->old_len || end > room || end < r->addr)
		return false;
	s->mapped_pages += (end - a->end) >> PAGE_SHIFT;
	a->end = end;
	area_merge(s, a->start, end);
	return true;
}

/* The area for the new place, where nothing is mapped; NULL: no memory. */
static struct area *prepare(struct space *s, struct request *r, uaddr_t to)
{
	unsigned long flags = spin_lock(&s->lock);
	struct area *fresh = NULL, *old;

	if (!area_isolate(s, r->addr, r->addr + r->old_len)) {
		old = area_at(s, r->addr);
		fresh = area_dup(old);
		if (fresh) {
			fresh->start = to;
			fresh->end = to + r->new_len;
			fresh->offset = area_offset(old, r->addr);
			fresh->flags &= ~AREA_HEAP;
			/* old_len 0 makes a second mapping of shared memory; nothing moves. */
			if (r->old_len) {
				fresh->flags |= AREA_MOVING;
				old->flags |= AREA_MOVING;
			}
			area_insert(s, fresh);
		}
	}
	spin_unlock(&s->lock, flags);
	return fresh;
}

static long move(struct space *s, struct request *r, struct list *dead)
{
	struct area *fresh, *old;
	unsigned long flags;
	uaddr_t to = r->new_addr;
	int rc;

	if (r->flags & MREMAP_FIXED) {
		rc = (int)space_munmap_changing(s, to, r->new_len, dead);
		if (rc)
			return rc;
	} else {
		flags = spin_lock(&s->lock);
		to = space_find_place(s, r->flags & MREMAP_DONTUNMAP ? r->new_addr : 0, r->new_len, s->mmap_top);
		spin_unlock(&s->lock, flags);
		if (!to)
			return -ENOMEM;
	}
	fresh = prepare(s, r, to);
	if (!fresh)
		return -ENOMEM;
	rc = r->old_len ? space_move_pages(s, r->addr, to, r->old_len) : 0;

	flags = spin_lock(&s->lock);
	old = r->old_len ? area_at(s, r->addr) : NULL;
	if (old)
		old->flags &= ~AREA_MOVING;
	fresh->flags &= ~AREA_MOVING;
	if (rc) {
		area_take(s, to, to + r->new_len, dead);
	} else if (old && !(r->flags & MREMAP_DONTUNMAP)) {
		if (s->vdso >= old->start && s->vdso < old->end)
			s->vdso += to - old->start;
		if (s->sigreturn >= old->start && s->sigreturn < old->end)
			s->sigreturn += to - old->start;
		area_take(s, r->addr, r->addr + r->old_len, dead);
	}
	if (r->old_len)
		area_merge(s, r->addr, r->addr + r->old_len);
	area_merge(s, to, to + r->new_len);
	spin_unlock(&s->lock, flags);
	return rc ? rc : (long)to;
}

static long remap(struct space *s, struct request *r, struct list *dead)
{
	unsigned long flags = spin_lock(&s->lock);
	long rc = check_area(s, r);
	bool stays = r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) ? false : true;
	bool grown = !rc && stays && r->new_len > r->old_len && grow_in_place(s, r);

	spin_unlock(&s->lock, flags);
	if (rc)
		return rc;
	if (grown)
		return (long)r->addr;
	if (r->new_len < r->old_len) {
		rc = space_munmap_changing(s, r->addr + r->new_len, r->old_len - r->new_len, dead);
		if (rc)
			return rc;
		r->old_len = r->new_len;
	}
	if (stays && r->new_len == r->old_len)
		return (long)r->addr;
	return r->flags & MREMAP_MAYMOVE ? move(s, r, dead) : -ENOMEM;
}

SYSCALL(mremap)
{
	struct request r = { .addr = arg[0], .old_len = arg[1], .new_len = arg[2], .flags = (unsigned int)arg[3],
			     .new_addr = arg[4] };
	struct space *s = current_process()->space;
	struct list dead = LIST_INIT(dead);
	long rc = check(&r);

	if (rc)
		return rc;
	mutex_lock(&s->changing);
	rc = remap(s, &r, &dead);
	mutex_unlock(&s->changing);
	area_free_list(&dead);
	if (rc > 0 && s->populate_future)
		(void)space_populate(s, (uaddr_t)rc, (uaddr_t)rc + r.new_len);
	return rc;
}
