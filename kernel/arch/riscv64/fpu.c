/* SPDX-License-Identifier: MIT */
/* Moves the FPU state between registers and memory.
 * Owns: the FS field of the threads' status.
 * Relies on: the hart marking the state dirty.
 * Never: stores what has not changed. */
#include "fpu.h"

#include "cpu.h"
#include "csr.h"

static void mark_clean(struct arch_regs *r)
{
	r->status = (r->status & ~(uint64_t)STATUS_FS) | STATUS_FS_CLEAN;
}

void fpu_save(struct arch_thread *t, struct arch_regs *r)
{
	if ((r->status & STATUS_FS) != STATUS_FS_DIRTY)
		return;
	csr_set(sstatus, STATUS_FS);
	fpu_store(&t->fpu);
	mark_clean(r);
}

void fpu_restore(const struct arch_thread *t, struct arch_regs *r)
{
	if (!cpu_has('d'))
		return;
	csr_set(sstatus, STATUS_FS);
	fpu_load(&t->fpu);
	mark_clean(r);
}
