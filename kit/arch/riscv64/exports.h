/* SPDX-License-Identifier: MIT */
/* Owns: the image's exported names on riscv64, as Linux has them, and where its data pages are; also read by the linker script.
 * Relies on: nothing.
 * Who may include: kit/image. */
#ifndef VDK_ARCH_RISCV64_EXPORTS_H
#define VDK_ARCH_RISCV64_EXPORTS_H

#define VDK_VERSION LINUX_4.15
#define VDK_PREFIX(name) __vdso_##name
#define VDK_EXPORTS(X) X(clock_gettime) X(gettimeofday) X(clock_getres) X(getcpu) X(flush_icache) X(riscv_hwprobe) X(rt_sigreturn)

/* From one data page to the next: the largest page of a kernel here, so that each can be mapped by itself. */
#define VDK_DATA_STRIDE 0x1000

#endif
