/* SPDX-License-Identifier: MIT */
/* Address spaces as wholes: creation, fork, end, and what others ask about them.
 * Owns: the list of all spaces.
 * Relies on: area.c, pages.c.
 * Never: takes a space's lock under the list's. */
#include "mm/space.h"

#include "abi/errno.h"
#include "core/log.h"
#include "core/random.h"
#include "core/string.h"
#include "fs/file.h"
#include "mm/area.h"
#include "mm/kmalloc.h"
#include "mm/page.h"
#include "mm/pageset.h"
#include "mm/pagetable.h"
#include "trap/trap.h"

static struct spinlock all_lock;
static struct list all_spaces = LIST_INIT(all_spaces);

struct space *space_create(void)
{
	struct space *s = kmalloc(sizeof(*s));
	unsigned long flags;

	if (!s)
		return NULL;
	flags = spin_lock(&s->lock);
	if (pagetable_init(&s->arch)) {
		spin_unlock(&s->lock, flags);
		kfree(s);
		return NULL;
	}
	spin_unlock(&s->lock, flags);
	list_init(&s->areas);
	mutex_init(&s->changing);
	s->mmap_top = ARCH_MMAP_TOP;
	s->refs = 1;
	flags = spin_lock(&all_lock);
	list_push_back(&all_spaces, &s->all_link);
	spin_unlock(&all_lock, flags);
	return s;
}

void space_get(struct space *s)
{
	__atomic_fetch_add(&s->refs, 1, __ATOMIC_RELAXED);
}

/* An increment that fails once the last reference is gone. */
static bool space_try_get(struct space *s)
{
	unsigned int refs = __atomic_load_n(&s->refs, __ATOMIC_RELAXED);

	while (refs)
		if (__atomic_compare_exchange_n(&s->refs, &refs, refs + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return true;
	return false;
}

void space_put(struct space *s)
{
	struct list dead = LIST_INIT(dead);
	unsigned long flags;

	/* Pairs with itself: the last one to leave sees what the others did. */
	if (__atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
		return;
	flags = spin_lock(&all_lock);
	list_remove(&s->all_link);
	spin_unlock(&all_lock, flags);

	space_zap(s, 0, ARCH_USER_TOP);
	flags = spin_lock(&s->lock);
	area_take(s, 0, ARCH_USER_TOP, &dead);
	ASSERT(!s->mapped_pages && !s->resident_pages);
	pagetable_destroy(&s->arch);
	spin_unlock(&s->lock, flags);
	area_free_list(&dead);
	if (s->exe)
		file_put(s->exe);
	kfree(s);
}

/* `from` is locked. */
static void copy_layout(struct space *to, const struct space *from)
{
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->mmap_top = from->mmap_top;
	to->stack_limit = from->stack_limit;
	to->membarrier = from->membarrier;
	to->fixed_layout = from->fixed_layout;
	to->start_stack = from->start_stack;
	to->arg_start = from->arg_start;
	to->arg_end = from->arg_end;
	to->env_start = from->env_start;
	to->env_end = from->env_end;
	to->vdso = from->vdso;
	to->sigreturn = from->sigreturn;
	memcpy(to->auxv, from->auxv, sizeof(to->auxv));
	to->auxv_count = from->auxv_count;
	to->exe = from->exe;
	if (to->exe)
		file_get(to->exe);
}

static bool copy_areas(struct space *to, const struct space *from)
{
	struct area *a;

	list_each(a, &from->areas, link) {
		struct area *copy;

		if (a->flags & AREA_DONTFORK)
			continue;
		copy = area_dup(a);
		if (!copy)
			return false;
		list_push_back(&to->areas, &copy->link);
		to->mapped_pages += (a->end - a->start) >> PAGE_SHIFT;
	}
	return true;
}

struct space *space_clone(struct space *from)
{
	struct space *to = space_create();
	unsigned long flags;
	struct area *a;
	bool good;

	if (!to)
		return NULL;
	mutex_lock(&from->changing);
	flags = spin_lock(&from->lock);
	copy_layout(to, from);
	good = copy_areas(to, from);
	spin_unlock(&from->lock, flags);
	/* Shared pages come back by faults, from where they are shared. */
	if (good)
		list_each(a, &to->areas, link)
			if (area_private(a) && !(a->flags & AREA_WIPEONFORK) && space_clone_pages(from, to, a)) {
				good = false;
				break;
			}
	mutex_unlock(&from->changing);
	if (good)
		return to;
	space_put(to);
	return NULL;
}

uaddr_t space_find_random(struct space *s, size_t len)
{
	uaddr_t top, found = 0, window;
	unsigned long flags;

	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len || len > ARCH_USER_TOP)
		return 0;
	flags = spin_lock(&s->lock);
	top = s->mmap_top;
	/* As wide as the randomisation of mmap_top itself (proc/exec.c). */
	window = MIN(ARCH_USER_TOP / 128, top - SPACE_MIN);
	for (int tries = 0; tries < 16 && !found && !s->fixed_layout && window > len; tries++) {
		uaddr_t at = ALIGN_DOWN(top - len - random_u64() % (window - len), PAGE_SIZE);

		if (area_range_free(s, at, at + len))
			found = at;
	}
	if (!found)
		found = area_find_free(s, len, top);
	spin_unlock(&s->lock, flags);
	return found;
}

bool space_range_free(struct space *s, uaddr_t start, uaddr_t end)
{
	unsigned long flags = spin_lock(&s->lock);
	bool yes = area_range_free(s, start, end);

	spin_unlock(&s->lock, flags);
	return yes;
}

int space_map_pages(struct space *s, uaddr_t va, const paddr_t *pages, size_t count, unsigned int prot, const char *name)
{
	struct area *a = kmalloc(sizeof(*a));
	uaddr_t end = va + count * PAGE_SIZE;
	unsigned long flags;
	int rc = 0;

	ASSERT(count && count <= ARCH_USER_TOP >> PAGE_SHIFT && !(va & ~PAGE_MASK) && va < ARCH_USER_TOP);
	if (a)
		a->set = pageset_create(count, true);
	if (!a || !a->set || end > ARCH_USER_TOP) {
		kfree(a);
		return -ENOMEM;
	}
	a->start = va;
	a->end = end;
	a->prot = prot;
	a->max_prot = prot | ARCH_PROT_READ;
	a->flags = AREA_SPECIAL;
	a->name = name;
	for (size_t i = 0; i < count && !rc; i++)
		rc = pageset_add(a->set, i, pages[i]);
	mutex_lock(&s->changing);
	flags = spin_lock(&s->lock);
	if (!rc && !area_range_free(s, va, end))
		rc = -EEXIST;
	if (!rc)
		area_insert(s, a);
	spin_unlock(&s->lock, flags);
	mutex_unlock(&s->changing);
	if (rc) {
		area_free(a);
		return rc;
	}
	for (size_t i = 0; i < count && prot; i++)
		if (space_fault(s, va + i * PAGE_SIZE, TRAP_ACCESS_READ)) {
			space_munmap(s, va, count * PAGE_SIZE);
			return -ENOMEM;
		}
	return 0;
}

/* What space_forget_file() and space_forget_set() look for. */
struct range_of {
	const struct inode *ino;
	const struct pageset *set;
	uint64_t from, to; /* bytes; whole pages, or the end of everything */
	bool copies;
};

static void forget_in(struct space *s, const struct range_of *r)
{
	unsigned long flags = spin_lock(&s->lock);
	struct area *a;

	list_each(a, &s->areas, link) {
		uint64_t last = area_offset(a, a->end), from, to;

		if (r->ino ? !a->file || a->file->inode != r->ino : a->set != r->set)
			continue;
		if (area_private(a) && !r->copies)
			continue;
		from = MAX(a->offset, r->from);
		to = MIN(last, r->to);
		if (from < to)
			space_zap_locked(s, a->start + (from - a->offset), a->start + (to - a->offset));
	}
	spin_unlock(&s->lock, flags);
}

static void forget(const struct range_of *r)
{
	struct space *s, *before = NULL;
	unsigned long flags = spin_lock(&all_lock);

	/* A reference keeps the one in hand in the list while the lock is dropped for it; new ones come after it. */
	list_each(s, &all_spaces, all_link) {
		if (!space_try_get(s))
			continue;
		spin_unlock(&all_lock, flags);
		if (before)
			space_put(before);
		forget_in(s, r);
		before = s;
		flags = spin_lock(&all_lock);
	}
	spin_unlock(&all_lock, flags);
	if (before)
		space_put(before);
}

void space_forget_file(const struct inode *ino, uint64_t from, uint64_t to, bool copies)
{
	uint64_t end = to > INT64_MAX ? UINT64_MAX : ALIGN_DOWN(to, PAGE_SIZE);

	forget(&(struct range_of){ .ino = ino, .from = ALIGN_UP(from, PAGE_SIZE), .to = end, .copies = copies });
}

void space_forget_set(const struct pageset *set, uint64_t from, uint64_t to)
{
	forget(&(struct range_of){ .set = set, .from = from, .to = to, .copies = true });
}

static void describe(const struct space *s, const struct area *a, struct area_info *out)
{
	const struct inode *ino = a->file ? a->file->inode : NULL;
	const char *name = a->name;

	out->start = a->start;
	out->end = a->end;
	out->prot = a->prot;
	out->flags = a->flags;
	out->offset = a->file || (a->set && a->flags & AREA_SHARED) ? a->offset : 0;
	out->inode = ino ? ino->number : a->set && a->flags & AREA_SHARED ? a->set->id : 0;
	out->dev = ino ? inode_dev(ino) : a->set && a->flags & AREA_SHARED ? 1 : 0;
	if (a->flags & AREA_HEAP)
		name = "[heap]";
	else if (a->flags & AREA_STACK && a->start <= s->start_stack && s->start_stack < a->end)
		name = "[stack]";
	else if (!name && a->file)
		name = a->file->path;
	else if (!name && a->set)
		name = "/dev/zero (deleted)";
	strlcpy(out->name, name ? name : "", sizeof(out->name));
}

size_t space_describe(struct space *s, uaddr_t from, struct area_info *out, size_t max)
{
	unsigned long flags = spin_lock(&s->lock);
	size_t n = 0;

	for (struct area *a = area_above(s, from); a && n < max; a = area_next(s, a))
		describe(s, a, &out[n++]);
	spin_unlock(&s->lock, flags);
	return n;
}
