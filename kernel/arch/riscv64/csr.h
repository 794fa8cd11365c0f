/* SPDX-License-Identifier: MIT */
/* Owns: instructions that C has no words for.
 * Relies on: the RISC-V privileged architecture 1.12.
 * Who may include: kernel/arch/riscv64. */
#ifndef VDK_KERNEL_ARCH_RISCV64_CSR_H
#define VDK_KERNEL_ARCH_RISCV64_CSR_H

#include "asm.h"
#include "core/types.h"

#define IRQ_SOFTWARE 1u
#define IRQ_TIMER 5u
#define IRQ_EXTERNAL 9u

#define COUNTEREN_TIME 2UL

#define csr_read(name)                                                            \
	({                                                                        \
		uint64_t csr_v;                                                   \
		__asm__ volatile("csrr %0, " #name : "=r"(csr_v) : : "memory");   \
		csr_v;                                                            \
	})
#define csr_write(name, v) __asm__ volatile("csrw " #name ", %0" : : "rK"((uint64_t)(v)) : "memory")
#define csr_set(name, v) __asm__ volatile("csrs " #name ", %0" : : "rK"((uint64_t)(v)) : "memory")
#define csr_clear(name, v) __asm__ volatile("csrc " #name ", %0" : : "rK"((uint64_t)(v)) : "memory")

/* Of this hart. With rs2 = x0 global translations go too. */
static inline void sfence_all(void) { __asm__ volatile("sfence.vma" : : : "memory"); }
static inline void sfence_page(uint64_t va) { __asm__ volatile("sfence.vma %0" : : "r"(va) : "memory"); }

#endif
