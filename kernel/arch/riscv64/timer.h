/* SPDX-License-Identifier: MIT */
/* Owns: the timer's interrupt.
 * Relies on: arch_time_init().
 * Who may include: kernel/arch/riscv64. */
#ifndef VDK_KERNEL_ARCH_RISCV64_TIMER_H
#define VDK_KERNEL_ARCH_RISCV64_TIMER_H

/* It has gone off: pending no more, and off until arch_timer_arm(). */
void timer_stop(void);

#endif
