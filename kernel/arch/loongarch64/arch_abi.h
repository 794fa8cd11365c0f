/* SPDX-License-Identifier: MIT */
/* Owns: the parts of Linux's file ABI that differ among architectures: on loongarch64 they are the generic ones.
 * Relies on: nothing.
 * Who may include: kernel/abi, kernel/fs. */
#ifndef VDK_KERNEL_ARCH_LOONGARCH64_ARCH_ABI_H
#define VDK_KERNEL_ARCH_LOONGARCH64_ARCH_ABI_H

#include "abi/generic.h"

#define O_DIRECT 0x4000u
#define O_LARGEFILE 0x8000u
#define O_DIRECTORY 0x10000u
#define O_NOFOLLOW 0x20000u

#endif
