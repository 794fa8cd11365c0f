/* SPDX-License-Identifier: MIT */
/* Owns: where things are in memory on x86_64.
 * Relies on: nothing.
 * Who may include: kernel/mm, kernel/boot, kernel/arch/x86_64; .S files and the linker script too. */
#ifndef VDK_KERNEL_ARCH_X86_64_LAYOUT_H
#define VDK_KERNEL_ARCH_X86_64_LAYOUT_H

#define KERNEL_BASE 0xffffffff80000000
#define KERNEL_LOAD 0x200000
#define DIRECT_MAP 0xffff800000000000
#define KSTACK_AREA 0xffffc00000000000
#define BOOT_REACH 0x100000000

/* The note that tells PVH boot loaders where to enter, and the places that STAC and CLAC are patched into. */
#define LAYOUT_ARCH_SEGMENTS note PT_NOTE FLAGS(4);
#define LAYOUT_ARCH_RODATA                                          \
	.note.xen : AT(ADDR(.note.xen) - KERNEL_BASE) {             \
		KEEP(*(.note.Xen))                                  \
	} :rodata :note                                             \
	smap_sites : AT(ADDR(smap_sites) - KERNEL_BASE) ALIGN(8) {  \
		smap_sites_start = .;                               \
		KEEP(*(smap_sites))                                 \
		smap_sites_end = .;                                 \
	} :rodata

#endif
