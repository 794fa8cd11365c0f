/* SPDX-License-Identifier: MIT */
/* Owns: the kernel's tests of itself.
 * Relies on: the command line.
 * Who may include: kernel/main.c, kernel/proc. */
#ifndef VDK_KERNEL_CORE_SELFTEST_H
#define VDK_KERNEL_CORE_SELFTEST_H

/* With the option `selftest`: panics with the reason, or logs that all is well. */
void selftest(void);

#endif
