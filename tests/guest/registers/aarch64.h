/* SPDX-License-Identifier: MIT */
/* Owns: the registers of aarch64, as registers.c asks for them. Relies on: nothing.
 * Who may include: tests/guest/registers.c. */
#ifndef VDK_TESTS_GUEST_REGISTERS_AARCH64_H
#define VDK_TESTS_GUEST_REGISTERS_AARCH64_H

#define CONTROL_NAME "FPCR"
#define INITIAL_CONTROL 0
#define OTHER_CONTROL (1ul << 22) /* rounds up */
#define SPOILT_CONTROL (3ul << 22)
#define HANDLERS_START_INITIAL 0

static unsigned long control(void)
{
	unsigned long value;

	__asm__ volatile("mrs %0, fpcr" : "=r"(value));
	return value;
}

static void set_control(unsigned long value)
{
	__asm__ volatile("msr fpcr, %0" : : "r"(value));
}

#define EACH_REGISTER(DO)                                                                                     \
	DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15) \
	DO(16) DO(17) DO(18) DO(19) DO(20) DO(21) DO(22) DO(23) DO(24) DO(25) DO(26) DO(27) DO(28) DO(29) DO(30) DO(31)
#define CLOBBER(n) , "v" #n
#define LOAD_Q(n) "ldr q" #n ", [%1, 16*" #n "]\n\t"
#define STORE_Q(n) "str q" #n ", [%1, 16*" #n "]\n\t"

static void hold_q(void *registers, unsigned long spins)
{
	__asm__ volatile(EACH_REGISTER(LOAD_Q) "1: subs %0, %0, 1; b.ne 1b\n\t" EACH_REGISTER(STORE_Q)
			 : "+r"(spins) : "r"(registers) : "cc", "memory" EACH_REGISTER(CLOBBER));
}

static bool have_always(void)
{
	return true;
}

#define VECTORS { { "SIMD", hold_q, 32 * 16, have_always } }

#define FLAGS 1
#define BESIDES ""
/* All but sp, x29, which compilers keep, and the two that hold the arguments. */
#define GENERAL 28
#define EACH_GENERAL(DO) \
	DO(0, x2) DO(1, x3) DO(2, x4) DO(3, x5) DO(4, x6) DO(5, x7) DO(6, x8) DO(7, x9) DO(8, x10) DO(9, x11) \
	DO(10, x12) DO(11, x13) DO(12, x14) DO(13, x15) DO(14, x16) DO(15, x17) DO(16, x18) DO(17, x19) DO(18, x20) \
	DO(19, x21) DO(20, x22) DO(21, x23) DO(22, x24) DO(23, x25) DO(24, x26) DO(25, x27) DO(26, x28) DO(27, x30)
#define LOAD(n, reg) "ldr " #reg ", [x0, 8*" #n "]\n\t"
#define STORE(n, reg) "str " #reg ", [x0, 8*" #n "]\n\t"
#define CLOBBER_GENERAL(n, reg) , #reg

static unsigned long flags_after;

/* The loop leaves the flags alone: N and V, which no comparison of equals gives. */
static void hold_general(unsigned long *values, unsigned long spins)
{
	register unsigned long *x0 __asm__("x0") = values;
	register unsigned long x1 __asm__("x1") = spins;

	__asm__ volatile("mov x2, 0x90000000; msr nzcv, x2\n\t"
			 EACH_GENERAL(LOAD)
			 "1: sub x1, x1, 1; cbnz x1, 1b\n\t"
			 EACH_GENERAL(STORE)
			 "mrs x1, nzcv"
			 : "+r"(x1) : "r"(x0) : "cc", "memory" EACH_GENERAL(CLOBBER_GENERAL));
	flags_after = x1;
}

static bool flags_are_kept(void)
{
	return flags_after == 0x90000000;
}

#endif
