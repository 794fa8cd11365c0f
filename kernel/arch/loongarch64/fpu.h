/* SPDX-License-Identifier: MIT */
/* Owns: what FCSR says.
 * Relies on: LoongArch Reference Manual, volume 1, 3.1.4.
 * Who may include: kernel/arch/loongarch64. */
#ifndef VDK_KERNEL_ARCH_LOONGARCH64_FPU_H
#define VDK_KERNEL_ARCH_LOONGARCH64_FPU_H

#include "core/types.h"

/* arch_thread.fault */
#define FAULT_READ 1
#define FAULT_WRITE 2

#define FCSR_BITS 0x1f1f031fu
#define FCSR_ENABLES 0x1fu
#define FCSR_CAUSE_SHIFT 24

/* A value that FCSR can take: no unknown bits, and no exception that is enabled and has happened. */
static inline uint32_t fcsr_sound(uint32_t v)
{
	return v & FCSR_BITS & ~((v & FCSR_ENABLES) << FCSR_CAUSE_SHIFT);
}

/* The si_code of the exception that FCSR tells of, which is taken out of it. */
int fpu_exception_code(void);

#endif
