/* SPDX-License-Identifier: MIT */
/* Owns: which of the machine's counters is used.
 * Relies on: kit public headers.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_TIME_CLOCKSOURCE_H
#define VDK_KERNEL_TIME_CLOCKSOURCE_H

#include "core/types.h"

struct vdk_clocksource;

/* After arch_time_init(): the counter to begin with. */
const struct vdk_clocksource *clocksource_init(void);

/* From now on, but not while the machine sleeps: a counter that has to be watched is. */
void clocksource_watch(bool on);

/* In each timer interrupt, before the tick: is it right? If not, another one is used from now on. */
void clocksource_check(void);

/* All that the machine has, NULL-terminated. */
const struct vdk_clocksource *const *clocksource_list(void);

/* Use the one of that name. 0, or -EINVAL: there is none, it was found unstable, or the kit refuses it. */
int clocksource_select(const char *name, size_t n);

#endif
