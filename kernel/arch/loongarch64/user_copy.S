/* SPDX-License-Identifier: MIT */
/* The only instructions of the kernel that touch user memory.
 * Owns: nothing. Relies on: the caller having checked the range; traps.c following the exception table.
 * Never: leaves a byte that could be copied: the result is exact. */
#include "trap/extable.h"

#define EFAULT 14

	.text

	/* size_t arch_copy_user(void *to, const void *from, size_t n). Words as long as they last, then bytes; a fault
	 * in a word is narrowed down bytewise. Unaligned accesses are the hardware's business. */
	.globl arch_copy_user
arch_copy_user:
	ori	$t7, $zero, 32
	bltu	$a2, $t7, 3f
1:	ld.d	$t0, $a1, 0
11:	ld.d	$t1, $a1, 8
12:	ld.d	$t2, $a1, 16
13:	ld.d	$t3, $a1, 24
2:	st.d	$t0, $a0, 0
21:	st.d	$t1, $a0, 8
22:	st.d	$t2, $a0, 16
23:	st.d	$t3, $a0, 24
	addi.d	$a1, $a1, 32
	addi.d	$a0, $a0, 32
	addi.d	$a2, $a2, -32
	bgeu	$a2, $t7, 1b
3:	ori	$t7, $zero, 8
	bltu	$a2, $t7, 6f
4:	ld.d	$t0, $a1, 0
5:	st.d	$t0, $a0, 0
	addi.d	$a1, $a1, 8
	addi.d	$a0, $a0, 8
	addi.d	$a2, $a2, -8
	bgeu	$a2, $t7, 4b
6:	beqz	$a2, 9f
7:	ld.b	$t0, $a1, 0
8:	st.b	$t0, $a0, 0
	addi.d	$a1, $a1, 1
	addi.d	$a0, $a0, 1
	addi.d	$a2, $a2, -1
	bnez	$a2, 7b
9:	move	$a0, $a2
	ret
	ex_entry 1b, 3b
	ex_entry 11b, 3b
	ex_entry 12b, 3b
	ex_entry 13b, 3b
	ex_entry 2b, 3b
	ex_entry 21b, 3b
	ex_entry 22b, 3b
	ex_entry 23b, 3b
	ex_entry 4b, 7b
	ex_entry 5b, 7b
	ex_entry 7b, 9b
	ex_entry 8b, 9b

	/* int arch_cmpxchg_user(uint32_t *p, uint32_t old, uint32_t new, uint32_t *seen) */
	.globl arch_cmpxchg_user
arch_cmpxchg_user:
	addi.w	$a1, $a1, 0
1:	ll.w	$t0, $a0, 0
	bne	$t0, $a1, 3f
	move	$t1, $a2
2:	sc.w	$t1, $a0, 0
	beqz	$t1, 1b
3:	dbar	0
	st.w	$t0, $a3, 0
	move	$a0, $zero
	ret
4:	addi.d	$a0, $zero, -EFAULT
	ret
	ex_entry 1b, 4b
	ex_entry 2b, 4b

	/* bool arch_read_kernel(const uint64_t *from, uint64_t *to): false where `from` is not mapped. */
	.globl arch_read_kernel
arch_read_kernel:
	move	$t0, $a0
	move	$a0, $zero
1:	ld.d	$t1, $t0, 0
	st.d	$t1, $a1, 0
	ori	$a0, $zero, 1
2:	ret
	ex_entry 1b, 2b

	.section .note.GNU-stack, "", @progbits
