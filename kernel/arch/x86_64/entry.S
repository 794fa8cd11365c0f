/* SPDX-License-Identifier: MIT */
/* All ways into the kernel and out of it, and the switch between two threads.
 * Owns: the order in which struct arch_regs is pushed; when GS is the user's and when the kernel's.
 * Relies on: interrupts being off from exit_to_user() to IRETQ or SYSRETQ; exit_to_user() leaving nothing in the frame
 * that these two could fault on.
 * Never: decides by the value of GS whose GS it is: user mode can set any. */
#include "asm.h"
#include "smap.h"

	.macro push_regs
	push	%rdi
	push	%rsi
	push	%rdx
	push	%rcx
	push	%rax
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	.endm

	.macro pop_regs
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
	.endm

	/* fn(regs); the frame's address stays in %rbx. */
	.macro call_with_regs fn
	mov	%rsp, %rdi
	mov	%rsp, %rbx
	and	$-16, %rsp
	call	\fn
	mov	%rbx, %rsp
	.endm

	.text

	/* 256 stubs of 16 bytes. Vectors 8, 10 to 14, 17, 21, 29 and 30 have an error code. */
	.globl trap_stubs
	.align 16
trap_stubs:
	.set vector, 0
	.rept 256
	.align 16
	.set error_code, (vector >= 10 && vector <= 14) || vector == 8 || vector == 17
	.if !(error_code || vector == 21 || vector == 29 || vector == 30)
	push	$0
	.endif
	push	$vector
	.if vector == VECTOR_NMI || vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_MACHINE_CHECK
	jmp	fatal_common
	.else
	jmp	trap_common
	.endif
	.set vector, vector + 1
	.endr

	.align 16
trap_common:
	cld
	push	$-1
	push_regs
	testb	$3, REGS_CS(%rsp)
	jz	1f
	swapgs
	xor	%ebp, %ebp
1:	CLAC
	call_with_regs trap_enter
trap_return:
	testb	$3, REGS_CS(%rsp)
	jz	1f
	swapgs
1:	pop_regs
	add	$24, %rsp
	iretq

	/* On an IST stack, in any state: between an entry and its SWAPGS, too. trap_fatal() does not return. */
fatal_common:
	cld
	push	$-1
	push_regs
	CLAC
	mov	REGS_SS + 8(%rsp), %rax
	mov	%rax, %rdx
	shr	$32, %rdx
	mov	$MSR_GS_BASE, %ecx
	wrmsr
	call_with_regs trap_fatal
	ud2

	.globl syscall_entry
	.align 16
syscall_entry:
	swapgs
	mov	%rsp, %gs:CPU_USER_RSP
	mov	%gs:CPU_KSTACK_TOP, %rsp
	push	$SEL_USER_DS
	push	%gs:CPU_USER_RSP
	push	%r11
	push	$SEL_USER_CS
	push	%rcx
	push	$0
	push	$VECTOR_SYSCALL
	push	%rax
	push_regs
	xor	%ebp, %ebp
	call_with_regs syscall_enter
	test	%al, %al
	jz	trap_return
	pop_regs
	mov	REGS_RSP - REGS_ORIG_RAX(%rsp), %rsp
	swapgs
	sysretq

	/* A new thread's first instructions: %rbx = fn, %r12 = arg. */
	.globl thread_start_kernel
thread_start_kernel:
	xor	%ebp, %ebp
	mov	%r12, %rdi
	call	*%rbx
	ud2

	/* %rsp = the user registers. */
	.globl thread_start_user
thread_start_user:
	xor	%ebp, %ebp
	call_with_regs exit_to_user
	jmp	trap_return

	/* _Noreturn void enter_user(struct arch_regs *regs) */
	.globl enter_user
enter_user:
	mov	%rdi, %rsp
	jmp	thread_start_user

	/* void switch_stacks(uint64_t *save, uint64_t load) */
	.globl switch_stacks
switch_stacks:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, (%rdi)
	mov	%rsi, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.section .note.GNU-stack, "", @progbits
