/* SPDX-License-Identifier: MIT */
/* The FPU's registers, to and from struct fpu_state.
 * Owns: its layout. Relies on: EUEN having the FPU on. Never: raises a floating-point exception. */
#include "asm.h"

	.macro each_fpr op
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	\op	$f\n, $a0, 8 * \n
	.endr
	.irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\op	$f\n, $a0, 8 * \n
	.endr
	.endm

	.text

	/* void fpu_save(struct fpu_state *to) */
	.globl fpu_save
fpu_save:
	each_fpr fst.d
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	movcf2gr $t0, $fcc\n
	st.b	$t0, $a0, FPU_FCC + \n
	.endr
	movfcsr2gr $t0, $fcsr0
	st.w	$t0, $a0, FPU_FCSR
	ret

	/* void fpu_load(const struct fpu_state *from) */
	.globl fpu_load
fpu_load:
	each_fpr fld.d
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7
	ld.b	$t0, $a0, FPU_FCC + \n
	movgr2cf $fcc\n, $t0
	.endr
	ld.w	$t0, $a0, FPU_FCSR
	movgr2fcsr $fcsr0, $t0
	ret

	.section .note.GNU-stack, "", @progbits
