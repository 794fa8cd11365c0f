/* SPDX-License-Identifier: MIT */
/* Which page tables this CPU uses, and what of them its TLB holds.
 * Owns: PGDL, PGDH and ASID; the handing out of address space identifiers.
 * Relies on: kernel/mm for the tables themselves; entry.S's refill handler.
 * Never: changes an entry. */
#include "arch/arch.h"
#include "csr.h"
#include "percpu.h"
#include "trap_entry.h"

/* Identifiers are handed out in turn. When they are used up, a new round begins with an empty TLB, and what was handed
 * out before is void. 0 is for no space. A space whose translations must all go gets a new one. */
#define ASID_COUNT 1024

static uint64_t round = 1; /* a new space's is 0 */
static unsigned int last_asid;

static bool has_asid(const struct arch_space *s)
{
	return s->round == round;
}

static void give_asid(struct arch_space *s)
{
	if (++last_asid == ASID_COUNT) {
		round++;
		last_asid = 1;
		__asm__ volatile("invtlb 0, $zero, $zero" : : : "memory");
	}
	s->round = round;
	s->asid = last_asid;
}

static void use(paddr_t root, unsigned int asid)
{
	csr_write(CSR_PGDL, root);
	csr_write(CSR_ASID, asid);
}

void arch_kernel_tables(paddr_t root)
{
	csr_write(CSR_PGDH, root);
	__asm__ volatile("invtlb 0, $zero, $zero" : : : "memory");
}

/* All: a page of the kernel's is in the TLB as a pair, which counts as the kernel's only if both are. */
void arch_kernel_flush_page(uint64_t va)
{
	(void)va;
	__asm__ volatile("invtlb 0, $zero, $zero" : : : "memory");
}

void arch_space_flush_page(const struct arch_space *s, uaddr_t va)
{
	if (has_asid(s))
		__asm__ volatile("invtlb 5, %0, %1" : : "r"((uint64_t)s->asid), "r"(va) : "memory");
}

void paging_fault(uaddr_t va)
{
	__asm__ volatile("invtlb 5, %0, %1" : : "r"(csr_read(CSR_ASID) & (ASID_COUNT - 1)), "r"(va) : "memory");
}

void arch_space_flush(struct arch_space *s)
{
	s->round = 0;
	if (this_arch_cpu()->root != s->root)
		return;
	give_asid(s);
	use(s->root, s->asid);
}

void arch_space_switch(struct arch_space *s)
{
	struct arch_cpu *c = this_arch_cpu();
	paddr_t root = s ? s->root : 0;

	if (c->root == root)
		return;
	c->root = root;
	if (s && !has_asid(s))
		give_asid(s);
	use(root, s ? s->asid : 0);
}
