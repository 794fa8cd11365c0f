/* SPDX-License-Identifier: MIT */
/* Owns: what entry.S calls, and what the rest of the architecture calls in entry.S and user_copy.S.
 * Relies on: arch/arch.h.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_TRAP_ENTRY_H
#define VDK_KERNEL_ARCH_X86_64_TRAP_ENTRY_H

#include "arch/arch.h"
#include "core/types.h"

/* Interrupts off; they are off again on return. */
void trap_enter(struct arch_regs *r);
_Noreturn void trap_fatal(struct arch_regs *r);
bool syscall_enter(struct arch_regs *r); /* may SYSRETQ be used to go back? */
void exit_to_user(struct arch_regs *r);  /* interrupts on or off before, off after */

void thread_start_kernel(void);
void thread_start_user(void);
_Noreturn void enter_user(struct arch_regs *r);
void switch_stacks(uint64_t *save, uint64_t load);

/* Log registers and the chain of callers. */
void dump_regs(const struct arch_regs *r);

#endif
