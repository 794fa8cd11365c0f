/* SPDX-License-Identifier: MIT */
/* Owns: what the rest of the architecture must know of the boot protocol.
 * Relies on: nothing.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_START_H
#define VDK_KERNEL_ARCH_X86_64_START_H

#include "boot/loader.h"
#include "core/types.h"

/* boot.S calls it on the boot stack, with the physical address of hvm_start_info. */
_Noreturn void start64(paddr_t info);

/* ACPI's root pointer; 0: unknown. The protocol's reader sets it. */
extern paddr_t start_rsdp;

/* From the PVH start info at physical address `start`. False if it has been damaged. Panics if it can't be used. */
bool pvh_read(struct loader_info *l, paddr_t start);

/* From QEMU itself, over its fw_cfg device. False if there is none. */
bool fw_cfg_read(struct loader_info *l);

#endif
