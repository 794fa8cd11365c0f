/* SPDX-License-Identifier: MIT */
/* Owns: STAC and CLAC, which only CPUs with SMAP have.
 * Relies on: start.c putting the real instructions where there is SMAP.
 * Who may include: .S files of kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_SMAP_H
#define VDK_KERNEL_ARCH_X86_64_SMAP_H

	/* A site is a 3-byte NOP until start.c finds it in section smap_sites: its address, and the last byte of the
	 * instruction 0f 01 xx that belongs there. */
	.macro smap_site last
9000:	.byte 0x0f, 0x1f, 0x00
	.pushsection smap_sites, "a"
	.quad 9000b, \last
	.popsection
	.endm
#define STAC smap_site 0xcb
#define CLAC smap_site 0xca

#endif
