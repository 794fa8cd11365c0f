/* SPDX-License-Identifier: MIT */
/* The return from a signal handler on riscv64.
 *
 * Owns: __vdso_rt_sigreturn, its instructions and unwind table.
 * Relies on: the kernel entering handlers with it as return address and the signal frame at sp.
 * Never: returns. */
#define VDK_SIG_SP 2
#define VDK_SIG_PC 64 /* the psABI's "alternate frame return column" */
#define VDK_SIG_PC_AT 304
#define VDK_SIG_SP_AT 320
#define VDK_SIG_FIRST 1
#define VDK_SIG_LAST 31
#define VDK_SIG_FIRST_AT 312
#define VDK_SIG_FLOAT 32
#define VDK_SIG_FLOAT_AT 560
#include "vdk/sigreturn.h"

	.text
	.balign 64
	.option norvc /* so that the two words are aligned for who reads them as words */
	.cfi_startproc
	vdk_sig_frame
	vdk_sig_registers VDK_SIG_FLOAT, 63, VDK_SIG_FLOAT_AT
	nop /* an unwinder that takes the return address for one behind a call looks here */
	.globl __vdso_rt_sigreturn
	.type __vdso_rt_sigreturn, @function
__vdso_rt_sigreturn: /* these two words are what libgcc, libunwind and gdb know a signal frame by */
	li a7, 139
	ecall
	.size __vdso_rt_sigreturn, . - __vdso_rt_sigreturn
	.cfi_endproc

	.section .note.GNU-stack, "", @progbits
