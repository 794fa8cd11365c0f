/* SPDX-License-Identifier: MIT */
/* Owns: the image's exported names on x86_64, as Linux has them, and where its data pages are; also read by the linker script.
 * Relies on: nothing.
 * Who may include: kit/image. */
#ifndef VDK_ARCH_X86_64_EXPORTS_H
#define VDK_ARCH_X86_64_EXPORTS_H

#define VDK_VERSION LINUX_2.6
#define VDK_PREFIX(name) __vdso_##name
/* Linux has the plain names too; early glibc looked for them. */
#define VDK_PLAIN_NAMES 1
/* -fcf-protection makes the compiler say in a note that each entry point begins with ENDBR64. */
#define VDK_PROPERTY_NOTE 1
#define VDK_EXPORTS(X) X(clock_gettime) X(gettimeofday) X(clock_getres) X(time) X(getcpu)

/* From one data page to the next: the largest page of a kernel here, so that each can be mapped by itself. */
#define VDK_DATA_STRIDE 0x1000
/* Behind the other two: KVM's and Hyper-V's (vdk/hypervisor.h). */
#define VDK_HYPERVISOR_PAGES 1

#endif
