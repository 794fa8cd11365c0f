/* SPDX-License-Identifier: MIT */
/* Owns: where things lie: virtual addresses, and the kernel's physical one.
 * Relies on: nothing. Numbers without suffix: assembler and linker read them too.
 * Who may include: kernel/arch/aarch64, kernel/mm, kernel/boot, kernel.lds.S. */
#ifndef VDK_KERNEL_ARCH_AARCH64_LAYOUT_H
#define VDK_KERNEL_ARCH_AARCH64_LAYOUT_H

/* All in TTBR1's half. */
#define KERNEL_BASE 0xffffffff00000000
#define DIRECT_MAP 0xffff000000000000
#define KSTACK_AREA 0xffffc00000000000

/* Memory of the virt machine begins at 1 GiB; boot.S's header asks for the kernel 2 MiB above. */
#define KERNEL_LOAD 0x40200000
#define BOOT_REACH 0x100000000

#endif
