/* SPDX-License-Identifier: MIT */
/* Which page tables this CPU uses, and what of them its TLB holds.
 * Owns: TTBR0, TTBR1 and the address space identifiers.
 * Relies on: kernel/mm for the tables themselves; boot.S for TTBR1's change.
 * Never: changes an entry; gives one identifier to two spaces without flushing in between. */
#include "arch/arch.h"
#include "sysreg.h"
#include "trap_entry.h"

/* An identifier is good while its generation is the current one. 0 is for running without a space. 8 bits: each CPU has
 * them, and a flush in 255 new spaces costs nothing. */
#define ASID_MAX 255
#define ASID_SHIFT 48

extern const uint64_t boot_empty[];

static uint64_t generation = 1, last_asid;

static void set_user_table(uint64_t ttbr)
{
	SYSREG_WRITE(ttbr0_el1, ttbr);
	isb();
}

static void use_no_user_table(void)
{
	set_user_table(arch_virt_to_phys(boot_empty));
}

static void tlb_done(void)
{
	__asm__ volatile("dsb ish\n\tisb" : : : "memory");
}

void arch_kernel_tables(paddr_t root)
{
	boot_switch_tables(root);
	use_no_user_table();
}

static uint64_t operand(uint64_t asid, uint64_t va)
{
	return asid << ASID_SHIFT | (va >> PAGE_SHIFT & 0xfffffffffffUL);
}

void arch_kernel_flush_page(uint64_t va)
{
	__asm__ volatile("dsb ishst\n\ttlbi vaae1is, %0" : : "r"(operand(0, va)) : "memory");
	tlb_done();
}

void arch_space_flush_page(const struct arch_space *s, uaddr_t va)
{
	if (s->generation != generation)
		return;
	__asm__ volatile("dsb ishst\n\ttlbi vae1is, %0" : : "r"(operand(s->asid, va)) : "memory");
	tlb_done();
}

void arch_space_flush(struct arch_space *s)
{
	if (s->generation != generation)
		return;
	__asm__ volatile("dsb ishst\n\ttlbi aside1is, %0" : : "r"(operand(s->asid, 0)) : "memory");
	tlb_done();
}

static void new_asid(struct arch_space *s)
{
	if (last_asid == ASID_MAX) {
		last_asid = 0;
		generation++;
		/* Nothing that the old identifiers stand for may be fetched again after the flush. */
		use_no_user_table();
		__asm__ volatile("tlbi vmalle1is" : : : "memory");
		tlb_done();
	}
	s->asid = ++last_asid;
	s->generation = generation;
}

void arch_space_switch(struct arch_space *s)
{
	uint64_t ttbr;

	if (!s) {
		use_no_user_table();
		return;
	}
	if (s->generation != generation)
		new_asid(s);
	ttbr = s->root | s->asid << ASID_SHIFT;
	if (SYSREG_READ(ttbr0_el1) != ttbr)
		set_user_table(ttbr);
}
