/* SPDX-License-Identifier: MIT */
/* Owns: what entry.S calls, and what the rest of the architecture calls in entry.S, fpu.S and user_copy.S.
 * Relies on: arch/arch.h.
 * Who may include: kernel/arch/loongarch64. */
#ifndef VDK_KERNEL_ARCH_LOONGARCH64_TRAP_ENTRY_H
#define VDK_KERNEL_ARCH_LOONGARCH64_TRAP_ENTRY_H

#include "arch/arch.h"
#include "core/types.h"

/* Interrupts off; they are off again on return. */
void trap_enter(struct arch_regs *r);
void syscall_enter(struct arch_regs *r);
void exit_to_user(struct arch_regs *r); /* interrupts on or off before, off after */
_Noreturn void trap_overflow(struct arch_regs *r);

void thread_start_kernel(void);
void thread_start_user(void);
_Noreturn void enter_user(struct arch_regs *r);
void switch_stacks(uint64_t *save, uint64_t load);

/* The FPU's registers. */
void fpu_save(struct fpu_state *to);
void fpu_load(const struct fpu_state *from);

/* Log registers and the chain of callers. */
void dump_regs(const struct arch_regs *r);

/* paging.c: the TLB has an invalid entry for `va`, and forgets it. */
void paging_fault(uaddr_t va);

_Noreturn void start(void); /* boot.S calls it on the boot stack */
void uart_init(void);
void uart_drain(void);
void interrupts_init(void);
void interrupts_enable_pin(unsigned int pin);
bool interrupts_take(unsigned int *pin); /* a pending one, acknowledged */

#endif
