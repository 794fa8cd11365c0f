/* SPDX-License-Identifier: MIT */
/* Owns: the serial line, a PL011.
 * Relies on: the device tree; receiving needs the interrupt controller.
 * Who may include: kernel/arch/aarch64. */
#ifndef VDK_KERNEL_ARCH_AARCH64_PL011_H
#define VDK_KERNEL_ARCH_AARCH64_PL011_H

/* With the boot page tables, before the device tree is known: where the virt machine has it. */
void pl011_init_early(void);
/* With the kernel's own, by the device tree. */
void pl011_init(void);
void pl011_drain(void); /* until all is sent, or for a while */

#endif
