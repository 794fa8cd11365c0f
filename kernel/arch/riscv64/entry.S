/* SPDX-License-Identifier: MIT */
/* All ways into the kernel and out of it, and the switch between two threads.
 * Owns: struct arch_regs on the kernel stack; SSCRATCH, which holds this hart's struct arch_cpu in user mode, and 0 in
 * the kernel, where tp holds it.
 * Relies on: interrupts being off from exit_to_user() to SRET.
 * Never: uses a kernel stack that a trap in the kernel has no room on. */
#include "asm.h"

#define SBI_SHUTDOWN 8

	/* All but sp and tp. */
	.macro store_regs
	sd	x1, REGS_X(1)(sp)
	sd	x3, REGS_X(3)(sp)
	.irp n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, REGS_X(\n)(sp)
	.endr
	.endm

	/* All but sp; tp too where it is the user's. */
	.macro load_regs
	ld	x1, REGS_X(1)(sp)
	ld	x3, REGS_X(3)(sp)
	.irp n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, REGS_X(\n)(sp)
	.endr
	.endm

	/* What the hart says of the trap; t0 = cause. */
	.macro store_trap
	csrr	t1, sepc
	csrr	t2, sstatus
	csrr	t3, stval
	csrr	t0, scause
	sd	t1, REGS_PC(sp)
	sd	t2, REGS_STATUS(sp)
	sd	t3, REGS_TVAL(sp)
	sd	t0, REGS_CAUSE(sp)
	.endm

	.text

	.globl trap_entry
	.balign 4
trap_entry:
	csrrw	tp, sscratch, tp
	beqz	tp, from_kernel

	sd	sp, CPU_SCRATCH(tp)
	ld	sp, CPU_KSTACK_TOP(tp)
	addi	sp, sp, -REGS_SIZE
	store_regs
	ld	t0, CPU_SCRATCH(tp)
	csrrw	t1, sscratch, zero
	sd	t0, REGS_SP(sp)
	sd	t1, REGS_TP(sp)
	store_trap
	mv	s0, zero
	mv	a0, sp
	li	t1, CAUSE_ECALL
	lla	ra, user_return
	beq	t0, t1, 1f
	tail	trap_enter
1:	tail	syscall_enter

	.balign 4
user_return:
	ld	t0, REGS_STATUS(sp)
	ld	t1, REGS_PC(sp)
	csrw	sstatus, t0
	csrw	sepc, t1
	csrw	sscratch, tp
	/* A store-conditional that must fail after what the kernel did. */
	sc.d	zero, t1, (sp)
	load_regs
	ld	tp, REGS_TP(sp)
	ld	sp, REGS_SP(sp)
	sret

from_kernel:
	csrrw	tp, sscratch, zero
	sd	t0, CPU_SCRATCH(tp)
	ld	t0, CPU_KSTACK_TOP(tp)
	sub	t0, t0, sp
	addi	t0, t0, REGS_SIZE - 1
	srli	t0, t0, KSTACK_SHIFT
	bnez	t0, no_room
	ld	t0, CPU_SCRATCH(tp)
	addi	sp, sp, -REGS_SIZE
	store_regs
	addi	t0, sp, REGS_SIZE
	sd	t0, REGS_SP(sp)
	sd	tp, REGS_TP(sp)
	store_trap
	mv	a0, sp
	call	trap_enter
	ld	t0, REGS_STATUS(sp)
	ld	t1, REGS_PC(sp)
	csrw	sstatus, t0
	csrw	sepc, t1
	sc.d	zero, t1, (sp)
	load_regs
	ld	sp, REGS_SP(sp)
	sret

	/* The stack pointer is not in the running thread's stack, or near its end. The emergency stack serves once. */
no_room:
	ld	t0, CPU_SCRATCH(tp)
	sd	sp, CPU_SCRATCH(tp)
	ld	sp, CPU_EMERGENCY(tp)
	beqz	sp, dead
	sd	sp, CPU_KSTACK_TOP(tp)
	sd	zero, CPU_EMERGENCY(tp)
	addi	sp, sp, -REGS_SIZE
	store_regs
	ld	t0, CPU_SCRATCH(tp)
	sd	t0, REGS_SP(sp)
	sd	tp, REGS_TP(sp)
	store_trap
	mv	a0, sp
	call	trap_no_stack
dead:
	li	a7, SBI_SHUTDOWN
	ecall
	j	dead

	/* A new thread's first instructions: s1 = fn, s2 = arg. */
	.globl thread_start_kernel
thread_start_kernel:
	mv	s0, zero
	mv	ra, zero
	mv	a0, s2
	jalr	s1
	unimp

	/* sp = the user registers. */
	.globl thread_start_user
thread_start_user:
	mv	s0, zero
	mv	a0, sp
	call	exit_to_user
	j	user_return

	/* _Noreturn void enter_user(struct arch_regs *regs) */
	.globl enter_user
enter_user:
	mv	sp, a0
	j	thread_start_user

	/* void switch_stacks(uint64_t *save, uint64_t load) */
	.globl switch_stacks
switch_stacks:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	.set	slot, 0
	.irp r, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
	.set	slot, slot + 8
	sd	\r, slot(sp)
	.endr
	sd	sp, (a0)
	mv	sp, a1
	ld	ra, 0(sp)
	.set	slot, 0
	.irp r, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
	.set	slot, slot + 8
	ld	\r, slot(sp)
	.endr
	addi	sp, sp, 112
	ret

	.section .note.GNU-stack, "", @progbits
