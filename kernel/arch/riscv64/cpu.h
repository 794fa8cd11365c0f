/* SPDX-License-Identifier: MIT */
/* Owns: what the device tree says of the harts.
 * Relies on: boot/fdt.h.
 * Who may include: kernel/arch/riscv64. */
#ifndef VDK_KERNEL_ARCH_RISCV64_CPU_H
#define VDK_KERNEL_ARCH_RISCV64_CPU_H

#include "boot/fdt.h"
#include "core/types.h"

/* What the boot hart has and the kernel uses; filled by cpu_detect(), constant after. */
struct cpu_features {
	uint64_t letters; /* bit 0: extension A, ... 25: Z */
	bool sstc, zba, zbb, zbs;
	uint64_t time_hz;
};
extern struct cpu_features cpu_features;

static inline bool cpu_has(char letter) { return cpu_features.letters >> (letter - 'a') & 1; }

void cpu_detect(uint64_t hart);
fdt_node_t cpu_node(uint64_t hart); /* panics: the tree does not hold it */

/* Before interrupts: what user mode may do, which of them reach this hart. */
void cpu_setup(void);

#endif
