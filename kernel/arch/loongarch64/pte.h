/* SPDX-License-Identifier: MIT */
/* Owns: the format of page-table entries on loongarch64.
 * Relies on: LoongArch Reference Manual, volume 1, 5.4; entry.S's refill handler, which loads entries as they are.
 * Who may include: kernel/mm; see arch/arch.h for the contract. */
#ifndef VDK_KERNEL_ARCH_LOONGARCH64_PTE_H
#define VDK_KERNEL_ARCH_LOONGARCH64_PTE_H

#include "arch/arch.h"
#include "asm.h"

#define PT_LEVELS 3
#define PT_SPLIT 1

#define PTE_NX (1UL << 62)
#define PTE_ADDRESS 0x0000ffffffffc000UL
/* Bits that the TLB ignores: the protection that was asked for, and a mark that makes the entry of no protection
 * not 0. */
#define PTE_PROT_SHIFT 7
#define PTE_PROT (7UL << PTE_PROT_SHIFT)
#define PTE_KEPT (1UL << 10)

/* The walk takes an entry of an upper level for the table's address, so there is no bit to say that there is none: it
 * goes on in physical page 0, which is nobody's and holds zeros (start.c). */
static inline uint64_t pte_table(paddr_t pa) { return pa; }
static inline paddr_t pte_address(uint64_t e) { return e & PTE_ADDRESS; }
static inline bool pte_present(uint64_t e) { return e & PTE_V; }
static inline bool pte_large(uint64_t e) { (void)e; return false; }
static inline unsigned int pte_prot(uint64_t e) { return (e & PTE_PROT) >> PTE_PROT_SHIFT; }
static inline unsigned int pte_largest(void) { return 0; }
/* The refill handler's loads are this CPU's own: they see what it has stored. Other CPUs would need a DBAR. */
static inline void pte_written(uint64_t va) { (void)va; }
static inline void pte_sync_code(const void *page) { (void)page; __asm__ volatile("ibar 0" : : : "memory"); }

/* As on Linux, what may be written or executed may be read. And what may be read may be executed: QEMU, 10 too, never
 * gets out of the exception of a fetch from a page with NX, since it fetches the instruction for BADI. */
static inline uint64_t pte_user(paddr_t pa, unsigned int prot)
{
	uint64_t e = pa | PTE_KEPT | PTE_CACHED | PTE_PLV_USER | (uint64_t)prot << PTE_PROT_SHIFT;

	if (prot)
		e |= PTE_V;
	if (prot & ARCH_PROT_WRITE)
		e |= PTE_D;
	return e;
}

static inline uint64_t pte_kernel(paddr_t pa, unsigned int prot, bool device, unsigned int level)
{
	uint64_t e = pa | PTE_V | PTE_G;

	(void)level;
	if (!device)
		e |= PTE_CACHED;
	if (prot & ARCH_PROT_WRITE)
		e |= PTE_D;
	if (!(prot & ARCH_PROT_EXEC))
		e |= PTE_NX;
	return e;
}

#endif
