/* SPDX-License-Identifier: MIT */
/* The built vDSO, as bytes that begin on a page. */
	.section .rodata
	.balign 4096
	.globl vdso_image
vdso_image:
	.incbin "vdso.so"
	.balign 4096
	.section .note.GNU-stack, "", %progbits
