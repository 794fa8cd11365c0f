/* SPDX-License-Identifier: MIT */
/* Owns: the image's exported names on riscv64, as Linux has them; also read by the linker script.
 * Relies on: nothing.
 * Who may include: kit/image. */
#ifndef VDK_ARCH_RISCV64_EXPORTS_H
#define VDK_ARCH_RISCV64_EXPORTS_H

#define VDK_VERSION LINUX_4.15
#define VDK_PREFIX(name) __vdso_##name
#define VDK_EXPORTS(X) X(clock_gettime) X(gettimeofday) X(clock_getres) X(getcpu) X(flush_icache) X(riscv_hwprobe) X(rt_sigreturn)

#endif
