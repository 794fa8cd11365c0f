/* SPDX-License-Identifier: MIT */
/* Owns: the instructions of x86_64 that user mode may and may not use. Relies on: Linux's choices.
 * Who may include: tests/guest/privilege.c. */
#ifndef VDK_TESTS_GUEST_PRIVILEGE_X86_64_H
#define VDK_TESTS_GUEST_PRIVILEGE_X86_64_H

#define CONTEXT_PC 21 /* word of the ucontext */
#define RETURNS(n) { 0xb8u | (n) << 8, 0xc300u } /* mov $n, %eax; ret */

static const uintptr_t kernel_addresses[] = { 0xffff800000000000, 0xffffffff80200000, 0xffffc80000000000 };

#define INSTRUCTION(name, text) \
	static void name(void) { __asm__ volatile(text : : : "rax", "rcx", "rdx", "memory"); }

INSTRUCTION(read_counter, "rdtsc")

INSTRUCTION(read_performance_counter, "xor %%ecx, %%ecx\n\trdpmc")
INSTRUCTION(read_register, "mov $0x10, %%ecx\n\trdmsr")
INSTRUCTION(write_register, "mov $0x10, %%ecx\n\txor %%eax, %%eax\n\txor %%edx, %%edx\n\twrmsr")
INSTRUCTION(read_control, "mov %%cr0, %%rax")
INSTRUCTION(write_table, "mov %%rax, %%cr3")
INSTRUCTION(write_debug, "mov %%rax, %%dr7")
INSTRUCTION(mask_interrupts, "cli")
INSTRUCTION(halt, "hlt")
INSTRUCTION(read_port, "mov $0x40, %%edx\n\tin %%dx, %%al")
INSTRUCTION(write_port, "mov $0x80, %%edx\n\tout %%al, %%dx")
INSTRUCTION(flush_caches, "wbinvd")
INSTRUCTION(flush_page, "invlpg (%%rsp)")
INSTRUCTION(undefined, "ud2")

static const struct attempt allowed[] = {
	{ .name = "RDTSC", .run = read_counter },
};

static const struct attempt forbidden[] = {
	{ "RDPMC", read_performance_counter, SIGSEGV, SI_KERNEL },
	{ "RDMSR", read_register, SIGSEGV, SI_KERNEL },
	{ "WRMSR", write_register, SIGSEGV, SI_KERNEL },
	{ "MOV from CR0", read_control, SIGSEGV, SI_KERNEL },
	{ "MOV to CR3", write_table, SIGSEGV, SI_KERNEL },
	{ "MOV to DR7", write_debug, SIGSEGV, SI_KERNEL },
	{ "CLI", mask_interrupts, SIGSEGV, SI_KERNEL },
	{ "HLT", halt, SIGSEGV, SI_KERNEL },
	{ "IN", read_port, SIGSEGV, SI_KERNEL },
	{ "OUT", write_port, SIGSEGV, SI_KERNEL },
	{ "WBINVD", flush_caches, SIGSEGV, SI_KERNEL },
	{ "INVLPG", flush_page, SIGSEGV, SI_KERNEL },
	{ "UD2", undefined, SIGILL, ILL_ILLOPN },
};

#endif
