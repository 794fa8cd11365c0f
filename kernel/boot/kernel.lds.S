/* SPDX-License-Identifier: MIT */
/* Owns: the order of the kernel's image: one page-aligned range for each protection, at KERNEL_LOAD + KERNEL_BASE.
 * Relies on: the architecture's layout.h. */
#include "layout.h"

#ifndef LAYOUT_ARCH_SEGMENTS
#define LAYOUT_ARCH_SEGMENTS
#endif
#ifndef LAYOUT_ARCH_RODATA
#define LAYOUT_ARCH_RODATA
#endif
#define LOADED(section) AT(ADDR(section) - KERNEL_BASE)

ENTRY(boot_entry_physical)

PHDRS {
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
	LAYOUT_ARCH_SEGMENTS
}

SECTIONS {
	. = KERNEL_BASE + KERNEL_LOAD;
	kernel_start = .;
	.text : LOADED(.text) {
		*(.text.boot)
		*(.text .text.*)
	} :text
	boot_entry_physical = boot_entry - KERNEL_BASE;
	. = ALIGN(1 << PAGE_SHIFT);
	kernel_rodata = .;
	.rodata : LOADED(.rodata) {
		*(.rodata .rodata.* .srodata .srodata.* .got)
	} :rodata
	trap_handlers : LOADED(trap_handlers) ALIGN(8) {
		__start_trap_handlers = .;
		KEEP(*(trap_handlers))
		__stop_trap_handlers = .;
	} :rodata
	ex_table : LOADED(ex_table) ALIGN(8) {
		ex_table_start = .;
		KEEP(*(ex_table))
		ex_table_end = .;
	} :rodata
	LAYOUT_ARCH_RODATA
	. = ALIGN(1 << PAGE_SHIFT);
	kernel_data = .;
	.data : LOADED(.data) {
		*(.data .data.* .sdata .sdata.*)
		. = ALIGN(8);
	} :data
	kernel_loaded_end = .;
	.bss : LOADED(.bss) ALIGN(1 << PAGE_SHIFT) {
		bss_start = .;
		*(.bss .bss.* .sbss .sbss.* COMMON)
		. = ALIGN(1 << PAGE_SHIFT);
	} :data
	kernel_end = .;
	/DISCARD/ : {
		*(.eh_frame .comment .note.GNU-stack .note.gnu.* .riscv.attributes)
	}
}
