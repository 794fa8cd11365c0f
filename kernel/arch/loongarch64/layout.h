/* SPDX-License-Identifier: MIT */
/* Owns: where things are in memory on loongarch64.
 * Relies on: the direct map windows that boot.S sets up: they map all memory, for privilege level 0 only.
 * Who may include: kernel/mm, kernel/boot, kernel/arch/loongarch64; .S files and the linker script too. */
#ifndef VDK_KERNEL_ARCH_LOONGARCH64_LAYOUT_H
#define VDK_KERNEL_ARCH_LOONGARCH64_LAYOUT_H

#define KERNEL_BASE 0xffffffff00000000
#define KERNEL_LOAD 0x200000
#define DIRECT_MAP 0x9000000000000000
#define DEVICE_MAP 0x8000000000000000
#define KSTACK_AREA 0xffffc00000000000
#define BOOT_REACH 0x1000000000000

#endif
