/* SPDX-License-Identifier: MIT */
/* Owns: the image's exported names on loongarch64, as Linux has them; also read by the linker script.
 * Relies on: nothing.
 * Who may include: kit/image. */
#ifndef VDK_ARCH_LOONGARCH64_EXPORTS_H
#define VDK_ARCH_LOONGARCH64_EXPORTS_H

#define VDK_VERSION LINUX_5.10
#define VDK_PREFIX(name) __vdso_##name
#define VDK_EXPORTS(X) X(clock_gettime) X(gettimeofday) X(clock_getres) X(getcpu) X(rt_sigreturn)

#endif
