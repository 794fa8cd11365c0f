/* SPDX-License-Identifier: MIT */
/* Tells registers and callers for a panic.
 * Owns: nothing.
 * Relies on: trap/calls.h.
 * Never: faults. */
#include "core/log.h"
#include "csr.h"
#include "trap/calls.h"
#include "trap_entry.h"

void dump_regs(const struct arch_regs *r)
{
	log_warn("pc  %016lx status %lx cause %lx tval %lx satp %lx", r->pc, r->status, r->cause, r->tval,
		 csr_read(satp));
	log_warn("ra  %016lx sp  %016lx gp  %016lx tp  %016lx", r->ra, r->sp, r->gp, r->tp);
	log_warn("a0  %016lx a1  %016lx a2  %016lx a3  %016lx", r->a0, r->a1, r->a2, r->a3);
	log_warn("a4  %016lx a5  %016lx a6  %016lx a7  %016lx", r->a4, r->a5, r->a6, r->a7);
	log_warn("t0  %016lx t1  %016lx t2  %016lx t3  %016lx", r->t0, r->t1, r->t2, r->t3);
	log_warn("t4  %016lx t5  %016lx t6  %016lx", r->t4, r->t5, r->t6);
	log_warn("s0  %016lx s1  %016lx s2  %016lx s3  %016lx", r->s0, r->s1, r->s2, r->s3);
	log_warn("s4  %016lx s5  %016lx s6  %016lx s7  %016lx", r->s4, r->s5, r->s6, r->s7);
	log_warn("s8  %016lx s9  %016lx s10 %016lx s11 %016lx", r->s8, r->s9, r->s10, r->s11);
	if (r->status & STATUS_SPP)
		trap_log_calls(r->pc, r->s0);
}
