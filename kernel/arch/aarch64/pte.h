/* SPDX-License-Identifier: MIT */
/* Owns: the format of page-table entries on aarch64.
 * Relies on: Arm ARM, D8.3 (VMSAv8-64 descriptors): 4 KiB granule, four levels of 512 entries, 48 bits.
 * Who may include: kernel/mm; see arch/arch.h for the contract. */
#ifndef VDK_KERNEL_ARCH_AARCH64_PTE_H
#define VDK_KERNEL_ARCH_AARCH64_PTE_H

#include "asm.h"
#include "core/types.h"

#define PT_LEVELS 4
#define PT_SPLIT 1

#define PTE_PXN (1UL << 53)
#define PTE_UXN (1UL << 54)
#define PTE_ADDRESS 0x0000fffffffff000UL
/* Bits that the CPU ignores: the protection that was asked for, and a mark that makes the entry of no protection
 * not 0. */
#define PTE_PROT_SHIFT 55
#define PTE_PROT (7UL << PTE_PROT_SHIFT)
#define PTE_KEPT (1UL << 58)
#define PTE_NORMAL (MAIR_NORMAL << PTE_TYPE_SHIFT | PTE_INNER_SHAREABLE | PTE_ACCESSED)

static inline uint64_t pte_table(paddr_t pa) { return pa | PTE_VALID | PTE_PAGE; }
static inline paddr_t pte_address(uint64_t e) { return e & PTE_ADDRESS; }
static inline bool pte_present(uint64_t e) { return e & PTE_VALID; }
static inline bool pte_large(uint64_t e) { return (e & (PTE_VALID | PTE_PAGE)) == PTE_VALID; }
static inline unsigned int pte_prot(uint64_t e) { return (e & PTE_PROT) >> PTE_PROT_SHIFT; }
static inline unsigned int pte_largest(void) { return 2; }

/* The table walker sees the entry before anything that comes after. */
static inline void pte_written(uint64_t va)
{
	(void)va;
	__asm__ volatile("dsb ishst\n\tisb" : : : "memory");
}

/* To the point where instruction fetch looks, and out of the instruction caches; CTR_EL0 says which step the CPU spares
 * (bit 28 IDC, bit 29 DIC) and how long a line is. */
static inline void pte_sync_code(const void *page)
{
	uint64_t ctr, line, at = (uint64_t)page;

	__asm__ volatile("mrs %0, ctr_el0" : "=r"(ctr));
	line = 4UL << (ctr >> 16 & 15);
	for (; !(ctr >> 28 & 1) && at < (uint64_t)page + PAGE_SIZE; at += line)
		__asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb ish" : : : "memory");
	if (!(ctr >> 29 & 1))
		__asm__ volatile("ic ialluis\n\tdsb ish" : : : "memory");
	__asm__ volatile("isb" : : : "memory");
}

/* What is writable or executable can be read, too. */
static inline uint64_t pte_user(paddr_t pa, unsigned int prot)
{
	uint64_t e = pa | PTE_KEPT | (uint64_t)prot << PTE_PROT_SHIFT | PTE_NORMAL | PTE_PAGE | PTE_USER |
		     PTE_NOT_GLOBAL | PTE_PXN;

	if (prot)
		e |= PTE_VALID;
	if (!(prot & ARCH_PROT_WRITE))
		e |= PTE_READ_ONLY;
	if (!(prot & ARCH_PROT_EXEC))
		e |= PTE_UXN;
	return e;
}

static inline uint64_t pte_kernel(paddr_t pa, unsigned int prot, bool device, unsigned int level)
{
	uint64_t e = pa | PTE_VALID | PTE_UXN;

	e |= device ? MAIR_DEVICE << PTE_TYPE_SHIFT | PTE_ACCESSED : PTE_NORMAL;
	if (!(prot & ARCH_PROT_WRITE))
		e |= PTE_READ_ONLY;
	if (!(prot & ARCH_PROT_EXEC))
		e |= PTE_PXN;
	return e | (level ? 0 : PTE_PAGE);
}

#endif
