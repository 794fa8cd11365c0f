/* SPDX-License-Identifier: MIT */
/* Owns: struct arch_cpu, what r21 points to in the kernel.
 * Relies on: entry.S, which loads r21 when it comes from user mode; the ABI, which gives r21 to nobody.
 * Who may include: kernel/arch/loongarch64. */
#ifndef VDK_KERNEL_ARCH_LOONGARCH64_PERCPU_H
#define VDK_KERNEL_ARCH_LOONGARCH64_PERCPU_H

#include "core/types.h"

struct cpu;

struct arch_cpu {
	struct cpu *cpu;
	paddr_t root; /* what PGDL holds; 0: no user tables */
};

static inline struct arch_cpu *this_arch_cpu(void)
{
	struct arch_cpu *c;

	__asm__("move %0, $r21" : "=r"(c));
	return c;
}

#endif
