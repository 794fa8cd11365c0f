/* SPDX-License-Identifier: MIT */
/* Page faults: demand-zero, file pages, copy on write, stack growth.
 * Owns: the decision what an access to an address means.
 * Relies on: the space's lock only. What may take long (a new page, a file's page) is done with the lock released; then
 * everything is looked at again, so that several threads may fault on one page and areas may change meanwhile.
 * Never: calls a file system under the lock. */
#include "mm/area.h"

#include "abi/errno.h"
#include "abi/resource.h"
#include "abi/signal.h"
#include "abi/stat.h"
#include "core/log.h"
#include "core/string.h"
#include "fs/file.h"
#include "mm/page.h"
#include "mm/pageset.h"
#include "mm/pagetable.h"
#include "proc/process.h"
#include "trap/trap.h"

/* Results of a step beside space_fault()'s own. */
#define WANT_FRESH 100
#define WANT_SOURCE 101
#define WANT_FORGET 102
#define WANT_TURN 103

/* What was prepared without the lock. */
struct fault {
	paddr_t fresh;  /* a zeroed page of our own; 0: none */
	/* The page `source` (referenced; 0: not fetched yet) is page `index` of: */
	struct file *file;   /* referenced */
	struct pageset *set; /* referenced */
	uint64_t index;
	paddr_t source;
};

static bool allows(unsigned int prot, unsigned int access)
{
	if (access == TRAP_ACCESS_WRITE)
		return prot & ARCH_PROT_WRITE;
	if (access == TRAP_ACCESS_EXEC)
		return prot & ARCH_PROT_EXEC;
	return prot != 0;
}

static void forget_source(struct fault *f)
{
	if (f->source)
		page_put(f->source);
	if (f->file)
		file_put(f->file);
	if (f->set)
		pageset_put(f->set);
	f->source = 0;
	f->file = NULL;
	f->set = NULL;
}

/* The area `a` is the first above `va` and may grow down to it. */
static bool grow_stack(struct space *s, struct area *a, uaddr_t va)
{
	size_t pages = (a->start - va) >> PAGE_SHIFT;
	struct area *below = area_prev(s, a);

	if (!(a->flags & AREA_STACK) || va < SPACE_MIN || a->end - va > process_limit(RLIMIT_STACK))
		return false;
	if (a->end > s->start_stack && a->start <= s->start_stack && va < s->stack_limit)
		return false;
	if (below && below->prot && !(below->flags & AREA_STACK) && va - below->end < STACK_GAP)
		return false;
	if (!space_may_grow(s, pages))
		return false;
	a->start = va;
	s->mapped_pages += pages;
	return true;
}

static bool beyond_end(const struct area *a, uint64_t index)
{
	const struct inode *ino = a->file ? a->file->inode : NULL;

	return ino && S_ISREG(ino->mode) && index >= (ino->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* The page tables take over the reference to `pa`, on success. */
static int map_new(struct space *s, uaddr_t va, paddr_t pa, unsigned int prot)
{
	int rc = pagetable_map(&s->arch, va, pa, prot);

	if (!rc)
		s->resident_pages += pa != page_zero();
	return rc;
}

static int map_absent(struct space *s, struct area *a, uaddr_t va, unsigned int access, struct fault *f)
{
	uint64_t index = area_offset(a, va) >> PAGE_SHIFT;
	bool backed = a->file || a->set;
	int rc;

	if (f->source && (a->file != f->file || a->set != f->set || index != f->index))
		return WANT_FORGET;
	if (backed && !f->source) {
		f->file = a->file;
		f->set = a->set;
		f->index = index;
		if (f->file)
			file_get(f->file);
		if (f->set)
			pageset_get(f->set);
		return WANT_SOURCE;
	}
	/* The file may have become shorter since its page was fetched: see space_forget_file(). */
	if (beyond_end(a, index))
		return -EIO;
	if (area_private(a) && access == TRAP_ACCESS_WRITE) {
		if (!f->fresh)
			return WANT_FRESH;
		if (backed)
			memcpy(arch_phys_to_virt(f->fresh), arch_phys_to_virt(f->source), PAGE_SIZE);
		rc = map_new(s, va, f->fresh, area_page_prot(a, true));
		if (!rc)
			f->fresh = 0;
		return rc;
	}
	if (backed) {
		rc = map_new(s, va, f->source, area_page_prot(a, !area_private(a)));
		if (!rc)
			f->source = 0;
		return rc;
	}
	page_get(page_zero());
	rc = map_new(s, va, page_zero(), area_page_prot(a, false));
	if (rc)
		page_put(page_zero());
	return rc;
}

/* A write to a private page that is mapped read-only. */
static int break_sharing(struct space *s, struct area *a, uaddr_t va, paddr_t pa, struct fault *f)
{
	int rc;

	/* New references to a page of which we have the only one come from this space alone, under the lock. */
	if (page_refs(pa) == 1)
		return pagetable_map(&s->arch, va, pa, area_page_prot(a, true));
	if (!f->fresh)
		return WANT_FRESH;
	if (pa != page_zero())
		memcpy(arch_phys_to_virt(f->fresh), arch_phys_to_virt(pa), PAGE_SIZE);
	/* Unmapping flushes: from here on no thread sees the old page beside the new one. */
	pagetable_unmap(&s->arch, va);
	rc = pagetable_map(&s->arch, va, f->fresh, area_page_prot(a, true));
	ASSERT(!rc); /* the tables exist */
	f->fresh = 0;
	s->resident_pages += pa == page_zero();
	page_put(pa);
	return 0;
}

static int step(struct space *s, uaddr_t va, unsigned int access, struct fault *f)
{
	struct area *a = area_above(s, va);
	unsigned int prot;
	paddr_t pa;

	if (!a || (a->start > va && !grow_stack(s, a, va)))
		return SEGV_MAPERR;
	if (!allows(a->prot, access))
		return SEGV_ACCERR;
	if (a->flags & AREA_MOVING)
		return WANT_TURN;
	if (!pagetable_query(&s->arch, va, &pa, &prot))
		return map_absent(s, a, va, access, f);
	if (allows(prot, access))
		return 0; /* another thread was faster */
	if (area_private(a) && access == TRAP_ACCESS_WRITE)
		return break_sharing(s, a, va, pa, f);
	return pagetable_map(&s->arch, va, pa, area_page_prot(a, !area_private(a)));
}

static int fetch_source(struct fault *f)
{
	if (f->set)
		return pageset_page(f->set, f->index, &f->source);
	return f->file->inode->ops->page(f->file->inode, f->index, &f->source);
}

int space_fault(struct space *s, uaddr_t addr, unsigned int access)
{
	struct fault f = { 0 };
	int rc;

	if (addr >= ARCH_USER_TOP)
		return SEGV_MAPERR;
	do {
		unsigned long flags = spin_lock(&s->lock);

		rc = step(s, ALIGN_DOWN(addr, PAGE_SIZE), access, &f);
		spin_unlock(&s->lock, flags);
		if (rc == WANT_SOURCE) {
			int error = fetch_source(&f);

			if (error)
				rc = error == -ENOMEM ? -ENOMEM : -EIO;
		} else if (rc == WANT_FRESH) {
			f.fresh = page_alloc(0);
			if (!f.fresh)
				rc = -ENOMEM;
		} else if (rc == WANT_FORGET) {
			forget_source(&f);
		} else if (rc == WANT_TURN) {
			arch_cpu_relax();
		}
	} while (rc >= WANT_FRESH);
	forget_source(&f);
	if (f.fresh)
		page_put(f.fresh);
	return rc;
}

/* Out of memory: nothing sensible can be returned to the instruction, so the process goes. */
static void kill_unserved(struct process *p, uaddr_t addr)
{
	struct ksiginfo info = { .signo = SIGKILL, .code = SI_KERNEL };

	log_warn("out of memory: killed pid %d (%s), page fault at 0x%llx, %zu KiB free of %zu", p->pid, p->name,
		 (unsigned long long)addr, page_free_count() * (PAGE_SIZE / 1024), page_total() * (PAGE_SIZE / 1024));
	signal_send_process(p, &info);
}

static bool page_fault(struct trap_info *info)
{
	struct thread *t = current_thread();
	struct process *p = t ? t->process : NULL;
	struct space *s = p ? p->space : NULL;
	int rc = SEGV_MAPERR;

	if (!info->user) {
		if (!s || info->addr >= ARCH_USER_TOP)
			return false;
		rc = space_fault(s, info->addr, info->access);
		if (rc == -ENOMEM)
			kill_unserved(p, info->addr);
		return rc == 0;
	}
	if (!s)
		return false;
	/* User mode has interrupts on and holds no lock. */
	arch_irq_enable();
	rc = space_fault(s, info->addr, info->access);
	if (rc == -ENOMEM)
		kill_unserved(p, info->addr);
	else if (rc == -EIO)
		signal_force(SIGBUS, BUS_ADRERR, info->addr);
	else if (rc)
		signal_force(SIGSEGV, rc, info->addr);
	(void)arch_irq_save();
	return true;
}
TRAP_HANDLER(TRAP_PAGE_FAULT, page_fault);
