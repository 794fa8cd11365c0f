/* SPDX-License-Identifier: MIT */
/* Owns: the format of page-table entries on x86_64.
 * Relies on: Intel SDM volume 3, 4.5: four levels of 512 entries.
 * Who may include: kernel/mm; see arch/arch.h for the contract. */
#ifndef VDK_KERNEL_ARCH_X86_64_PTE_H
#define VDK_KERNEL_ARCH_X86_64_PTE_H

#include "core/types.h"
#include "x86.h"

#define PT_LEVELS 4
#define PT_SPLIT 0

#define PTE_PRESENT 0x1UL
#define PTE_WRITE 0x2UL
#define PTE_USER 0x4UL
#define PTE_WRITE_THROUGH 0x8UL
#define PTE_UNCACHED 0x10UL
#define PTE_ACCESSED 0x20UL
#define PTE_DIRTY 0x40UL
#define PTE_LARGE 0x80UL
#define PTE_GLOBAL 0x100UL
#define PTE_NX (1UL << 63)
#define PTE_ADDRESS 0x000ffffffffff000UL
/* Bits that the CPU ignores: the protection that was asked for, and a mark that makes the entry of no protection not 0. */
#define PTE_PROT_SHIFT 9
#define PTE_PROT (7UL << PTE_PROT_SHIFT)
#define PTE_KEPT (1UL << 52)

static inline uint64_t pte_table(paddr_t pa) { return pa | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED; }
static inline paddr_t pte_address(uint64_t e) { return e & PTE_ADDRESS; }
static inline bool pte_present(uint64_t e) { return e & PTE_PRESENT; }
static inline bool pte_large(uint64_t e) { return e & PTE_LARGE; }
static inline unsigned int pte_prot(uint64_t e) { return (e & PTE_PROT) >> PTE_PROT_SHIFT; }
static inline unsigned int pte_largest(void) { return cpu_features.gbpages ? 2 : 1; }
static inline void pte_written(uint64_t va) { (void)va; }
static inline void pte_sync_code(const void *page) { (void)page; }

static inline uint64_t pte_user(paddr_t pa, unsigned int prot)
{
	uint64_t e = pa | PTE_KEPT | (uint64_t)prot << PTE_PROT_SHIFT;

	if (prot)
		e |= PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_DIRTY;
	if (prot & ARCH_PROT_WRITE)
		e |= PTE_WRITE;
	if (!(prot & ARCH_PROT_EXEC))
		e |= PTE_NX;
	return e;
}

static inline uint64_t pte_kernel(paddr_t pa, unsigned int prot, bool device, unsigned int level)
{
	uint64_t e = pa | PTE_PRESENT | PTE_ACCESSED | (cpu_features.pge ? PTE_GLOBAL : 0);

	if (prot & ARCH_PROT_WRITE)
		e |= PTE_WRITE | PTE_DIRTY;
	if (!(prot & ARCH_PROT_EXEC))
		e |= PTE_NX;
	if (device)
		e |= PTE_UNCACHED | PTE_WRITE_THROUGH;
	return e | (level ? PTE_LARGE : 0);
}

#endif
