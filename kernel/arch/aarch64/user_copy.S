/* SPDX-License-Identifier: MIT */
/* The only instructions of the kernel that touch user memory.
 * Owns: nothing. PAN stays set: LDTR and STTR have user mode's rights; only the exclusive pair needs it cleared, for
 * want of unprivileged exclusives.
 * Relies on: the caller having checked the range; traps.c following the exception table.
 * Never: is left with PAN clear. */
#include "trap/extable.h"

#define EFAULT 14

	.macro safe to, instruction:vararg
9000:	\instruction
	ex_entry 9000b, \to
	.endm

	/* x2 bytes from x1 to x0: 32, 8, then 1 at a time. A fault is narrowed down bytewise, so that the result is
	 * exact. */
	.macro copy load, loadb, store, storeb
1:	subs	x9, x2, #32
	b.lo	2f
	safe	4f, \load x3, [x1]
	safe	4f, \load x4, [x1, #8]
	safe	4f, \load x5, [x1, #16]
	safe	4f, \load x6, [x1, #24]
	safe	4f, \store x3, [x0]
	safe	4f, \store x4, [x0, #8]
	safe	4f, \store x5, [x0, #16]
	safe	4f, \store x6, [x0, #24]
	add	x1, x1, #32
	add	x0, x0, #32
	mov	x2, x9
	b	1b
2:	subs	x9, x2, #8
	b.lo	4f
	safe	4f, \load x3, [x1]
	safe	4f, \store x3, [x0]
	add	x1, x1, #8
	add	x0, x0, #8
	mov	x2, x9
	b	2b
4:	cbz	x2, 5f
	safe	5f, \loadb w3, [x1]
	safe	5f, \storeb w3, [x0]
	add	x1, x1, #1
	add	x0, x0, #1
	sub	x2, x2, #1
	b	4b
5:	mov	x0, x2
	ret
	.endm

	.text

	/* size_t arch_copy_user(void *to, const void *from, size_t n). Bit 63 tells which of the two is the
	 * kernel's. */
	.globl arch_copy_user
arch_copy_user:
	tbz	x1, #63, copy_in
	copy	ldr, ldrb, sttr, sttrb
copy_in:
	copy	ldtr, ldtrb, str, strb

	/* int arch_cmpxchg_user(uint32_t *p, uint32_t old, uint32_t new, uint32_t *seen). LDAXR, STLXR and the
	 * barrier make it as ordered as Linux's. */
	.arch_extension pan
	.globl arch_cmpxchg_user
arch_cmpxchg_user:
	adrp	x9, cpu_has_pan
	ldrb	w9, [x9, :lo12:cpu_has_pan]
	cbz	w9, 1f
	msr	pan, #0
1:	safe	3f, ldaxr w10, [x0]
	cmp	w10, w1
	b.ne	2f
	safe	3f, stlxr w11, w2, [x0]
	cbnz	w11, 1b
2:	mov	w0, #0
	b	4f
3:	mov	w0, #-EFAULT
4:	cbz	w9, 5f
	msr	pan, #1
5:	dmb	ish
	cbnz	w0, 6f
	str	w10, [x3]
6:	ret

	/* bool arch_read_kernel(const uint64_t *from, uint64_t *to): false where `from` is not mapped. */
	.globl arch_read_kernel
arch_read_kernel:
	safe	1f, ldr x9, [x0]
	str	x9, [x1]
	mov	w0, #1
	ret
1:	mov	w0, #0
	ret

	.section .note.GNU-stack, "", @progbits
