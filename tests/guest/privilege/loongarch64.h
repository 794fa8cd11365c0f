/* SPDX-License-Identifier: MIT */
/* Owns: the instructions of loongarch64 that user mode may and may not use. Relies on: Linux's choices.
 * Who may include: tests/guest/privilege.c. */
#ifndef VDK_TESTS_GUEST_PRIVILEGE_LOONGARCH64_H
#define VDK_TESTS_GUEST_PRIVILEGE_LOONGARCH64_H

#define CONTEXT_PC 22 /* word of the ucontext */
#define RETURNS(n) { 0x03800004u | (n) << 10, 0x4c000020u } /* ori $a0, $zero, n; ret */

#define SYNC_CODE(start, end) __asm__ volatile("ibar 0" : : "r"(start), "r"(end) : "memory")

/* The address check comes before any translation. */
static const uintptr_t kernel_addresses[] = { 0x9000000000200000, 0x8000000000200000 };
#define KERNEL_SIGNAL SIGBUS
#define KERNEL_CODE BUS_ADRERR
/* QEMU 7.2 does not survive pages without the right to execute: the kernel maps none (CAVEATS.md). */
#define ALL_EXECUTES 1

#define INSTRUCTION(name, text) \
	static void name(void) { __asm__ volatile(text : : : "$t0", "$t1", "memory"); }

INSTRUCTION(read_counter, "rdtime.d $t0, $t1")
INSTRUCTION(read_configuration, "cpucfg $t0, $zero")
INSTRUCTION(barriers, "dbar 0\n\tibar 0")

INSTRUCTION(read_register, "csrrd $t0, 0")
INSTRUCTION(write_timer, "csrwr $t0, 0x41")
INSTRUCTION(write_table, "csrwr $t0, 0x19")
INSTRUCTION(read_device_register, "iocsrrd.w $t0, $zero")
INSTRUCTION(flush_pages, "invtlb 0, $zero, $zero")
INSTRUCTION(return_from_exception, "ertn")
INSTRUCTION(halt, "idle 0")
INSTRUCTION(undefined, ".word 0")
INSTRUCTION(breakpoint, "break 5")

static const struct attempt allowed[] = {
	{ .name = "RDTIME.D", .run = read_counter },
	{ .name = "CPUCFG", .run = read_configuration },
	{ .name = "DBAR, IBAR", .run = barriers },
};

static const struct attempt forbidden[] = {
	{ "CSRRD", read_register, SIGILL, SI_KERNEL },
	{ "CSRWR of the timer", write_timer, SIGILL, SI_KERNEL },
	{ "CSRWR of a page table", write_table, SIGILL, SI_KERNEL },
	{ "IOCSRRD", read_device_register, SIGILL, SI_KERNEL },
	{ "INVTLB", flush_pages, SIGILL, SI_KERNEL },
	{ "ERTN", return_from_exception, SIGILL, SI_KERNEL },
	{ "IDLE", halt, SIGILL, SI_KERNEL },
	{ "a word of zeros", undefined, SIGILL, SI_KERNEL },
	{ "BREAK", breakpoint, SIGTRAP, TRAP_BRKPT },
};

#endif
