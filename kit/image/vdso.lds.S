/* SPDX-License-Identifier: MIT */
/* The image's layout: one read-execute segment from the ELF header on, and the data pages below it, a stride apart. */
#include "exports.h"
#include "vdk/page.h"
#ifdef VDK_LAYOUT_LINUX_6_1
#include "linux_6_1.h"
#endif

/* From the start of data page `n` up to the image; page 1 is directly below it. */
#define BELOW(n) (VDK_PAGE_SIZE + ((n) - 1) * VDK_DATA_STRIDE)

SECTIONS
{
	. = SIZEOF_HEADERS;
	.hash : {
#ifdef VDK_LAYOUT_LINUX_6_1
		vdk_data = . - SIZEOF_HEADERS - VDK_LINUX_6_1_BELOW;
		vdk_proper = . - SIZEOF_HEADERS - VDK_LINUX_6_1_PROPER;
#else
		vdk_data = . - SIZEOF_HEADERS - BELOW(1);
		vdk_behind = . - SIZEOF_HEADERS - BELOW(2);
#ifdef VDK_HYPERVISOR_PAGES
		vdk_pvclock_page = . - SIZEOF_HEADERS - BELOW(3);
		vdk_hvclock_page = . - SIZEOF_HEADERS - BELOW(4);
#endif
#endif
		*(.hash)
	} :text
	.gnu.hash : { *(.gnu.hash) }
	.dynsym : { *(.dynsym) }
	.dynstr : { *(.dynstr) }
	.gnu.version : { *(.gnu.version) }
	.gnu.version_d : { *(.gnu.version_d) }
#ifdef VDK_PROPERTY_NOTE
	/* A segment of its own: its alignment is not the build-id's, and readers of notes go by their segment's. */
	.note.gnu.property : { *(.note.gnu.property) } :text :property_note :property
#endif
	.note.gnu.build-id : { *(.note.gnu.build-id) } :text :note
	.dynamic : { *(.dynamic) } :text :dynamic
	.eh_frame_hdr : { *(.eh_frame_hdr) } :text :eh_frame_hdr
	.eh_frame : { KEEP(*(.eh_frame)) } :text
	.rodata : { *(.rodata .rodata.*) } :text
	.text : ALIGN(64) { *(.text .text.*) } :text
	/DISCARD/ : { *(.comment) *(.note.GNU-stack) *(.llvm_addrsig) *(.riscv.attributes) }
	/* Anything here would be writable or relocated: the audit refuses what it cannot be. */
	.data : { *(.data .data.* .bss .bss.* COMMON .got .got.plt .plt) }
#ifdef VDK_LAYOUT_LINUX_6_1
	vdk_image_linux_6_1 = VDK_LINUX_6_1_BELOW;
#else
	vdk_image_data_size = VDK_PAGE_SIZE;
	vdk_image_data_stride = VDK_DATA_STRIDE;
	vdk_image_proper = BELOW(2);
#ifdef VDK_HYPERVISOR_PAGES
	vdk_image_pvclock = BELOW(3);
	vdk_image_hvclock = BELOW(4);
#endif
	vdk_image_page_version = VDK_PAGE_VERSION;
#endif
#ifdef VDK_VERSION_SYMBOL
	VDK_VERSION = 0;
#endif
}

PHDRS
{
	text PT_LOAD FILEHDR PHDRS FLAGS(5);
	dynamic PT_DYNAMIC FLAGS(4);
	note PT_NOTE FLAGS(4);
#ifdef VDK_PROPERTY_NOTE
	property_note PT_NOTE FLAGS(4);
	property 0x6474e553 FLAGS(4); /* PT_GNU_PROPERTY */
#endif
	eh_frame_hdr PT_GNU_EH_FRAME FLAGS(4);
	stack PT_GNU_STACK FLAGS(6);
}

#define GLOBAL(name) VDK_PREFIX(name);
#define PLAIN(name) name;
VERSION
{
	VDK_VERSION {
	global:
		VDK_EXPORTS(GLOBAL)
#ifdef VDK_PLAIN_NAMES
		VDK_EXPORTS(PLAIN)
#endif
#ifdef VDK_VERSION_SYMBOL
		VDK_VERSION;
#endif
	local:
		*;
	};
}
