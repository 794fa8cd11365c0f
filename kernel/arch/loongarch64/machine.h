/* SPDX-License-Identifier: MIT */
/* Owns: where QEMU's machine `virt` has its devices. Its device tree describes no more than half of them.
 * Relies on: nothing.
 * Who may include: kernel/arch/loongarch64. */
#ifndef VDK_KERNEL_ARCH_LOONGARCH64_MACHINE_H
#define VDK_KERNEL_ARCH_LOONGARCH64_MACHINE_H

#define MACHINE_PCH_PIC 0x10000000 /* interrupt controller of the bridge */
#define MACHINE_RTC 0x100d0100
#define MACHINE_GED_SLEEP 0x100e001c /* ACPI generic event device: sleep control; sleep status; reset */
#define MACHINE_FW_CFG 0x1e020000
#define MACHINE_UART 0x1fe001e0
#define MACHINE_UART_PIN 2 /* of the PCH-PIC */

#endif
