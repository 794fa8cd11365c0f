/* SPDX-License-Identifier: MIT */
/* Instructions that may fault.
 * Owns: nothing.
 * Relies on: traps.c following the exception table.
 * Never: touches user memory. */
#include "asm.h"
#include "trap/extable.h"

	.text

	/* bool arch_read_kernel(const uint64_t *from, uint64_t *to): false where `from` is not mapped. */
	.globl arch_read_kernel
arch_read_kernel:
1:	ld	t0, (a0)
	sd	t0, (a1)
	li	a0, 1
	ret
2:	li	a0, 0
	ret
	ex_entry 1b, 2b

	/* bool csr_stimecmp_usable(void): sets it to never, unless the firmware keeps it from us. */
	.globl csr_stimecmp_usable
csr_stimecmp_usable:
	li	t0, -1
1:	csrw	CSR_STIMECMP, t0
	li	a0, 1
	ret
2:	li	a0, 0
	ret
	ex_entry 1b, 2b

	.section .note.GNU-stack, "", @progbits
