/* SPDX-License-Identifier: MIT */
/* All ways into the kernel and out of it, and the switch between two threads.
 * Owns: the vector table; how struct arch_regs is saved.
 * Relies on: SP_EL1 being the top of the thread's kernel stack in user mode; interrupts being off from exit_to_user()
 * to ERET.
 * Never: uses a stack pointer that has left its stack. */
#include "asm.h"

	/* sp is below the frame already. */
	.macro save_regs from_user
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	.if \from_user
	mrs	x9, sp_el0
	.else
	add	x9, sp, #REGS_SIZE
	.endif
	mrs	x10, elr_el1
	mrs	x11, spsr_el1
	stp	x30, x9, [sp, #REGS_LR]
	stp	x10, x11, [sp, #REGS_PC]
	.endm

	.macro restore_regs to_user
	ldp	x10, x11, [sp, #REGS_PC]
	ldp	x30, x9, [sp, #REGS_LR]
	msr	elr_el1, x10
	msr	spsr_el1, x11
	.if \to_user
	msr	sp_el0, x9
	.endif
	ldp	x0, x1, [sp]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x19, [sp, #144]
	ldp	x20, x21, [sp, #160]
	ldp	x22, x23, [sp, #176]
	ldp	x24, x25, [sp, #192]
	ldp	x26, x27, [sp, #208]
	ldp	x28, x29, [sp, #224]
	add	sp, sp, #REGS_SIZE
	.endm

	.macro vector_user to
	.align 7
	sub	sp, sp, #REGS_SIZE
	b	\to
	.endm

	/* Is sp, below the frame, still on a stack? With x0 as the only register, and x0 kept. */
	.macro vector_kernel to
	.align 7
	sub	sp, sp, #REGS_SIZE
	add	sp, sp, x0
	sub	x0, sp, x0
	tbz	x0, #KSTACK_SHIFT, stack_overflow
	sub	x0, sp, x0
	sub	sp, sp, x0
	b	\to
	.endm

	.text
	.align 11
	.globl vectors
vectors:
	/* EL1 with SP_EL0: the kernel never runs so. */
	.rept 4
	vector_kernel kernel_odd
	.endr
	vector_kernel kernel_sync
	vector_kernel kernel_irq
	vector_kernel kernel_odd
	vector_kernel kernel_odd
	vector_user user_sync
	vector_user user_irq
	vector_user user_odd
	vector_user user_odd
	/* AArch32: no way leads there. */
	.rept 4
	vector_user user_odd
	.endr
	.align 7

user_sync:
	save_regs 1
	mrs	x1, esr_el1
	lsr	x9, x1, #ESR_EC_SHIFT
	cmp	x9, #ESR_EC_SVC64
	b.ne	user_trap
	mov	w8, w8
	stp	x0, x8, [sp, #REGS_ORIG_X0]
	mov	x0, sp
	mov	x29, xzr
	bl	syscall_enter
user_return:
	restore_regs 1
	eret

user_trap:
	mov	x9, #-1
	stp	xzr, x9, [sp, #REGS_ORIG_X0]
	mrs	x2, far_el1
	mov	x0, sp
	mov	x29, xzr
	bl	user_trap_enter
	b	user_return

user_irq:
	save_regs 1
	mov	x9, #-1
	stp	xzr, x9, [sp, #REGS_ORIG_X0]
	mov	x0, sp
	mov	x29, xzr
	bl	user_irq_enter
	b	user_return

user_odd:
	save_regs 1
	b	odd

kernel_sync:
	save_regs 0
	mov	x0, sp
	mrs	x1, esr_el1
	mrs	x2, far_el1
	bl	kernel_trap_enter
kernel_return:
	restore_regs 0
	eret

kernel_irq:
	save_regs 0
	mov	x0, sp
	bl	kernel_irq_enter
	b	kernel_return

	/* SError, FIQ, and what cannot be. trap_fatal() does not return. */
kernel_odd:
	save_regs 0
odd:	mov	x0, sp
	mrs	x1, esr_el1
	mrs	x2, far_el1
	bl	trap_fatal
	brk	#0

	/* x0 is the stack pointer, sp - x0 is what x0 was. User mode's thread pointers serve as scratch: nobody
	 * returns. */
stack_overflow:
	msr	tpidrro_el0, x0
	sub	x0, sp, x0
	msr	tpidr_el0, x0
	adrp	x0, overflow_stack_top
	add	x0, x0, :lo12:overflow_stack_top
	sub	sp, x0, #REGS_SIZE
	mrs	x0, tpidr_el0
	save_regs 0
	mrs	x9, tpidrro_el0
	add	x9, x9, #REGS_SIZE
	str	x9, [sp, #REGS_LR + 8]
	mov	x0, sp
	bl	trap_stack_overflow
	brk	#0

	/* A new thread's first instructions: x19 = fn, x20 = arg. */
	.globl thread_start_kernel
thread_start_kernel:
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x20
	blr	x19
	brk	#0

	/* sp = the user registers. */
	.globl thread_start_user
thread_start_user:
	mov	x29, xzr
	mov	x0, sp
	bl	exit_to_user
	b	user_return

	/* _Noreturn void enter_user(struct arch_regs *regs) */
	.globl enter_user
enter_user:
	mov	sp, x0
	b	thread_start_user

	/* void switch_stacks(uint64_t *save, uint64_t load) */
	.globl switch_stacks
switch_stacks:
	stp	x19, x20, [sp, #-96]!
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	mov	x9, sp
	str	x9, [x0]
	mov	sp, x1
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	x19, x20, [sp], #96
	ret

	/* void fpsimd_save(struct arch_fpsimd *to) */
	.globl fpsimd_save
fpsimd_save:
	.arch_extension fp
	.arch_extension simd
	mrs	x9, fpsr
	mrs	x10, fpcr
	stp	w9, w10, [x0], #8
	stp	q0, q1, [x0, #0]
	stp	q2, q3, [x0, #32]
	stp	q4, q5, [x0, #64]
	stp	q6, q7, [x0, #96]
	stp	q8, q9, [x0, #128]
	stp	q10, q11, [x0, #160]
	stp	q12, q13, [x0, #192]
	stp	q14, q15, [x0, #224]
	stp	q16, q17, [x0, #256]
	stp	q18, q19, [x0, #288]
	stp	q20, q21, [x0, #320]
	stp	q22, q23, [x0, #352]
	stp	q24, q25, [x0, #384]
	stp	q26, q27, [x0, #416]
	stp	q28, q29, [x0, #448]
	stp	q30, q31, [x0, #480]
	ret

	/* void fpsimd_load(const struct arch_fpsimd *from) */
	.globl fpsimd_load
fpsimd_load:
	ldp	w9, w10, [x0], #8
	msr	fpsr, x9
	msr	fpcr, x10
	ldp	q0, q1, [x0, #0]
	ldp	q2, q3, [x0, #32]
	ldp	q4, q5, [x0, #64]
	ldp	q6, q7, [x0, #96]
	ldp	q8, q9, [x0, #128]
	ldp	q10, q11, [x0, #160]
	ldp	q12, q13, [x0, #192]
	ldp	q14, q15, [x0, #224]
	ldp	q16, q17, [x0, #256]
	ldp	q18, q19, [x0, #288]
	ldp	q20, q21, [x0, #320]
	ldp	q22, q23, [x0, #352]
	ldp	q24, q25, [x0, #384]
	ldp	q26, q27, [x0, #416]
	ldp	q28, q29, [x0, #448]
	ldp	q30, q31, [x0, #480]
	ret

	.bss
	.align KSTACK_SHIFT + 1
	.skip	1 << KSTACK_SHIFT
	.skip	1 << KSTACK_SHIFT
overflow_stack_top:

	.section .note.GNU-stack, "", @progbits
