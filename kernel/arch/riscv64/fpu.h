/* SPDX-License-Identifier: MIT */
/* Owns: the FPU state of user threads.
 * Relies on: the kernel using no FPU register: the running user thread's state is in them. The FS field of a thread's
 * saved status says whether struct arch_thread has the same; it is off where the hart has no D extension, and then
 * everything here does nothing.
 * Who may include: kernel/arch/riscv64. */
#ifndef VDK_KERNEL_ARCH_RISCV64_FPU_H
#define VDK_KERNEL_ARCH_RISCV64_FPU_H

#include "arch/arch.h"
#include "core/types.h"

/* Registers to t->fpu, unless it has them. `r` are the thread's. */
void fpu_save(struct arch_thread *t, struct arch_regs *r);
void fpu_restore(const struct arch_thread *t, struct arch_regs *r); /* t->fpu to registers */

/* fpu.S */
void fpu_store(struct arch_fpu *to);
void fpu_load(const struct arch_fpu *from);

#endif
