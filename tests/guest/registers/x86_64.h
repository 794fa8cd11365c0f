/* SPDX-License-Identifier: MIT */
/* Owns: the registers of x86_64, as registers.c asks for them. Relies on: tap.h.
 * Who may include: tests/guest/registers.c. */
#ifndef VDK_TESTS_GUEST_REGISTERS_X86_64_H
#define VDK_TESTS_GUEST_REGISTERS_X86_64_H

#include <cpuid.h>

/* MXCSR, without the flags of past exceptions, and the x87 control word above it. */
#define CONTROL_NAME "MXCSR and x87 control word"
#define INITIAL_CONTROL 0x037f00001f80
#define OTHER_CONTROL 0x0b7f00005f80 /* rounds up, and all exceptions masked, as at first */
#define SPOILT_CONTROL 0x0f7f00007f80
#define HANDLERS_START_INITIAL 1

static unsigned long control(void)
{
	unsigned int mxcsr;
	unsigned short x87;

	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(x87));
	return (mxcsr & ~0x3fu) | (unsigned long)x87 << 32;
}

static void set_control(unsigned long value)
{
	unsigned int mxcsr = (unsigned int)value;
	unsigned short x87 = (unsigned short)(value >> 32);

	__asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(mxcsr), "m"(x87));
}

#define EACH_REGISTER(DO) \
	DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)
#define CLOBBER(n) , "xmm" #n
#define CLOBBERS "memory" EACH_REGISTER(CLOBBER)
#define LOAD_XMM(n) "movups 16*" #n "(%1), %%xmm" #n "\n\t"
#define STORE_XMM(n) "movups %%xmm" #n ", 16*" #n "(%1)\n\t"
#define LOAD_YMM(n) "vmovups 32*" #n "(%1), %%ymm" #n "\n\t"
#define STORE_YMM(n) "vmovups %%ymm" #n ", 32*" #n "(%1)\n\t"

static void hold_xmm(void *registers, unsigned long spins)
{
	__asm__ volatile(EACH_REGISTER(LOAD_XMM) "1: dec %0; jnz 1b\n\t" EACH_REGISTER(STORE_XMM)
			 : "+r"(spins) : "r"(registers) : CLOBBERS);
}

static void hold_ymm(void *registers, unsigned long spins)
{
	__asm__ volatile(EACH_REGISTER(LOAD_YMM) "1: dec %0; jnz 1b\n\t" EACH_REGISTER(STORE_YMM) "vzeroupper\n\t"
			 : "+r"(spins) : "r"(registers) : CLOBBERS);
}

static bool have_always(void)
{
	return true;
}

/* The CPU has AVX, and the kernel saves it: OSXSAVE, and the two bits in XCR0. */
static bool have_avx(void)
{
	unsigned int a, b, c, d, xcr0;

	__cpuid(1, a, b, c, d);
	if (!(c & bit_OSXSAVE) || !(c & bit_AVX))
		return false;
	__asm__("xgetbv" : "=a"(xcr0), "=d"(d) : "c"(0));
	return (xcr0 & 6) == 6;
}

#define VECTORS { { "XMM", hold_xmm, 16 * 16, have_always }, { "YMM", hold_ymm, 16 * 32, have_avx } }

#define FLAGS 1
#define HANDLER_FLAGS "the direction flag clear"
#define BESIDES " and the red zone"
#define GENERAL 13
#define EACH_GENERAL(DO) \
	DO(0, rax)       \
	DO(1, rdx) DO(2, rbx) DO(3, r8) DO(4, r9) DO(5, r10) DO(6, r11) DO(7, r12) DO(8, r13) DO(9, r14) DO(10, r15)
#define LOAD(n, reg) "mov 8*" #n "(%1), %%" #reg "\n\t"
#define STORE(n, reg) "mov %%" #reg ", 8*" #n "(%1)\n\t"
#define CLOBBER_GENERAL(n, reg) , #reg
#define DIRECTION_AND_CARRY 0x401

static unsigned long flags_after;

/* Eleven registers and the ends of the red zone, which is below our caller's; then the flags. */
static void hold_general(unsigned long *values, unsigned long spins)
{
	__asm__ volatile("sub $128, %%rsp\n\t"
			 EACH_GENERAL(LOAD)
			 "push 8*11(%1); pop -8(%%rsp)\n\t"
			 "mov 8*12(%1), %%rbp\n\t"
			 "mov %%rbp, -128(%%rsp)\n\t"
			 "std; stc\n\t"
			 "1: dec %0; jnz 1b\n\t"
			 EACH_GENERAL(STORE)
			 "mov -8(%%rsp), %%rax\n\t"
			 "mov -128(%%rsp), %%rdx\n\t"
			 "mov %%rax, 8*11(%1)\n\t"
			 "mov %%rdx, 8*12(%1)\n\t"
			 "pushf; pop %%rcx\n\t"
			 "cld; add $128, %%rsp"
			 : "+c"(spins) : "D"(values) : "cc", "memory", "rbp" EACH_GENERAL(CLOBBER_GENERAL));
	flags_after = spins;
}

static bool flags_are_kept(void)
{
	return (flags_after & DIRECTION_AND_CARRY) == DIRECTION_AND_CARRY;
}

static bool handler_flags_are_right(void)
{
	unsigned long flags;

	__asm__ volatile("pushf; pop %0" : "=r"(flags));
	return !(flags & 0x400);
}

#endif
