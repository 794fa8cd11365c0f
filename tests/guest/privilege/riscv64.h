/* SPDX-License-Identifier: MIT */
/* Owns: the instructions of riscv64 that user mode may and may not use. Relies on: Linux's choices, but for the cycle
 * and instruction counters, which Linux kept open until 6.6.
 * Who may include: tests/guest/privilege.c. */
#ifndef VDK_TESTS_GUEST_PRIVILEGE_RISCV64_H
#define VDK_TESTS_GUEST_PRIVILEGE_RISCV64_H

#define CONTEXT_PC 22 /* word of the ucontext */
#define RETURNS(n) { 0x00000513u | (n) << 20, 0x00008067u } /* li a0, n; ret */

static const uintptr_t kernel_addresses[] = { 0xffffffff80200000, 0xffffffc080200000, 0xffffffd000000000 };

#define INSTRUCTION(name, text) \
	static void name(void) { __asm__ volatile(text : : : "t0", "memory"); }

INSTRUCTION(read_counter, "rdtime t0")
INSTRUCTION(fence_code, "fence.i")

INSTRUCTION(read_cycles, "rdcycle t0")
INSTRUCTION(read_instructions, "rdinstret t0")
INSTRUCTION(read_status, "csrr t0, sstatus")
INSTRUCTION(write_table, "csrw satp, zero")
INSTRUCTION(write_timer, "csrw 0x14d, zero") /* stimecmp */
INSTRUCTION(return_from_trap, "sret")
INSTRUCTION(flush_pages, "sfence.vma")
INSTRUCTION(undefined, ".word 0")
INSTRUCTION(breakpoint, "ebreak")

static const struct attempt allowed[] = {
	{ .name = "RDTIME", .run = read_counter },
	{ .name = "FENCE.I", .run = fence_code },
};

static const struct attempt forbidden[] = {
	{ "RDCYCLE", read_cycles, SIGILL, ILL_ILLOPC },
	{ "RDINSTRET", read_instructions, SIGILL, ILL_ILLOPC },
	{ "CSRR SSTATUS", read_status, SIGILL, ILL_ILLOPC },
	{ "CSRW SATP", write_table, SIGILL, ILL_ILLOPC },
	{ "CSRW STIMECMP", write_timer, SIGILL, ILL_ILLOPC },
	{ "SRET", return_from_trap, SIGILL, ILL_ILLOPC },
	{ "SFENCE.VMA", flush_pages, SIGILL, ILL_ILLOPC },
	{ "a word of zeros", undefined, SIGILL, ILL_ILLOPC },
	{ "EBREAK", breakpoint, SIGTRAP, TRAP_BRKPT },
};

#endif
