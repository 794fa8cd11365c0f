/* SPDX-License-Identifier: MIT */
/* The return from a signal handler on loongarch64.
 *
 * Owns: __vdso_rt_sigreturn, its instructions and unwind table. Floating-point registers have no rule: where the frame has them
 * depends on the vector extension in use. A handler begins with the interrupted values in them, so "as they are" is right.
 * Relies on: the kernel entering handlers with it as return address, the signal frame at $sp, and all else unchanged.
 * Never: returns. */
#define VDK_SIG_SP 3
#define VDK_SIG_PC 64 /* libgcc's alternate return column */
#define VDK_SIG_PC_AT 304
#define VDK_SIG_SP_AT 336
#define VDK_SIG_FIRST 1
#define VDK_SIG_LAST 31
#define VDK_SIG_FIRST_AT 320
#include "vdk/sigreturn.h"

	.text
	.balign 64
	.cfi_startproc
	vdk_sig_frame
	nop /* an unwinder that takes the return address for one behind a call looks here */
	.globl __vdso_rt_sigreturn
	.type __vdso_rt_sigreturn, @function
__vdso_rt_sigreturn: /* these two words are what libgcc, libunwind and gdb know a signal frame by */
	ori $a7, $zero, 139
	syscall 0
	.size __vdso_rt_sigreturn, . - __vdso_rt_sigreturn
	.cfi_endproc

	.section .note.GNU-stack, "", @progbits
