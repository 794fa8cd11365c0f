/* SPDX-License-Identifier: MIT */
/* Tells registers and callers for a panic.
 * Owns: nothing.
 * Relies on: trap/calls.h.
 * Never: faults. */
#include "core/log.h"
#include "trap/calls.h"
#include "trap_entry.h"
#include "x86.h"

void dump_regs(const struct arch_regs *r)
{
	log_warn("rip %016lx cs %lx rflags %lx rsp %016lx ss %lx", r->rip, r->cs, r->rflags, r->rsp, r->ss);
	log_warn("rax %016lx rbx %016lx rcx %016lx rdx %016lx", r->rax, r->rbx, r->rcx, r->rdx);
	log_warn("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", r->rsi, r->rdi, r->rbp, r->r8);
	log_warn("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", r->r9, r->r10, r->r11, r->r12);
	log_warn("r13 %016lx r14 %016lx r15 %016lx", r->r13, r->r14, r->r15);
	log_warn("cr2 %016lx cr3 %lx cr4 %lx vector %lu error %lx", read_cr2(), read_cr3(), read_cr4(), r->vector,
		 r->error);
	if (!(r->cs & 3))
		trap_log_calls(r->rip, r->rbp);
}
