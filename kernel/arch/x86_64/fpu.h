/* SPDX-License-Identifier: MIT */
/* Owns: the FPU and vector state of user threads.
 * Relies on: the kernel using no FPU register: the running user thread's state is in them.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_FPU_H
#define VDK_KERNEL_ARCH_X86_64_FPU_H

#include "arch/arch.h"
#include "core/types.h"

/* Enable what the CPU has and struct arch_thread has room for, on the CPU that runs this. */
void fpu_setup(void);

/* Bytes of the state: 512 without XSAVE. The XSAVE components that are enabled; 0 without XSAVE. */
size_t fpu_size(void);
uint64_t fpu_features(void);

/* Registers to memory. fpu_switch_out() may leave out what has not changed since the last fpu_restore() from there, and
 * what is in its initial state: it is for fpu_restore() only. */
void fpu_save(struct arch_thread *t);
void fpu_switch_out(struct arch_thread *t);
void fpu_restore(const struct arch_thread *t); /* memory to registers */
void fpu_reset(void);                          /* registers as a new program has them */

/* The state's bytes, for signal frames: as of the last fpu_save(). */
const void *fpu_area(const struct arch_thread *t);
/* Take a state over that a user may have written: `area` is as long as fpu_size() and aligned to 64 bytes. False if it
 * is not a valid state; the registers are then reset. Components that `features` lacks get their initial state. */
bool fpu_load(void *area, uint64_t features);

/* si_code of the pending exception. */
int fpu_x87_code(void);
int fpu_sse_code(void);

#endif
