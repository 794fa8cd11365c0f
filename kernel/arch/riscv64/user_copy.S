/* SPDX-License-Identifier: MIT */
/* The only instructions of the kernel that touch user memory.
 * Owns: the window in which SSTATUS.SUM lets them.
 * Relies on: the caller having checked the range; traps.c following the exception table.
 * Never: is left with the window open. */
#include "asm.h"
#include "trap/extable.h"

#define EFAULT 14
#define UNROLL 8

	.text

	/* size_t arch_copy_user(void *to, const void *from, size_t n). A fault within a block or word is narrowed down
	 * bytewise, from its start, so that the result is exact. t0 = STATUS_SUM, a3 = end of what is copied. */
	.globl arch_copy_user
arch_copy_user:
	li	t0, STATUS_SUM
	add	a3, a1, a2
	csrs	sstatus, t0
	xor	t1, a0, a1
	andi	t1, t1, 7
	bnez	t1, bytes
	sltiu	t1, a2, 16
	bnez	t1, bytes

	/* To the first word. */
1:	andi	t1, a1, 7
	beqz	t1, 4f
2:	lbu	t2, (a1)
3:	sb	t2, (a0)
	addi	a1, a1, 1
	addi	a0, a0, 1
	j	1b
	ex_entry 2b, done
	ex_entry 3b, done

	/* Blocks of eight words, up to t3. */
4:	sub	t3, a3, a1
	andi	t3, t3, -8 * UNROLL
	add	t3, t3, a1
5:	bgeu	a1, t3, 6f
	.set	slot, 0
	.irp	r, t1, t2, t4, t5, t6, a4, a5, a6
7:	ld	\r, slot(a1)
	ex_entry 7b, bytes
	.set	slot, slot + 8
	.endr
	.set	slot, 0
	.irp	r, t1, t2, t4, t5, t6, a4, a5, a6
7:	sd	\r, slot(a0)
	ex_entry 7b, bytes
	.set	slot, slot + 8
	.endr
	addi	a1, a1, 8 * UNROLL
	addi	a0, a0, 8 * UNROLL
	j	5b

	/* Words, up to t3. */
6:	andi	t3, a3, -8
8:	bgeu	a1, t3, bytes
9:	ld	t1, (a1)
10:	sd	t1, (a0)
	addi	a1, a1, 8
	addi	a0, a0, 8
	j	8b
	ex_entry 9b, bytes
	ex_entry 10b, bytes

bytes:
	bgeu	a1, a3, done
11:	lbu	t1, (a1)
12:	sb	t1, (a0)
	addi	a1, a1, 1
	addi	a0, a0, 1
	j	bytes
	ex_entry 11b, done
	ex_entry 12b, done

done:
	csrc	sstatus, t0
	sub	a0, a3, a1
	ret

	/* int arch_cmpxchg_user(uint32_t *p, uint32_t old, uint32_t new, uint32_t *seen) */
	.globl arch_cmpxchg_user
arch_cmpxchg_user:
	li	t0, STATUS_SUM
	sext.w	a1, a1
	csrs	sstatus, t0
1:	lr.w.aqrl t1, (a0)
	bne	t1, a1, 3f
2:	sc.w.aqrl t2, a2, (a0)
	bnez	t2, 1b
3:	csrc	sstatus, t0
	sw	t1, (a3)
	li	a0, 0
	ret
4:	csrc	sstatus, t0
	li	a0, -EFAULT
	ret
	ex_entry 1b, 4b
	ex_entry 2b, 4b

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
