/* SPDX-License-Identifier: MIT */
/* The return from a signal handler on aarch64.
 *
 * Owns: __kernel_rt_sigreturn, its instructions and unwind table. d8 to d15 have no rule: the frame's records may come in any
 * order. A handler begins with the interrupted values in them, so "as they are" is right.
 * Relies on: the kernel entering handlers with it as return address, the signal frame at sp, and all else unchanged.
 * Never: returns. No BTI: it is returned to, not branched to, and unwinders know it by its first two words. */
#define VDK_SIG_SP 31
#define VDK_SIG_PC 32
#define VDK_SIG_PC_AT 568
#define VDK_SIG_SP_AT 560
#define VDK_SIG_FIRST 0
#define VDK_SIG_LAST 30
#define VDK_SIG_FIRST_AT 312
#include "vdk/sigreturn.h"

	.text
	.balign 64
	.cfi_startproc
	vdk_sig_frame
	nop /* an unwinder that takes the return address for one behind a call looks here */
	.globl __kernel_rt_sigreturn
	.type __kernel_rt_sigreturn, %function
__kernel_rt_sigreturn: /* these two words are what libgcc, libunwind and gdb know a signal frame by */
	mov x8, #139
	svc #0
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn
	.cfi_endproc

	/* NT_GNU_PROPERTY_TYPE_0 with GNU_PROPERTY_AARCH64_FEATURE_1_AND: BTI and PAC, which the linker keeps only if each object says so. */
	.section .note.gnu.property, "a", %note
	.balign 8
	.long 4, 16, 5
	.asciz "GNU"
	.long 0xc0000000, 4, 3, 0

	.section .note.GNU-stack, "", %progbits
