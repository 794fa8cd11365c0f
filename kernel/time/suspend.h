/* SPDX-License-Identifier: MIT */
/* Owns: the machine's sleep, and when it ends.
 * Relies on: timekeeping.h, the battery-backed clock.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_TIME_SUSPEND_H
#define VDK_KERNEL_TIME_SUSPEND_H

#include "core/types.h"

/* Nothing runs until the wake-up time, or a signal to the caller, a program's thread. */
void suspend(void);

/* When it shall wake up, in seconds of the battery-backed clock since 1970; 0: never. It is forgotten once it has passed. */
int64_t suspend_wakeup(void);
/* 0, -EBUSY: one is set, -ENODEV: there is no such clock, or -EINVAL: not a time. `sec` 0 or in the past: none from
 * now on. `relative`: from now. */
int suspend_set_wakeup(int64_t sec, bool relative);

#endif
