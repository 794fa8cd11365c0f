/* SPDX-License-Identifier: MIT */
/* Owns: the console's serial line.
 * Relies on: boot/fdt.h; receiving needs the interrupt controller.
 * Who may include: kernel/arch/riscv64. */
#ifndef VDK_KERNEL_ARCH_RISCV64_UART_H
#define VDK_KERNEL_ARCH_RISCV64_UART_H

void uart_init(void);
void uart_map(void);   /* in the kernel's own page tables, once these are in use */
void uart_drain(void); /* wait until the last byte has left, at most 100 ms or so */

#endif
