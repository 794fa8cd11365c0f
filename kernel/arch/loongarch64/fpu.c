/* SPDX-License-Identifier: MIT */
/* Floating-point exceptions.
 * Owns: FCSR's causes. Relies on: the thread's state being in the FPU. Never: leaves an enabled cause set. */
#include "fpu.h"

#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7

int fpu_exception_code(void)
{
	/* By cause: inexact, underflow, overflow, division by zero, invalid. */
	static const int codes[] = { FPE_FLTRES, FPE_FLTUND, FPE_FLTOVF, FPE_FLTDIV, FPE_FLTINV };
	uint64_t fcsr;
	uint32_t causes;
	int code = 0;

	__asm__ volatile("movfcsr2gr %0, $fcsr0" : "=r"(fcsr));
	causes = (uint32_t)fcsr >> FCSR_CAUSE_SHIFT & (uint32_t)fcsr & FCSR_ENABLES;
	for (unsigned int i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (causes >> i & 1)
			code = codes[i];
	__asm__ volatile("movgr2fcsr $fcsr0, %0" : : "r"((uint64_t)fcsr_sound((uint32_t)fcsr)));
	return code;
}
