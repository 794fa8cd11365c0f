/* SPDX-License-Identifier: MIT */
/* Saves, restores and checks FPU and vector state.
 * Owns: XCR0.
 * Relies on: 64-byte aligned areas, see fpu_area().
 * Never: uses the compacted format: signal frames and debuggers know the standard one. */
#include "fpu.h"

#include "core/log.h"
#include "core/string.h"
#include "x86.h"

#define XFEATURE_X87_SSE 3UL
#define XFEATURE_AVX 4UL
#define XFEATURE_AVX512 0xe0UL
#define FXSAVE_SIZE 512
#define XSAVE_HEADER_SIZE 64
#define MXCSR_DEFAULT 0x1f80u
#define MXCSR_MASK_DEFAULT 0xffbfu
#define X87_CONTROL_DEFAULT 0x37f

struct fxsave {
	uint16_t control, status;
	uint8_t tag, reserved;
	uint16_t opcode;
	uint64_t rip, rdp;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t registers[480];
	/* XSAVE only; the rest of its header is reserved. */
	uint64_t xstate_bv, xreserved[7];
};

static uint64_t features;
static size_t size = FXSAVE_SIZE;
static uint32_t mxcsr_mask = MXCSR_MASK_DEFAULT;
static const struct fxsave initial __attribute__((aligned(64))) = {
	.control = X87_CONTROL_DEFAULT,
	.mxcsr = MXCSR_DEFAULT,
};

static struct fxsave *area_of(const struct arch_thread *t)
{
	return (struct fxsave *)ALIGN_UP((uint64_t)t->fpu, 64);
}

const void *fpu_area(const struct arch_thread *t)
{
	return area_of(t);
}

size_t fpu_size(void)
{
	return size;
}

uint64_t fpu_features(void)
{
	return features;
}

static void xsetbv(uint64_t v)
{
	__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

/* The standard format places each component at an offset of its own: CPUID leaf 13. */
static size_t end_of(uint64_t wanted)
{
	size_t end = FXSAVE_SIZE + XSAVE_HEADER_SIZE;

	for (unsigned int i = 2; i < 63; i++) {
		struct cpuid c = {0};

		if (wanted >> i & 1)
			c = cpuid(13, i);
		end = MAX(end, (size_t)c.ebx + c.eax);
	}
	return end;
}

static uint64_t choose_features(void)
{
	static const uint64_t groups[] = {XFEATURE_AVX, XFEATURE_AVX512};
	struct cpuid c = cpuid(13, 0);
	uint64_t have = (uint64_t)c.edx << 32 | c.eax, chosen = XFEATURE_X87_SSE;

	for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++)
		if ((have & groups[i]) == groups[i] && end_of(chosen | groups[i]) <= ARCH_FPU_SPACE)
			chosen |= groups[i];
	return chosen;
}

void fpu_setup(void)
{
	struct fxsave probe __attribute__((aligned(64))) = {0};

	if (cpu_features.xsave) {
		if (!features)
			features = choose_features();
		xsetbv(features);
		size = end_of(features);
	}
	__asm__ volatile("fxsave64 %0" : "=m"(probe));
	if (probe.mxcsr_mask)
		mxcsr_mask = probe.mxcsr_mask;
	fpu_reset();
}

/* XSAVE leaves the reserved part of the header alone: it is zero since the thread was made. */
void fpu_save(struct arch_thread *t)
{
	struct fxsave *a = area_of(t);

	if (features)
		__asm__ volatile("xsave64 (%0)" : : "r"(a), "a"((uint32_t)features), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(a) : "memory");
}

void fpu_switch_out(struct arch_thread *t)
{
	if (!cpu_features.xsaveopt) {
		fpu_save(t);
		return;
	}
	__asm__ volatile("xsaveopt64 (%0)" : : "r"(area_of(t)), "a"((uint32_t)features), "d"(0) : "memory");
}

/* After the instruction at label 1: if it faults, operand 0 is false. */
#define FALSE_ON_FAULT                             \
	"2:\n"                                     \
	".pushsection .text.fixup, \"ax\"\n"       \
	"3: xor %k0, %k0\n"                        \
	"jmp 2b\n"                                 \
	".popsection\n"                            \
	".pushsection ex_table, \"a\"\n"           \
	".quad 1b, 3b\n"                           \
	".popsection"

static bool restore(const struct fxsave *a)
{
	bool ok = true;

	if (features)
		__asm__ volatile("1: xrstor64 (%1)\n" FALSE_ON_FAULT
				 : "+q"(ok)
				 : "r"(a), "a"((uint32_t)features), "d"(0)
				 : "memory");
	else
		__asm__ volatile("1: fxrstor64 (%1)\n" FALSE_ON_FAULT
				 : "+q"(ok)
				 : "r"(a)
				 : "memory");
	return ok;
}

void fpu_restore(const struct arch_thread *t)
{
	if (!restore(area_of(t)))
		panic("a saved FPU state is not valid");
}

/* xstate_bv 0: XRSTOR gives every component its initial state, and takes MXCSR from memory. */
void fpu_reset(void)
{
	if (!restore(&initial))
		panic("the initial FPU state is not valid");
}

bool fpu_load(void *area, uint64_t wanted)
{
	struct fxsave *a = area;

	a->mxcsr &= mxcsr_mask;
	if (features && wanted == XFEATURE_X87_SSE) {
		memset(&a->xstate_bv, 0, XSAVE_HEADER_SIZE);
		a->xstate_bv = XFEATURE_X87_SSE;
	}
	/* XRSTOR refuses what is left of bad values in the header. */
	a->xstate_bv &= features & wanted;
	if (restore(a))
		return true;
	fpu_reset();
	return false;
}

/* Linux's order of precedence. */
static int fp_code(unsigned int pending)
{
	if (pending & 1)
		return 7; /* FPE_FLTINV */
	if (pending & 4)
		return 3; /* FPE_FLTDIV */
	if (pending & 8)
		return 4; /* FPE_FLTOVF */
	if (pending & 0x12)
		return 5; /* FPE_FLTUND */
	if (pending & 0x20)
		return 6; /* FPE_FLTRES */
	return 0;
}

int fpu_x87_code(void)
{
	uint16_t control, status;

	__asm__ volatile("fnstcw %0\n\tfnstsw %1" : "=m"(control), "=m"(status));
	return fp_code(status & ~(unsigned int)control);
}

int fpu_sse_code(void)
{
	uint32_t mxcsr;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	return fp_code(mxcsr & ~(mxcsr >> 7));
}
