/* SPDX-License-Identifier: MIT */
/* From QEMU's direct boot (paging off, the program counter a physical address) to start() at its linked address.
 * Owns: the direct map windows; how the TLB is set up; the one TLB entry that the kernel runs on at first.
 * Relies on: kernel.lds.S; the loader having put the kernel where its program headers say, below 32 MiB.
 * Never: lets user mode into a window. */
#include "asm.h"

	.section .text.boot, "ax"
	.globl boot_entry
boot_entry:
	/* QEMU starts all CPUs here. The kernel uses the first. */
	csrrd	$t0, CSR_CPUID
	bnez	$t0, park
	li.d	$t0, DIRECT_MAP | DMW_CACHED | DMW_PLV0
	csrwr	$t0, CSR_DMW0
	li.d	$t0, DEVICE_MAP | DMW_PLV0
	csrwr	$t0, CSR_DMW1
	move	$t0, $zero
	csrwr	$t0, CSR_DMW2
	move	$t0, $zero
	csrwr	$t0, CSR_DMW3

	invtlb	0, $zero, $zero
	li.d	$t0, PAGE_BITS
	csrwr	$t0, CSR_STLBPS
	li.d	$t0, PAGE_BITS
	csrwr	$t0, CSR_TLBREHI	/* the page size of what the refill handler fills in */
	li.d	$t0, PWCL_VALUE
	csrwr	$t0, CSR_PWCL
	li.d	$t0, PWCH_VALUE
	csrwr	$t0, CSR_PWCH
	move	$t0, $zero
	csrwr	$t0, CSR_ASID
	move	$t0, $zero
	csrwr	$t0, CSR_PGDL
	move	$t0, $zero
	csrwr	$t0, CSR_PGDH
	li.d	$t0, BOOT_PAGE_BITS << 24 | BOOT_TLB_INDEX
	csrwr	$t0, CSR_TLBIDX
	li.d	$t0, KERNEL_BASE
	csrwr	$t0, CSR_TLBEHI
	li.d	$t0, PTE_V | PTE_D | PTE_CACHED | PTE_G
	csrwr	$t0, CSR_TLBELO0
	li.d	$t0, 1 << BOOT_PAGE_BITS | PTE_V | PTE_D | PTE_CACHED | PTE_G
	csrwr	$t0, CSR_TLBELO1
	tlbwr

	la.pcrel $t0, tlb_refill
	csrwr	$t0, CSR_TLBRENTRY
	la.abs	$t0, trap_entry
	csrwr	$t0, CSR_EENTRY

	/* With paging on, the instruction after must be mapped: in a window it is, and before, its top bits count for
	 * nothing. */
	la.pcrel $t0, boot_window
	li.d	$t1, DIRECT_MAP
	or	$t0, $t0, $t1
	jr	$t0
boot_window:
	li.d	$t0, CRMD_PG | CRMD_CACHED
	csrwr	$t0, CSR_CRMD
	la.abs	$t0, boot_high
	jr	$t0

park:
	idle	0
	b	park

boot_high:
	la.pcrel $t0, bss_start
	la.pcrel $t1, kernel_end
1:	st.d	$zero, $t0, 0
	addi.d	$t0, $t0, 8
	bne	$t0, $t1, 1b
	la.pcrel $sp, boot_stack_top
	move	$fp, $zero
	move	$r21, $zero
	move	$t0, $zero
	csrwr	$t0, CSR_STACK
	bl	start
	break	0

	.bss
	/* Each stack lies where bit KSTACK_BITS is set, as those of kstack.c do; kmap.c leaves the boot stack's guard
	 * out. */
	.balign	2 << KSTACK_BITS
	.globl boot_stack_guard
boot_stack_guard:
	.skip	1 << KSTACK_BITS
	.globl boot_stack
boot_stack:
	.skip	1 << KSTACK_BITS
boot_stack_top:
	.skip	1 << KSTACK_BITS
	.skip	1 << KSTACK_BITS
	.globl overflow_stack_top
overflow_stack_top:

	.section .note.GNU-stack, "", @progbits
