/* SPDX-License-Identifier: MIT */
/* Owns: random numbers: address layout, AT_RANDOM, getrandom, /dev/urandom.
 * Relies on: arch_entropy().
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_CORE_RANDOM_H
#define VDK_KERNEL_CORE_RANDOM_H

#include "core/types.h"

void random_init(void);
/* Any context. Cryptographic quality once random_init() found a hardware source; random_init() logs when it did not. */
void random_bytes(void *buf, size_t n);
uint64_t random_u64(void);

#endif
