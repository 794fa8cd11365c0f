/* SPDX-License-Identifier: MIT */
/* Owns: what C can't say on LoongArch. Relies on: the psABI, the kernel's order of clone's arguments. */
#include <syscall-numbers.h>

	.macro	function name
	.globl	\name
	.type	\name, @function
	.p2align 2
\name:
	.endm

function _start
	move	$fp, $zero
	move	$a0, $sp
	bl	nolibc_start

/* (flags, stack, parent_tid, child_tid, thread_pointer) */
function nolibc_clone
	li.w	$a7, SYS_clone
	syscall	0
	beqz	$a0, 1f
	ret
1:	move	$fp, $zero
	bl	nolibc_thread_main

/* CLONE_VM | CLONE_VFORK | SIGCHLD, on the same stack: nothing of ours is on it. */
function vfork
	li.w	$a0, 0x4111
	move	$a1, $zero
	move	$a2, $zero
	move	$a3, $zero
	move	$a4, $zero
	li.w	$a7, SYS_clone
	syscall	0
	b	nolibc_result

	.macro	each_saved op, fop
	\op	$ra, $a0, 0
	\op	$sp, $a0, 8
	\op	$fp, $a0, 16
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8
	\op	$s\n, $a0, 24 + 8 * \n
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	\fop	$fs\n, $a0, 96 + 8 * \n
	.endr
	.endm

function nolibc_save_registers
	each_saved st.d, fst.d
	move	$a0, $zero
	ret

function nolibc_load_registers
	each_saved ld.d, fld.d
	move	$a0, $a1
	ret

	.section .note.GNU-stack, "", @progbits
