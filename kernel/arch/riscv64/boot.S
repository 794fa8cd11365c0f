/* SPDX-License-Identifier: MIT */
/* From the SBI's entry (S-mode, paging off, a0 = hart, a1 = device tree) to start() at its linked address.
 * Owns: the boot page table: the first 512 GiB at 0, at the direct map and at KERNEL_BASE.
 * Relies on: the loader having put the kernel at KERNEL_LOAD; the SBI starting one hart alone.
 * Never: leaves this table in use: loader_memory() replaces it by the final ones. */
#include "asm.h"
#include "layout.h"

#define SBI_CONSOLE_PUTCHAR 1
#define SBI_SHUTDOWN 8

#define PAGE_512GIB 0xcf /* valid, readable, writable, executable, accessed, dirty; at physical address 0 */
#define ROOT_INDEX(va) (((va) >> 39) & 511)

	.section .text.boot, "ax"
	.globl boot_entry
boot_entry:
	csrw	sie, zero
	csrci	sstatus, STATUS_SIE
	lla	t0, boot_died
	csrw	stvec, t0
	mv	s0, a0
	mv	s1, a1

	lla	t0, bss_start
	lla	t1, kernel_end
1:	sd	zero, (t0)
	addi	t0, t0, 8
	bltu	t0, t1, 1b

	lla	t0, boot_root
	li	t1, PAGE_512GIB
	sd	t1, (t0)
	li	t2, 8 * ROOT_INDEX(DIRECT_MAP)
	add	t2, t0, t2
	sd	t1, (t2)
	li	t2, 8 * ROOT_INDEX(KERNEL_BASE)
	add	t2, t0, t2
	sd	t1, (t2)

	/* A mode that the hart lacks leaves SATP as it was. */
	srli	t0, t0, 12
	li	t1, SATP_SV48
	slli	t1, t1, SATP_MODE_SHIFT
	or	t0, t0, t1
	sfence.vma
	csrw	satp, t0
	sfence.vma
	csrr	t1, satp
	lla	a1, no_sv48
	bne	t0, t1, boot_panic

	li	t0, KERNEL_BASE
	lla	t1, 1f
	add	t1, t1, t0
	jr	t1
1:	lla	tp, boot_cpu
	lla	t0, trap_entry
	csrw	stvec, t0
	csrw	sscratch, zero
	lla	sp, boot_stack_top
	sd	sp, CPU_KSTACK_TOP(tp)
	mv	a0, s0
	mv	a1, s1
	mv	s0, zero
	mv	ra, zero
	call	start
	unimp

	.balign 4
boot_died:
	lla	a1, trapped
	/* a1 = why, NUL-terminated. There is no console yet but the SBI's. */
boot_panic:
	lbu	a0, (a1)
	beqz	a0, 1f
	li	a7, SBI_CONSOLE_PUTCHAR
	mv	s2, a1
	ecall
	addi	a1, s2, 1
	j	boot_panic
1:	li	a7, SBI_SHUTDOWN
	ecall
2:	wfi
	j	2b

	.section .rodata
no_sv48:
	.asciz "vdk: panic: the CPU has no Sv48 address translation\n"
trapped:
	.asciz "vdk: panic: trap in the first instructions\n"

	.bss
	.balign 4096
boot_root:
	.skip 4096
	/* kmap.c leaves the guard page out. */
	.globl boot_stack_guard
boot_stack_guard:
	.skip 4096
	.globl boot_stack
boot_stack:
	.skip 1 << KSTACK_SHIFT
	.globl boot_stack_top
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
