/* SPDX-License-Identifier: MIT */
/* Owns: the format of page-table entries on riscv64.
 * Relies on: the RISC-V privileged architecture, Sv48: four levels of 512 entries, each of which can be a page.
 * Who may include: kernel/mm; see arch/arch.h for the contract. */
#ifndef VDK_KERNEL_ARCH_RISCV64_PTE_H
#define VDK_KERNEL_ARCH_RISCV64_PTE_H

#include "arch/arch.h"
#include "core/types.h"
#include "csr.h"
#include "layout.h"

#define PT_LEVELS 4
#define PT_SPLIT 0

#define PTE_VALID 0x1UL
#define PTE_READ 0x2UL
#define PTE_WRITE 0x4UL
#define PTE_EXEC 0x8UL
#define PTE_USER 0x10UL
#define PTE_GLOBAL 0x20UL
#define PTE_ACCESSED 0x40UL
#define PTE_DIRTY 0x80UL
/* For software: whether reading was asked for. Every user page can be read: write-only is reserved, and the kernel's
 * page faults take execute-only for readable. */
#define PTE_ASKED_READ 0x100UL
#define PTE_PPN_SHIFT 10
#define PTE_PPN 0x003ffffffffffc00UL

static inline uint64_t pte_ppn(paddr_t pa) { return pa >> PAGE_SHIFT << PTE_PPN_SHIFT; }
static inline uint64_t pte_table(paddr_t pa) { return pte_ppn(pa) | PTE_VALID; }
static inline paddr_t pte_address(uint64_t e) { return (e & PTE_PPN) >> PTE_PPN_SHIFT << PAGE_SHIFT; }
static inline bool pte_present(uint64_t e) { return e & PTE_VALID; }
static inline bool pte_large(uint64_t e) { return e & (PTE_READ | PTE_EXEC); }
static inline unsigned int pte_largest(void) { return 2; }

/* A hart may remember that an entry was not valid. The kernel may not fault for that; user mode may, see traps.c. */
static inline void pte_written(uint64_t va)
{
	if (va >= DIRECT_MAP)
		sfence_all();
}

/* This hart's instruction fetches; those of user mode and of the direct map hit the same cache. */
static inline void pte_sync_code(const void *page)
{
	(void)page;
	__asm__ volatile("fence.i" : : : "memory");
}

static inline uint64_t pte_user(paddr_t pa, unsigned int prot)
{
	uint64_t e = pte_ppn(pa) | PTE_USER;

	if (prot)
		e |= PTE_VALID | PTE_READ | PTE_ACCESSED | PTE_DIRTY;
	if (prot & ARCH_PROT_READ)
		e |= PTE_ASKED_READ;
	if (prot & ARCH_PROT_WRITE)
		e |= PTE_WRITE;
	if (prot & ARCH_PROT_EXEC)
		e |= PTE_EXEC;
	return e;
}

static inline unsigned int pte_prot(uint64_t e)
{
	return (e & PTE_ASKED_READ ? ARCH_PROT_READ : 0) | (e & PTE_WRITE ? ARCH_PROT_WRITE : 0) |
	       (e & PTE_EXEC ? ARCH_PROT_EXEC : 0);
}

/* Devices need no bit: what an address is like is the platform's to say (PMAs). */
static inline uint64_t pte_kernel(paddr_t pa, unsigned int prot, bool device, unsigned int level)
{
	(void)device;
	(void)level;
	return pte_ppn(pa) | PTE_VALID | PTE_READ | PTE_GLOBAL | PTE_ACCESSED | PTE_DIRTY |
	       (prot & ARCH_PROT_WRITE ? PTE_WRITE : 0) | (prot & ARCH_PROT_EXEC ? PTE_EXEC : 0);
}

#endif
