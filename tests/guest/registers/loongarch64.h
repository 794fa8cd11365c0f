/* SPDX-License-Identifier: MIT */
/* Owns: the registers of loongarch64, as registers.c asks for them. Relies on: nothing.
 * Who may include: tests/guest/registers.c. */
#ifndef VDK_TESTS_GUEST_REGISTERS_LOONGARCH64_H
#define VDK_TESTS_GUEST_REGISTERS_LOONGARCH64_H

/* FCSR0, without the flags and the causes of past exceptions. */
#define CONTROL_NAME "FCSR0"
#define INITIAL_CONTROL 0
#define OTHER_CONTROL 0x200 /* rounds up */
#define SPOILT_CONTROL 0x100
#define HANDLERS_START_INITIAL 0

static unsigned long control(void)
{
	unsigned long value;

	__asm__ volatile("movfcsr2gr %0, $fcsr0" : "=r"(value));
	return value & 0x3ff;
}

static void set_control(unsigned long value)
{
	__asm__ volatile("movgr2fcsr $fcsr0, %0" : : "r"(value));
}

#define EACH_REGISTER(DO)                                                                                     \
	DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15) \
	DO(16) DO(17) DO(18) DO(19) DO(20) DO(21) DO(22) DO(23) DO(24) DO(25) DO(26) DO(27) DO(28) DO(29) DO(30) DO(31)
#define EACH_CONDITION(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define CLOBBER(n) , "$f" #n
#define CLOBBER_CONDITION(n) , "$fcc" #n
#define LOAD_F(n) "fld.d $f" #n ", %1, 8*" #n "\n\t"
#define STORE_F(n) "fst.d $f" #n ", %1, 8*" #n "\n\t"
#define LOAD_CONDITION(n) "ld.bu $t0, %1, 32*8+" #n "; movgr2cf $fcc" #n ", $t0\n\t"
/* A condition is one bit; the other bits of its byte are kept. */
#define STORE_CONDITION(n)                                       \
	"ld.bu $t0, %1, 32*8+" #n "; movcf2gr $t1, $fcc" #n "\n\t" \
	"bstrins.d $t0, $t1, 0, 0; st.b $t0, %1, 32*8+" #n "\n\t"

/* The 32 registers, and the eight conditions. */
static void hold_f(void *registers, unsigned long spins)
{
	__asm__ volatile(EACH_REGISTER(LOAD_F) EACH_CONDITION(LOAD_CONDITION)
			 "1: addi.d %0, %0, -1; bnez %0, 1b\n\t"
			 EACH_REGISTER(STORE_F) EACH_CONDITION(STORE_CONDITION)
			 : "+r"(spins) : "r"(registers)
			 : "memory", "$t0", "$t1" EACH_REGISTER(CLOBBER) EACH_CONDITION(CLOBBER_CONDITION));
}

static bool have_always(void)
{
	return true;
}

#define VECTORS { { "floating-point", hold_f, 33 * 8, have_always } }

#define FLAGS 0
#define BESIDES ""
/* All but sp, tp, the reserved r21 and the two that hold the arguments. */
#define GENERAL 26
#define EACH_GENERAL(DO) \
	DO(0, ra) DO(1, a2) DO(2, a3) DO(3, a4) DO(4, a5) DO(5, a6) DO(6, a7) DO(7, t0) DO(8, t1) DO(9, t2) DO(10, t3) \
	DO(11, t4) DO(12, t5) DO(13, t6) DO(14, t7) DO(15, t8) DO(16, s0) DO(17, s1) DO(18, s2) DO(19, s3) DO(20, s4) \
	DO(21, s5) DO(22, s6) DO(23, s7) DO(24, s8) DO(25, fp)
#define LOAD(n, reg) "ld.d $" #reg ", $a0, 8*" #n "\n\t"
#define STORE(n, reg) "st.d $" #reg ", $a0, 8*" #n "\n\t"
#define CLOBBER_GENERAL(n, reg) , "$" #reg

static void hold_general(unsigned long *values, unsigned long spins)
{
	register unsigned long *a0 __asm__("$a0") = values;
	register unsigned long a1 __asm__("$a1") = spins;

	__asm__ volatile(EACH_GENERAL(LOAD) "1: addi.d $a1, $a1, -1; bnez $a1, 1b\n\t" EACH_GENERAL(STORE)
			 : "+r"(a1) : "r"(a0) : "memory" EACH_GENERAL(CLOBBER_GENERAL));
}

#endif
