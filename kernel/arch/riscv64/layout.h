/* SPDX-License-Identifier: MIT */
/* Owns: where things are in memory on riscv64, with Sv48 translation.
 * Relies on: nothing.
 * Who may include: kernel/mm, kernel/boot, kernel/arch/riscv64; .S files and the linker script too. */
#ifndef VDK_KERNEL_ARCH_RISCV64_LAYOUT_H
#define VDK_KERNEL_ARCH_RISCV64_LAYOUT_H

/* The top-level entries 511, 256 and 384; the boot tables map 512 GiB by one entry each. */
#define KERNEL_BASE 0xffffff8000000000
#define KERNEL_LOAD 0x80200000 /* where OpenSBI enters S-mode */
#define DIRECT_MAP 0xffff800000000000
#define KSTACK_AREA 0xffffc00000000000
#define BOOT_REACH 0x8000000000

#define LAYOUT_ARCH_SEGMENTS
#define LAYOUT_ARCH_RODATA

#endif
