/* SPDX-License-Identifier: MIT */
/* Owns: the image's exported names on aarch64, as Linux has them, and where its data pages are; also read by the linker script.
 * Relies on: nothing.
 * Who may include: kit/image. */
#ifndef VDK_ARCH_AARCH64_EXPORTS_H
#define VDK_ARCH_AARCH64_EXPORTS_H

#define VDK_VERSION LINUX_2.6.39
#define VDK_PREFIX(name) __kernel_##name
/* -mbranch-protection makes the compiler say in a note that each entry point begins with BTI, and that return addresses
 * are signed. */
#define VDK_PROPERTY_NOTE 1
/* An absolute symbol named like the version, as GNU ld makes one for Linux. With it the table has six entries, and
 * DT_HASH six buckets: 0xd35ec75, the hash that Go before 1.22 holds, leads to clock_gettime's, 0xb0cd725 mod 6
 * (docs/decisions/hash-tables.md). */
#define VDK_VERSION_SYMBOL 1
#define VDK_EXPORTS(X) X(clock_gettime) X(gettimeofday) X(clock_getres) X(rt_sigreturn)

/* From one data page to the next: the largest page of a kernel here, so that each can be mapped by itself. */
#define VDK_DATA_STRIDE 0x10000

#endif
