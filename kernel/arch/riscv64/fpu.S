/* SPDX-License-Identifier: MIT */
/* The FPU's registers.
 * Owns: nothing.
 * Relies on: struct arch_fpu: f0 to f31, then fcsr; SSTATUS.FS being on.
 * Never: is called where the hart has no D extension. */
#define FPU_FCSR 256

	.text
	.option arch, +d

	/* void fpu_store(struct arch_fpu *to) */
	.globl fpu_store
fpu_store:
	frcsr	t0
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fsd	f\n, \n * 8(a0)
	.endr
	sw	t0, FPU_FCSR(a0)
	ret

	/* void fpu_load(const struct arch_fpu *from) */
	.globl fpu_load
fpu_load:
	lw	t0, FPU_FCSR(a0)
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fld	f\n, \n * 8(a0)
	.endr
	fscsr	t0
	ret

	.section .note.GNU-stack, "", @progbits
