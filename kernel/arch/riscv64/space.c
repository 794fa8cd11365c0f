/* SPDX-License-Identifier: MIT */
/* Which page tables this hart uses, and what of them its TLB holds.
 * Owns: SATP. There is one address-space identifier, 0.
 * Relies on: kernel/mm for the tables themselves.
 * Never: changes an entry. */
#include "arch/arch.h"
#include "csr.h"
#include "mm/kmap.h"
#include "percpu.h"

/* An ASID in rs2, even 0, spares global translations. */
static void use(paddr_t root)
{
	this_arch_cpu()->root = root;
	csr_write(satp, (uint64_t)SATP_SV48 << SATP_MODE_SHIFT | root >> PAGE_SHIFT);
	__asm__ volatile("sfence.vma zero, %0" : : "r"(0UL) : "memory");
}

void arch_kernel_tables(paddr_t root)
{
	use(root);
	sfence_all();
}

void arch_kernel_flush_page(uint64_t va)
{
	sfence_page(va);
}

void arch_space_flush_page(const struct arch_space *s, uaddr_t va)
{
	if (this_arch_cpu()->root == s->root)
		sfence_page(va);
}

void arch_space_flush(struct arch_space *s)
{
	if (this_arch_cpu()->root == s->root)
		use(s->root);
}

void arch_space_switch(struct arch_space *s)
{
	paddr_t root = s ? s->root : kmap_root();

	if (this_arch_cpu()->root != root)
		use(root);
}
