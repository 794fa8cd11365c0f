/* SPDX-License-Identifier: MIT */
/* Owns: the parts of Linux's file ABI that differ among architectures, as they are on riscv64.
 * Relies on: abi/generic.h.
 * Who may include: kernel/abi, kernel/fs. */
#ifndef VDK_KERNEL_ARCH_RISCV64_ARCH_ABI_H
#define VDK_KERNEL_ARCH_RISCV64_ARCH_ABI_H

#include "abi/generic.h"

#define O_DIRECT 040000u
#define O_LARGEFILE 0100000u
#define O_DIRECTORY 0200000u
#define O_NOFOLLOW 0400000u

#endif
