/* SPDX-License-Identifier: MIT */
/* Owns: the registers of riscv64, as registers.c asks for them. Relies on: nothing.
 * Who may include: tests/guest/registers.c. */
#ifndef VDK_TESTS_GUEST_REGISTERS_RISCV64_H
#define VDK_TESTS_GUEST_REGISTERS_RISCV64_H

/* FCSR, without the flags of past exceptions. */
#define CONTROL_NAME "FCSR"
#define INITIAL_CONTROL 0
#define OTHER_CONTROL 0x60 /* rounds up */
#define SPOILT_CONTROL 0x20
#define HANDLERS_START_INITIAL 0

static unsigned long control(void)
{
	unsigned long value;

	__asm__ volatile("frcsr %0" : "=r"(value));
	return value & ~0x1ful;
}

static void set_control(unsigned long value)
{
	__asm__ volatile("fscsr %0" : : "r"(value));
}

#define EACH_REGISTER(DO)                                                                                     \
	DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15) \
	DO(16) DO(17) DO(18) DO(19) DO(20) DO(21) DO(22) DO(23) DO(24) DO(25) DO(26) DO(27) DO(28) DO(29) DO(30) DO(31)
#define CLOBBER(n) , "f" #n
#define LOAD_F(n) "fld f" #n ", 8*" #n "(%1)\n\t"
#define STORE_F(n) "fsd f" #n ", 8*" #n "(%1)\n\t"

static void hold_f(void *registers, unsigned long spins)
{
	__asm__ volatile(EACH_REGISTER(LOAD_F) "1: addi %0, %0, -1; bnez %0, 1b\n\t" EACH_REGISTER(STORE_F)
			 : "+r"(spins) : "r"(registers) : "memory" EACH_REGISTER(CLOBBER));
}

static bool have_always(void)
{
	return true;
}

#define VECTORS { { "floating-point", hold_f, 32 * 8, have_always } }

#define FLAGS 0
#define BESIDES ""
/* All but sp, gp, tp and the two that hold the arguments. */
#define GENERAL 26
#define EACH_GENERAL(DO) \
	DO(0, ra) DO(1, t0) DO(2, t1) DO(3, t2) DO(4, s1) DO(5, a2) DO(6, a3) DO(7, a4) DO(8, a5) DO(9, a6) DO(10, a7) \
	DO(11, s2) DO(12, s3) DO(13, s4) DO(14, s5) DO(15, s6) DO(16, s7) DO(17, s8) DO(18, s9) DO(19, s10) DO(20, s11) \
	DO(21, t3) DO(22, t4) DO(23, t5) DO(24, t6) DO(25, s0)
#define LOAD(n, reg) "ld " #reg ", 8*" #n "(a0)\n\t"
#define STORE(n, reg) "sd " #reg ", 8*" #n "(a0)\n\t"
#define CLOBBER_GENERAL(n, reg) , #reg

static void hold_general(unsigned long *values, unsigned long spins)
{
	register unsigned long *a0 __asm__("a0") = values;
	register unsigned long a1 __asm__("a1") = spins;

	__asm__ volatile(EACH_GENERAL(LOAD) "1: addi a1, a1, -1; bnez a1, 1b\n\t" EACH_GENERAL(STORE)
			 : "+r"(a1) : "r"(a0) : "memory" EACH_GENERAL(CLOBBER_GENERAL));
}

#endif
