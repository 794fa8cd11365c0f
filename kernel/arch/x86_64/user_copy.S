/* SPDX-License-Identifier: MIT */
/* The only instructions of the kernel that touch user memory.
 * Owns: the window in which SMAP lets them.
 * Relies on: the caller having checked the range; traps.c following the exception table.
 * Never: is left with the window open. */
#include "asm.h"
#include "smap.h"
#include "trap/extable.h"

#define EFAULT 14

	.text

	/* size_t arch_copy_user(void *to, const void *from, size_t n). A fault within 8 bytes is narrowed down
	 * bytewise, so that the result is exact. */
	.globl arch_copy_user
arch_copy_user:
	mov	%rdx, %rcx
	shr	$3, %rcx
	and	$7, %edx
	STAC
1:	rep movsq
2:	lea	(%rdx, %rcx, 8), %rcx
3:	rep movsb
4:	CLAC
	mov	%rcx, %rax
	ret
	ex_entry 1b, 2b
	ex_entry 3b, 4b

	/* int arch_cmpxchg_user(uint32_t *p, uint32_t old, uint32_t new, uint32_t *seen) */
	.globl arch_cmpxchg_user
arch_cmpxchg_user:
	mov	%esi, %eax
	STAC
1:	lock cmpxchg %edx, (%rdi)
	CLAC
	mov	%eax, (%rcx)
	xor	%eax, %eax
	ret
2:	CLAC
	mov	$-EFAULT, %eax
	ret
	ex_entry 1b, 2b

	/* bool arch_read_kernel(const uint64_t *from, uint64_t *to): false where `from` is not mapped. */
	.globl arch_read_kernel
arch_read_kernel:
	xor	%eax, %eax
1:	mov	(%rdi), %rdx
	mov	%rdx, (%rsi)
	inc	%eax
2:	ret
	ex_entry 1b, 2b

	.section .note.GNU-stack, "", @progbits
