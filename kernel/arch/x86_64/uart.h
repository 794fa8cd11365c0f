/* SPDX-License-Identifier: MIT */
/* Owns: the serial line, a 16550 at COM1.
 * Relies on: nothing; receiving needs the interrupt controller.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_UART_H
#define VDK_KERNEL_ARCH_X86_64_UART_H

void uart_init(void);
void uart_drain(void); /* wait until the last byte has left, at most 100 ms or so */

#endif
