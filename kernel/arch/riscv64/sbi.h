/* SPDX-License-Identifier: MIT */
/* Owns: the calls of the firmware that the kernel uses.
 * Relies on: the RISC-V SBI specification 1.0.
 * Who may include: kernel/arch/riscv64. */
#ifndef VDK_KERNEL_ARCH_RISCV64_SBI_H
#define VDK_KERNEL_ARCH_RISCV64_SBI_H

#include "core/types.h"

void sbi_console_put(char c);
void sbi_set_timer(uint64_t at);      /* of the time counter; ends a pending timer interrupt */
uint64_t sbi_vendor_id(void);
uint64_t sbi_architecture_id(void);
uint64_t sbi_implementation_id(void);
void sbi_power_off(bool failed);      /* comes back where the firmware can't */

#endif
