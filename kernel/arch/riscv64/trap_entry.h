/* SPDX-License-Identifier: MIT */
/* Owns: what the .S files call, and what the rest of the architecture calls in them.
 * Relies on: arch/arch.h.
 * Who may include: kernel/arch/riscv64. */
#ifndef VDK_KERNEL_ARCH_RISCV64_TRAP_ENTRY_H
#define VDK_KERNEL_ARCH_RISCV64_TRAP_ENTRY_H

#include "arch/arch.h"
#include "core/types.h"

/* boot.S: on the boot stack, in the boot page table. */
_Noreturn void start(uint64_t hart, paddr_t fdt);
extern const char boot_stack_top[];

/* entry.S. Interrupts off; they are off again on return. */
void trap_enter(struct arch_regs *r);
void syscall_enter(struct arch_regs *r);
_Noreturn void trap_no_stack(struct arch_regs *r);
void exit_to_user(struct arch_regs *r); /* interrupts on or off before, off after */

void thread_start_kernel(void);
void thread_start_user(void);
_Noreturn void enter_user(struct arch_regs *r);
void switch_stacks(uint64_t *save, uint64_t load);

/* probe.S */
bool csr_stimecmp_usable(void);

/* Log registers and the chain of callers. */
void dump_regs(const struct arch_regs *r);

#endif
