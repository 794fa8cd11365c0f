/* SPDX-License-Identifier: MIT */
/* The built vDSO, as bytes that begin on a page. */
	.section .rodata
	.balign 1 << PAGE_SHIFT
	.globl vdso_image
vdso_image:
	.incbin "vdso.so"
	.balign 1 << PAGE_SHIFT
	.section .note.GNU-stack, "", %progbits
