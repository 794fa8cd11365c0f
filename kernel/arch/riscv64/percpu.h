/* SPDX-License-Identifier: MIT */
/* Owns: struct arch_cpu, what tp points to in the kernel and SSCRATCH in user mode.
 * Relies on: asm.h for the offsets that entry.S uses.
 * Who may include: kernel/arch/riscv64. */
#ifndef VDK_KERNEL_ARCH_RISCV64_PERCPU_H
#define VDK_KERNEL_ARCH_RISCV64_PERCPU_H

#include "asm.h"
#include "core/types.h"

struct cpu;

struct arch_cpu {
	uint64_t kstack_top; /* of the running thread */
	uint64_t scratch;    /* of the entry code */
	uint64_t emergency;  /* top of a stack for when the thread's is used up; 0: used up too */
	struct cpu *cpu;
	paddr_t root;        /* what SATP holds */
	uint64_t hart;
	uint64_t last_fault; /* the address of the last page fault */
};
_Static_assert(offsetof(struct arch_cpu, kstack_top) == CPU_KSTACK_TOP, "asm.h");
_Static_assert(offsetof(struct arch_cpu, scratch) == CPU_SCRATCH, "asm.h");
_Static_assert(offsetof(struct arch_cpu, emergency) == CPU_EMERGENCY, "asm.h");

static inline struct arch_cpu *this_arch_cpu(void)
{
	struct arch_cpu *c;

	__asm__ volatile("mv %0, tp" : "=r"(c));
	return c;
}

#endif
