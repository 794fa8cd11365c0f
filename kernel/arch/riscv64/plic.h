/* SPDX-License-Identifier: MIT */
/* Owns: the platform-level interrupt controller.
 * Relies on: boot/fdt.h.
 * Who may include: kernel/arch/riscv64. */
#ifndef VDK_KERNEL_ARCH_RISCV64_PLIC_H
#define VDK_KERNEL_ARCH_RISCV64_PLIC_H

#include "core/types.h"

/* For external interrupts of `hart`, all sources off. After page_init(). */
void plic_init(uint64_t hart);
void plic_enable(unsigned int irq); /* at `hart` */
/* The interrupt to serve, and that it has been; false: none. */
bool plic_claim(unsigned int *irq);
void plic_complete(unsigned int irq);

#endif
