/* SPDX-License-Identifier: MIT */
/* The build's vdso.so as bytes, for memory.c. */
	.section .rodata
	.globl vdso_image, vdso_image_end
	.balign 4096
vdso_image:
	.incbin "vdso.so"
vdso_image_end:
	.section .note.GNU-stack, "", %progbits
