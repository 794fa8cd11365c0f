/* SPDX-License-Identifier: MIT */
/* Owns: access to system registers, and what this CPU can do.
 * Relies on: nothing.
 * Who may include: kernel/arch/aarch64. */
#ifndef VDK_KERNEL_ARCH_AARCH64_SYSREG_H
#define VDK_KERNEL_ARCH_AARCH64_SYSREG_H

#include "asm.h"
#include "core/types.h"

/* `reg` is a name that the assembler knows, or S<op0>_<op1>_C<n>_C<m>_<op2>. */
#define SYSREG_READ(reg)                                                 \
	({                                                               \
		uint64_t sysreg_value;                                   \
		__asm__ volatile("mrs %0, " #reg : "=r"(sysreg_value) : : "memory"); \
		sysreg_value;                                            \
	})
#define SYSREG_WRITE(reg, v) __asm__ volatile("msr " #reg ", %x0" : : "rZ"((uint64_t)(v)) : "memory")

static inline void isb(void) { __asm__ volatile("isb" : : : "memory"); }

/* The virtual counter, not before earlier instructions are done. */
static inline uint64_t counter_read(void)
{
	isb();
	return SYSREG_READ(cntvct_el0);
}

/* What the CPU has and the kernel uses; filled by cpu_detect(), constant after. */
struct cpu_features {
	bool rng, ecv, pmu, amu;
	uint64_t hwcap, hwcap2;
};
extern struct cpu_features cpu_features;
extern bool cpu_has_pan; /* for user_copy.S */

void cpu_detect(void);
/* Control registers of the CPU that runs this: what user mode may do. */
void cpu_setup(void);

#endif
