/* SPDX-License-Identifier: MIT */
/* Owns: what the interrupt path must know of the timer.
 * Relies on: nothing.
 * Who may include: kernel/arch/aarch64. */
#ifndef VDK_KERNEL_ARCH_AARCH64_TIMER_H
#define VDK_KERNEL_ARCH_AARCH64_TIMER_H

#include "core/types.h"

bool timer_is(unsigned int irq);
/* Its interrupt is a level: silent until arch_timer_arm(). */
void timer_stop(void);

#endif
