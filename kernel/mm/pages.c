/* SPDX-License-Identifier: MIT */
/* What happens to whole ranges of page tables, in steps of STEP pages with the lock released and interrupts on between.
 * Owns: the rule that each user mapping of a page holds one reference to it.
 * Relies on: `changing` keeping the areas in place between steps.
 * Never: drops a page before pagetable_unmap() has flushed it from every TLB. */
#include "mm/area.h"

#include "abi/errno.h"
#include "core/log.h"
#include "core/string.h"
#include "mm/page.h"
#include "mm/pagetable.h"
#include "proc/internal.h"
#include "trap/trap.h"

#define STEP 128

/* The lock is held. Where to go on: `end` when done. */
static uaddr_t zap_step(struct space *s, uaddr_t from, uaddr_t end, size_t budget)
{
	uaddr_t va = pagetable_next(&s->arch, from, end);

	while (va < end && budget--) {
		paddr_t pa = pagetable_unmap(&s->arch, va);

		if (pa) {
			s->resident_pages -= pa != page_zero();
			page_put(pa);
		}
		va = pagetable_next(&s->arch, va + PAGE_SIZE, end);
	}
	return va;
}

void space_zap_locked(struct space *s, uaddr_t start, uaddr_t end)
{
	zap_step(s, start, end, SIZE_MAX);
}

void space_zap(struct space *s, uaddr_t start, uaddr_t end)
{
	while (start < end) {
		unsigned long flags = spin_lock(&s->lock);

		start = zap_step(s, start, end, STEP);
		spin_unlock(&s->lock, flags);
		sched_relax();
	}
}

static uaddr_t sync_step(struct space *s, uaddr_t from, uaddr_t end)
{
	uaddr_t va = pagetable_next(&s->arch, from, end);
	size_t budget = STEP;
	bool changed = false;

	while (va < end && budget--) {
		struct area *a = area_at(s, va);
		unsigned int prot, want;
		paddr_t pa;

		if (a && pagetable_query(&s->arch, va, &pa, &prot)) {
			/* A private page becomes writable only in a write fault, which knows who else has it. */
			want = area_page_prot(a, !area_private(a) || prot & ARCH_PROT_WRITE);
			if (want != prot) {
				int rc = pagetable_map(&s->arch, va, pa, want);

				ASSERT(!rc); /* the tables exist */
				changed = true;
			}
		}
		va = pagetable_next(&s->arch, va + PAGE_SIZE, end);
	}
	if (changed)
		arch_space_flush(&s->arch);
	return va;
}

void space_sync(struct space *s, uaddr_t start, uaddr_t end)
{
	while (start < end) {
		unsigned long flags = spin_lock(&s->lock);

		start = sync_step(s, start, end);
		spin_unlock(&s->lock, flags);
		sched_relax();
	}
}

/* Both locks are held. 0 and *at moved on, or -ENOMEM. */
static int clone_step(struct space *from, struct space *to, uaddr_t *at, uaddr_t end)
{
	uaddr_t va = pagetable_next(&from->arch, *at, end);
	size_t budget = STEP;
	bool changed = false;
	int rc = 0;

	while (va < end && budget-- && !rc) {
		unsigned int prot;
		paddr_t pa;

		if (pagetable_query(&from->arch, va, &pa, &prot)) {
			if (prot & ARCH_PROT_WRITE) {
				prot &= ~ARCH_PROT_WRITE;
				rc = pagetable_map(&from->arch, va, pa, prot);
				ASSERT(!rc);
				changed = true;
			}
			page_get(pa);
			rc = pagetable_map(&to->arch, va, pa, prot);
			if (rc)
				page_put(pa);
			else
				to->resident_pages += pa != page_zero();
		}
		va = pagetable_next(&from->arch, va + PAGE_SIZE, end);
	}
	if (changed)
		arch_space_flush(&from->arch);
	*at = va;
	return rc;
}

int space_clone_pages(struct space *from, struct space *to, const struct area *a)
{
	uaddr_t at = a->start;
	int rc = 0;

	while (at < a->end && !rc) {
		unsigned long flags = spin_lock(&from->lock), inner = spin_lock(&to->lock);

		rc = clone_step(from, to, &at, a->end);
		spin_unlock(&to->lock, inner);
		spin_unlock(&from->lock, flags);
		sched_relax();
	}
	return rc;
}

/* The lock is held. The number of pages passed over; *rc as pagetable_map(). */
static size_t move_step(struct space *s, uaddr_t from, uaddr_t to, size_t len, int *rc)
{
	uaddr_t end = from + len, va = pagetable_next(&s->arch, from, end);
	size_t budget = STEP;

	while (va < end && budget--) {
		unsigned int prot;
		paddr_t pa;

		if (pagetable_query(&s->arch, va, &pa, &prot)) {
			pagetable_unmap(&s->arch, va);
			*rc = pagetable_map(&s->arch, to + (va - from), pa, prot);
			if (*rc) {
				int back = pagetable_map(&s->arch, va, pa, prot);

				ASSERT(!back); /* the tables exist */
				break;
			}
		}
		va = pagetable_next(&s->arch, va + PAGE_SIZE, end);
	}
	return va - from;
}

int space_move_pages(struct space *s, uaddr_t from, uaddr_t to, size_t len)
{
	size_t done = 0, undone = 0;
	int rc = 0, back = 0;

	while (done < len && !rc) {
		unsigned long flags = spin_lock(&s->lock);

		done += move_step(s, from + done, to + done, len - done, &rc);
		spin_unlock(&s->lock, flags);
	}
	while (rc && undone < done) {
		unsigned long flags = spin_lock(&s->lock);

		undone += move_step(s, to + undone, from + undone, done - undone, &back);
		spin_unlock(&s->lock, flags);
		ASSERT(!back);
	}
	return rc;
}

int space_populate(struct space *s, uaddr_t start, uaddr_t end)
{
	for (uaddr_t va = start; va < end; va += PAGE_SIZE) {
		unsigned long flags = spin_lock(&s->lock);
		struct area *a = area_at(s, va);
		bool write = a && area_private(a) && a->prot & ARCH_PROT_WRITE;

		spin_unlock(&s->lock, flags);
		if (!a || space_fault(s, va, write ? TRAP_ACCESS_WRITE : TRAP_ACCESS_READ))
			return -ENOMEM;
		if (signal_kill_pending(current_thread()))
			return -ENOMEM;
		sched_relax();
	}
	return 0;
}

/* One piece within a page; false: the program itself could not do this. */
static bool copy_piece(struct space *s, uaddr_t addr, void *buf, size_t n, unsigned int access)
{
	for (;;) {
		unsigned long flags = spin_lock(&s->lock);
		unsigned int prot;
		paddr_t pa;
		bool in = pagetable_query(&s->arch, ALIGN_DOWN(addr, PAGE_SIZE), &pa, &prot) &&
			  (access == TRAP_ACCESS_WRITE ? (prot & ARCH_PROT_WRITE) != 0 : prot != 0);

		if (in) {
			char *page = (char *)arch_phys_to_virt(pa) + (addr & ~PAGE_MASK);

			if (access == TRAP_ACCESS_WRITE)
				memcpy(page, buf, n);
			else
				memcpy(buf, page, n);
		}
		spin_unlock(&s->lock, flags);
		if (in)
			return true;
		if (space_fault(s, addr, access))
			return false;
	}
}

static size_t copy_space(struct space *s, uaddr_t addr, char *buf, size_t n, unsigned int access)
{
	size_t done = 0;

	while (done < n && addr + done < ARCH_USER_TOP) {
		size_t step = MIN(n - done, PAGE_SIZE - ((addr + done) & ~PAGE_MASK));

		if (!copy_piece(s, addr + done, buf + done, step, access))
			break;
		done += step;
	}
	return done;
}

size_t space_read(struct space *s, uaddr_t addr, void *buf, size_t n)
{
	return copy_space(s, addr, buf, n, TRAP_ACCESS_READ);
}

size_t space_write(struct space *s, uaddr_t addr, const void *buf, size_t n)
{
	return copy_space(s, addr, (char *)buf, n, TRAP_ACCESS_WRITE);
}
