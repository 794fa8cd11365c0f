/* SPDX-License-Identifier: MIT */
/* The system calls that only riscv64 has.
 * Owns: nothing.
 * Relies on: syscall/syscall.h.
 * Never: does more for a range than for everything: FENCE.I knows no addresses. */
#include "abi/errno.h"
#include "syscall/syscall.h"

#define FLUSH_LOCAL 1u /* this thread alone will execute what it has written */

SYSCALL(riscv_flush_icache)
{
	if (arg[2] & ~(uint64_t)FLUSH_LOCAL)
		return -EINVAL;
	__asm__ volatile("fence.i" : : : "memory");
	return 0;
}
