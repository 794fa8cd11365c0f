/* SPDX-License-Identifier: MIT */
/* Which page tables this CPU uses, and what of them its TLB holds.
 * Owns: CR3.
 * Relies on: kernel/mm for the tables themselves.
 * Never: changes an entry. */
#include "arch/arch.h"
#include "mm/kmap.h"
#include "percpu.h"
#include "x86.h"

void arch_kernel_tables(paddr_t root)
{
	write_cr3(root);
	this_arch_cpu()->root = root;
}

void arch_kernel_flush_page(uint64_t va)
{
	invlpg(va);
}

void arch_space_flush_page(const struct arch_space *s, uaddr_t va)
{
	if (this_arch_cpu()->root == s->root)
		invlpg(va);
}

void arch_space_flush(struct arch_space *s)
{
	if (this_arch_cpu()->root == s->root)
		write_cr3(s->root);
}

void arch_space_switch(struct arch_space *s)
{
	struct arch_cpu *c = this_arch_cpu();
	paddr_t root = s ? s->root : kmap_root();

	if (c->root == root)
		return;
	c->root = root;
	write_cr3(root);
}
