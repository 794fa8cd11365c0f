/* SPDX-License-Identifier: MIT */
/* Owns: what the rest of the architecture must know of the boot protocol.
 * Relies on: nothing.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_START_H
#define VDK_KERNEL_ARCH_X86_64_START_H

#include "core/types.h"

/* boot.S calls it on the boot stack, with the physical address of hvm_start_info. */
_Noreturn void start64(paddr_t info);

/* ACPI's root pointer, or 0. */
paddr_t start_rsdp(void);

#endif
