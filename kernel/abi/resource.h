/* SPDX-License-Identifier: MIT */
/* Owns: numbers of resource limits as Linux programs know them; the same on all four architectures.
 * Relies on: nothing.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_ABI_RESOURCE_H
#define VDK_KERNEL_ABI_RESOURCE_H

#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9

#endif
