/* SPDX-License-Identifier: MIT */
/* Owns: what C can't say on x86_64. Relies on: the psABI, the kernel's order of clone's arguments. */
#include <syscall-numbers.h>

	.macro	function name
	.globl	\name
	.type	\name, @function
\name:
	.endm

function _start
	xor	%ebp, %ebp
	mov	%rsp, %rdi
	call	nolibc_start

/* (flags, stack, parent_tid, child_tid, thread_pointer) */
function nolibc_clone
	mov	%rcx, %r10
	mov	$SYS_clone, %eax
	syscall
	test	%rax, %rax
	jz	1f
	ret
1:	xor	%ebp, %ebp
	call	nolibc_thread_main

/* On the same stack: the child's calls write over the return address, so it is in a register meanwhile. */
function vfork
	pop	%rdx
	mov	$SYS_vfork, %eax
	syscall
	push	%rdx
	mov	%rax, %rdi
	jmp	nolibc_result

function nolibc_restore
	mov	$SYS_rt_sigreturn, %eax
	syscall

function nolibc_save_registers
	mov	(%rsp), %rax
	mov	%rax, (%rdi)
	lea	8(%rsp), %rax
	mov	%rax, 8(%rdi)
	mov	%rbp, 16(%rdi)
	mov	%rbx, 24(%rdi)
	mov	%r12, 32(%rdi)
	mov	%r13, 40(%rdi)
	mov	%r14, 48(%rdi)
	mov	%r15, 56(%rdi)
	xor	%eax, %eax
	ret

function nolibc_load_registers
	mov	%esi, %eax
	mov	8(%rdi), %rsp
	mov	16(%rdi), %rbp
	mov	24(%rdi), %rbx
	mov	32(%rdi), %r12
	mov	40(%rdi), %r13
	mov	48(%rdi), %r14
	mov	56(%rdi), %r15
	jmp	*(%rdi)

	.section .note.GNU-stack, "", @progbits
