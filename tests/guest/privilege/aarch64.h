/* SPDX-License-Identifier: MIT */
/* Owns: the instructions of aarch64 that user mode may and may not use. Relies on: Linux's choices.
 * Who may include: tests/guest/privilege.c. */
#ifndef VDK_TESTS_GUEST_PRIVILEGE_AARCH64_H
#define VDK_TESTS_GUEST_PRIVILEGE_AARCH64_H

#define CONTEXT_PC 55 /* word of the ucontext */
#define RETURNS(n) { 0x52800000u | (n) << 5, 0xd65f03c0u } /* mov w0, #n; ret */

static const uintptr_t kernel_addresses[] = { 0xffff000040200000, 0xffffffff40200000, 0xffff900000000000 };

static uint64_t line[64] __attribute__((aligned(64)));

#define INSTRUCTION(name, text) \
	static void name(void) { __asm__ volatile(text : : "r"(line) : "x9", "memory"); }

INSTRUCTION(read_virtual_counter, "mrs x9, cntvct_el0")
INSTRUCTION(read_counter_frequency, "mrs x9, cntfrq_el0")
INSTRUCTION(read_cache_type, "mrs x9, ctr_el0")
INSTRUCTION(zero_line, "dc zva, %0")
INSTRUCTION(clean_line, "dc cvau, %0\n\tdc civac, %0\n\tdsb ish")
INSTRUCTION(invalidate_code, "ic ivau, %0\n\tdsb ish\n\tisb")
INSTRUCTION(wait_for_event, "sevl\n\twfe")
INSTRUCTION(wait_for_interrupt, "wfi")
INSTRUCTION(tagged_pointer, "orr x9, %0, #0xff00000000000000\n\tldr x9, [x9]")

INSTRUCTION(read_physical_counter, "mrs x9, cntpct_el0")
INSTRUCTION(read_timer_control, "mrs x9, cntv_ctl_el0")
INSTRUCTION(read_physical_timer, "mrs x9, cntp_ctl_el0")
INSTRUCTION(write_timer, "msr cntv_cval_el0, xzr")
INSTRUCTION(read_cycle_counter, "mrs x9, pmccntr_el0")
INSTRUCTION(open_cycle_counter, "mov x9, #1\n\tmsr pmuserenr_el0, x9")
INSTRUCTION(read_control, "mrs x9, sctlr_el1")
INSTRUCTION(write_table, "msr ttbr0_el1, xzr")
INSTRUCTION(read_masks, "mrs x9, daif")
INSTRUCTION(mask_interrupts, "msr daifset, #2")
INSTRUCTION(return_from_exception, "eret")
INSTRUCTION(hypervisor_call, ".inst 0xd4000002") /* hvc #0 */
INSTRUCTION(secure_call, ".inst 0xd4000003")     /* smc #0 */
INSTRUCTION(halt, "hlt #0")
INSTRUCTION(drop_line, "dc ivac, %0")
INSTRUCTION(undefined, ".inst 0") /* udf #0 */
INSTRUCTION(breakpoint, "brk #0")

static const struct attempt allowed[] = {
	{ .name = "MRS CNTVCT_EL0", .run = read_virtual_counter },
	{ .name = "MRS CNTFRQ_EL0", .run = read_counter_frequency },
	{ .name = "MRS CTR_EL0", .run = read_cache_type },
	{ .name = "DC ZVA", .run = zero_line },
	{ .name = "DC CVAU, DC CIVAC", .run = clean_line },
	{ .name = "IC IVAU", .run = invalidate_code },
	{ .name = "WFE", .run = wait_for_event },
	{ .name = "WFI", .run = wait_for_interrupt },
	{ .name = "a load by a tagged pointer", .run = tagged_pointer },
};

static const struct attempt forbidden[] = {
	{ "MRS CNTPCT_EL0", read_physical_counter, SIGILL, ILL_ILLOPC },
	{ "MRS CNTV_CTL_EL0", read_timer_control, SIGILL, ILL_ILLOPC },
	{ "MRS CNTP_CTL_EL0", read_physical_timer, SIGILL, ILL_ILLOPC },
	{ "MSR CNTV_CVAL_EL0", write_timer, SIGILL, ILL_ILLOPC },
	{ "MRS PMCCNTR_EL0", read_cycle_counter, SIGILL, ILL_ILLOPC },
	{ "MSR PMUSERENR_EL0", open_cycle_counter, SIGILL, ILL_ILLOPC },
	{ "MRS SCTLR_EL1", read_control, SIGILL, ILL_ILLOPC },
	{ "MSR TTBR0_EL1", write_table, SIGILL, ILL_ILLOPC },
	{ "MRS DAIF", read_masks, SIGILL, ILL_ILLOPC },
	{ "MSR DAIFSET", mask_interrupts, SIGILL, ILL_ILLOPC },
	{ "ERET", return_from_exception, SIGILL, ILL_ILLOPC },
	{ "HVC", hypervisor_call, SIGILL, ILL_ILLOPC },
	{ "SMC", secure_call, SIGILL, ILL_ILLOPC },
	{ "HLT", halt, SIGILL, ILL_ILLOPC },
	{ "DC IVAC", drop_line, SIGILL, ILL_ILLOPC },
	{ "UDF", undefined, SIGILL, ILL_ILLOPC },
	{ "BRK", breakpoint, SIGTRAP, TRAP_BRKPT },
};

#endif
