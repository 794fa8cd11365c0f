/* SPDX-License-Identifier: MIT */
/* Owns: what entry.S and boot.S call, and what the rest of the architecture calls in .S files.
 * Relies on: arch/arch.h.
 * Who may include: kernel/arch/aarch64. */
#ifndef VDK_KERNEL_ARCH_AARCH64_TRAP_ENTRY_H
#define VDK_KERNEL_ARCH_AARCH64_TRAP_ENTRY_H

#include "arch/arch.h"
#include "core/types.h"

/* Interrupts off; they are off again on return. `esr` and `far` as the CPU has them. */
void user_trap_enter(struct arch_regs *r, uint64_t esr, uint64_t far);
void user_irq_enter(struct arch_regs *r);
void kernel_trap_enter(struct arch_regs *r, uint64_t esr, uint64_t far);
void kernel_irq_enter(struct arch_regs *r);
void syscall_enter(struct arch_regs *r);
void exit_to_user(struct arch_regs *r); /* interrupts on or off before, off after */
_Noreturn void trap_fatal(struct arch_regs *r, uint64_t esr, uint64_t far);
_Noreturn void trap_stack_overflow(struct arch_regs *r);
_Noreturn void start64(paddr_t fdt);

void boot_switch_tables(paddr_t root);
void thread_start_kernel(void);
void thread_start_user(void);
_Noreturn void enter_user(struct arch_regs *r);
void switch_stacks(uint64_t *save, uint64_t load);
void fpsimd_save(struct arch_fpsimd *to);
void fpsimd_load(const struct arch_fpsimd *from);

/* Log registers and, of a frame of the kernel's, the chain of callers. */
void dump_regs(const struct arch_regs *r);

#endif
