/* SPDX-License-Identifier: MIT */
/* Owns: the frame of a signal trampoline, as unwind tables say it: for the assembler only.
 * Relies on: struct rt_sigframe at the stack pointer, as Linux lays it out: 128 bytes of siginfo, then the ucontext.
 * Who may include: kit/arch/<a>/sigreturn.S.
 *
 * The file defines, before it includes this:
 * VDK_SIG_SP               DWARF number of the stack pointer, below 32
 * VDK_SIG_PC               DWARF number of the column for the interrupted pc: the frame has a return address besides
 * VDK_SIG_PC_AT, _SP_AT    where in the frame these two are saved
 * VDK_SIG_FIRST, _LAST     DWARF numbers of the general registers, the stack pointer left out where it is among them
 * VDK_SIG_FIRST_AT         where the first is saved, and the others behind it, 8 bytes each
 *
 * Register rules are expressions, and the frame address is the interrupted stack pointer: debuggers take one for the
 * other, and with an alternate signal stack it is no constant from here. The pc is given as a value, not as a place: libgcc has no
 * size for its column on aarch64, and reads values only. */
#ifndef VDK_SIGRETURN_H
#define VDK_SIGRETURN_H
#ifdef __ASSEMBLER__

/* DW_OP_breg<VDK_SIG_SP> `at`, in two bytes of SLEB128: 0 <= at < 8192. */
#define VDK_SIG_BREG(at) 0x70 + VDK_SIG_SP, ((at) & 0x7f) | 0x80, (at) >> 7

	/* DW_CFA_expression: registers `first` to `last` are saved from `at` on, the stack pointer apart. */
	.macro vdk_sig_registers first, last, at
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	.if \first + \n <= \last
	.if \first + \n - VDK_SIG_SP
	.cfi_escape 0x10, \first + \n, 3, VDK_SIG_BREG(\at + 8 * \n)
	.endif
	.endif
	.endr
	.endm

	/* From here on, until .cfi_endproc, the frame is the signal's. */
	.macro vdk_sig_frame
	.cfi_signal_frame
	.cfi_return_column VDK_SIG_PC
	.cfi_escape 0x0f, 4, VDK_SIG_BREG(VDK_SIG_SP_AT), 0x06             /* DW_CFA_def_cfa_expression, DW_OP_deref */
	.cfi_escape 0x16, VDK_SIG_PC, 4, VDK_SIG_BREG(VDK_SIG_PC_AT), 0x06 /* DW_CFA_val_expression */
	vdk_sig_registers VDK_SIG_FIRST, VDK_SIG_LAST, VDK_SIG_FIRST_AT
	.endm

#endif
#endif
