/* SPDX-License-Identifier: MIT */
/* From the PVH entry (32-bit, paging off, EBX = hvm_start_info) to start64() at its linked address.
 * Owns: the boot page tables: the first 4 GiB at 0, at the direct map and, the first of them, at KERNEL_BASE.
 * Relies on: kernel.lds.S; the loader having put the kernel where its program headers say.
 * Never: leaves these tables in use: start64() replaces them by the final ones. */
#include "asm.h"
#include "layout.h"

#define PHYS(symbol) (symbol - KERNEL_BASE)
#define XEN_ELFNOTE_PHYS32_ENTRY 18

	.section .note.Xen, "a", @note
	.align 4
	.long 4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.quad PHYS(boot_entry)

	.section .text.boot, "ax"
	.code32
	.globl boot_entry
boot_entry:
	cli
	cld
	mov	%ebx, %ebp
	mov	$PHYS(bss_start), %edi
	mov	$PHYS(kernel_end), %ecx
	sub	%edi, %ecx
	shr	$2, %ecx
	xor	%eax, %eax
	rep stosl

	/* 2048 entries of 2 MiB: present, writable, large. */
	mov	$PHYS(boot_pd), %edi
	mov	$0x83, %eax
1:	mov	%eax, (%edi)
	add	$8, %edi
	add	$0x200000, %eax
	jnc	1b

	mov	$PHYS(boot_pd) + 3, %eax
	mov	%eax, PHYS(boot_pdpt)
	mov	%eax, PHYS(boot_pdpt_high) + 510 * 8
	add	$0x1000, %eax
	mov	%eax, PHYS(boot_pdpt) + 8
	add	$0x1000, %eax
	mov	%eax, PHYS(boot_pdpt) + 16
	add	$0x1000, %eax
	mov	%eax, PHYS(boot_pdpt) + 24
	movl	$PHYS(boot_pdpt) + 3, PHYS(boot_pml4)
	movl	$PHYS(boot_pdpt) + 3, PHYS(boot_pml4) + 256 * 8
	movl	$PHYS(boot_pdpt_high) + 3, PHYS(boot_pml4) + 511 * 8

	mov	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$PHYS(boot_pml4), %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$(EFER_LME | EFER_NX | EFER_SCE), %eax
	wrmsr
	mov	$(CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_PE), %eax
	mov	%eax, %cr0
	lgdt	PHYS(boot_gdt_pointer)
	ljmp	$SEL_KERNEL_CS, $PHYS(boot64)

	.code64
boot64:
	movabs	$boot_high, %rax
	jmp	*%rax
boot_high:
	mov	$SEL_KERNEL_DS, %eax
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %gs
	mov	$boot_stack_top, %rsp
	mov	%ebp, %edi
	xor	%ebp, %ebp
	call	start64
	ud2

	.section .rodata
	.align 8
boot_gdt:
	.quad 0, 0
	.quad 0x00af9b000000ffff	/* SEL_KERNEL_CS: 64-bit code */
	.quad 0x00cf93000000ffff	/* SEL_KERNEL_DS */
boot_gdt_end:
boot_gdt_pointer:
	.word boot_gdt_end - boot_gdt - 1
	.quad PHYS(boot_gdt)

	.bss
	.align 4096
boot_pml4:
	.skip 4096
boot_pdpt:
	.skip 4096
boot_pdpt_high:
	.skip 4096
boot_pd:
	.skip 4 * 4096
	/* kmap.c leaves the guard page out. */
	.globl boot_stack_guard
boot_stack_guard:
	.skip 4096
	.globl boot_stack
boot_stack:
	.skip 16384
	.globl boot_stack_top
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
