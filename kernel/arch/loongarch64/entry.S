/* SPDX-License-Identifier: MIT */
/* All ways into the kernel and out of it, the TLB's refill, and the switch between two threads.
 * Owns: the layout of struct arch_regs on the stack; CSR_STACK, which tells whose trap it is.
 * Relies on: interrupts being off from exit_to_user() to ERTN; a TLB refill having exception registers of its own, so
 * that it may come at any instruction here.
 * Never: leaves a register of the kernel's to user mode. */
#include "asm.h"

	/* All but t0 and sp. */
	.macro each_reg op
	\op	$ra, $sp, REGS(1)
	\op	$tp, $sp, REGS(2)
	\op	$a0, $sp, REGS(4)
	\op	$a1, $sp, REGS(5)
	\op	$a2, $sp, REGS(6)
	\op	$a3, $sp, REGS(7)
	\op	$a4, $sp, REGS(8)
	\op	$a5, $sp, REGS(9)
	\op	$a6, $sp, REGS(10)
	\op	$a7, $sp, REGS(11)
	\op	$t1, $sp, REGS(13)
	\op	$t2, $sp, REGS(14)
	\op	$t3, $sp, REGS(15)
	\op	$t4, $sp, REGS(16)
	\op	$t5, $sp, REGS(17)
	\op	$t6, $sp, REGS(18)
	\op	$t7, $sp, REGS(19)
	\op	$t8, $sp, REGS(20)
	\op	$r21, $sp, REGS(21)
	\op	$fp, $sp, REGS(22)
	\op	$s0, $sp, REGS(23)
	\op	$s1, $sp, REGS(24)
	\op	$s2, $sp, REGS(25)
	\op	$s3, $sp, REGS(26)
	\op	$s4, $sp, REGS(27)
	\op	$s5, $sp, REGS(28)
	\op	$s6, $sp, REGS(29)
	\op	$s7, $sp, REGS(30)
	\op	$s8, $sp, REGS(31)
	.endm

	/* What the CPU tells of a trap. ESTAT's upper half is 0 in hardware. */
	.macro save_cause
	csrrd	$t0, CSR_ERA
	csrrd	$t1, CSR_PRMD
	csrrd	$t2, CSR_ESTAT
	csrrd	$t3, CSR_BADV
	lu52i.d	$t2, $t2, -2048 /* REGS_TRAP_BIT */
	st.d	$t0, $sp, REGS_PC
	st.d	$t1, $sp, REGS_PRMD
	st.d	$t2, $sp, REGS_ESTAT
	st.d	$t3, $sp, REGS_BADV
	.endm

	.text

	.globl trap_entry
	.balign	4096
trap_entry:
	csrwr	$sp, CSR_STACK
	beqz	$sp, from_kernel
	st.d	$t0, $sp, REGS(12)
	move	$t0, $zero
	csrwr	$t0, CSR_STACK
	st.d	$t0, $sp, REGS(3)
	each_reg st.d
	csrrd	$r21, CSR_THIS_CPU
	csrrd	$t0, CSR_ESTAT
	bstrpick.d $t0, $t0, ECODE_SHIFT + 5, ECODE_SHIFT
	addi.d	$t0, $t0, -ECODE_SYS
	bnez	$t0, user_trap
	csrrd	$t0, CSR_ERA
	addi.d	$t0, $t0, 4
	st.d	$t0, $sp, REGS_PC
	st.d	$a0, $sp, REGS_ORIG_A0
	st.d	$zero, $sp, REGS_ESTAT
	move	$a0, $sp
	move	$fp, $zero
	bl	syscall_enter
to_user:
	ld.d	$t0, $sp, REGS_PC
	csrwr	$t0, CSR_ERA
	ori	$t0, $zero, PRMD_USER
	csrwr	$t0, CSR_PRMD
	move	$t0, $sp
	csrwr	$t0, CSR_STACK
	each_reg ld.d
	ld.d	$t0, $sp, REGS(12)
	ld.d	$sp, $sp, REGS(3)
	ertn

user_trap:
	save_cause
	move	$a0, $sp
	move	$fp, $zero
	bl	trap_enter
	b	to_user

from_kernel:
	csrwr	$sp, CSR_STACK
	csrwr	$t0, CSR_SCRATCH
	addi.d	$t0, $sp, -REGS_SIZE
	bstrpick.d $t0, $t0, KSTACK_BITS, KSTACK_BITS
	beqz	$t0, overflow
	csrrd	$t0, CSR_SCRATCH
	addi.d	$sp, $sp, -REGS_SIZE
	st.d	$t0, $sp, REGS(12)
	addi.d	$t0, $sp, REGS_SIZE
	st.d	$t0, $sp, REGS(3)
	each_reg st.d
	save_cause
	move	$a0, $sp
	bl	trap_enter
	ld.d	$t0, $sp, REGS_PC
	csrwr	$t0, CSR_ERA
	ld.d	$t0, $sp, REGS_PRMD
	csrwr	$t0, CSR_PRMD
	each_reg ld.d
	ld.d	$t0, $sp, REGS(12)
	ld.d	$sp, $sp, REGS(3)
	ertn

	/* The stack has no room for the registers. */
overflow:
	la.pcrel $t0, overflow_stack_top
	addi.d	$t0, $t0, -REGS_SIZE
	st.d	$sp, $t0, REGS(3)
	move	$sp, $t0
	csrrd	$t0, CSR_SCRATCH
	st.d	$t0, $sp, REGS(12)
	each_reg st.d
	save_cause
	move	$a0, $sp
	bl	trap_overflow

	/* A TLB miss: paging is off, addresses are physical. Two loads in place of LDPTE: that of QEMU 7.2 drops the
	 * top bits of an entry, and with them NX. */
	.globl tlb_refill
	.balign	4096
tlb_refill:
	csrwr	$t0, CSR_TLBRSAVE
	csrwr	$t1, CSR_REFILL
	csrrd	$t0, CSR_PGD
	lddir	$t0, $t0, 3
	lddir	$t0, $t0, 1
	csrrd	$t1, CSR_TLBRBADV
	bstrpick.d $t1, $t1, PAGE_BITS + TABLE_BITS - 1, PAGE_BITS + 1
	alsl.d	$t0, $t1, $t0, 4
	ld.d	$t1, $t0, 0
	csrwr	$t1, CSR_TLBRELO0
	ld.d	$t1, $t0, 8
	csrwr	$t1, CSR_TLBRELO1
	tlbfill
	csrrd	$t0, CSR_TLBRSAVE
	csrrd	$t1, CSR_REFILL
	ertn

	/* void arch_cpu_idle(void). An interrupt between the first instruction and IDLE goes on at idle_done. */
	.globl arch_cpu_idle, idle_window, idle_done
arch_cpu_idle:
	ori	$t0, $zero, CRMD_IE
	csrxchg	$t0, $t0, CSR_CRMD
idle_window:
	idle	0
idle_done:
	ori	$t0, $zero, CRMD_IE
	csrxchg	$zero, $t0, CSR_CRMD
	ret

	/* A new thread's first instructions: s0 = fn, s1 = arg. */
	.globl thread_start_kernel
thread_start_kernel:
	move	$fp, $zero
	move	$a0, $s1
	jirl	$ra, $s0, 0
	break	0

	/* sp = the user registers. */
	.globl thread_start_user
thread_start_user:
	move	$fp, $zero
	move	$a0, $sp
	bl	exit_to_user
	b	to_user

	/* _Noreturn void enter_user(struct arch_regs *regs) */
	.globl enter_user
enter_user:
	move	$sp, $a0
	b	thread_start_user

	/* void switch_stacks(uint64_t *save, uint64_t load) */
	.globl switch_stacks
switch_stacks:
	addi.d	$sp, $sp, -96
	st.d	$ra, $sp, 0
	st.d	$fp, $sp, 8
	st.d	$s0, $sp, 16
	st.d	$s1, $sp, 24
	st.d	$s2, $sp, 32
	st.d	$s3, $sp, 40
	st.d	$s4, $sp, 48
	st.d	$s5, $sp, 56
	st.d	$s6, $sp, 64
	st.d	$s7, $sp, 72
	st.d	$s8, $sp, 80
	st.d	$sp, $a0, 0
	move	$sp, $a1
	ld.d	$ra, $sp, 0
	ld.d	$fp, $sp, 8
	ld.d	$s0, $sp, 16
	ld.d	$s1, $sp, 24
	ld.d	$s2, $sp, 32
	ld.d	$s3, $sp, 40
	ld.d	$s4, $sp, 48
	ld.d	$s5, $sp, 56
	ld.d	$s6, $sp, 64
	ld.d	$s7, $sp, 72
	ld.d	$s8, $sp, 80
	addi.d	$sp, $sp, 96
	ret

	.section .note.GNU-stack, "", @progbits
