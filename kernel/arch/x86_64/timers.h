/* SPDX-License-Identifier: MIT */
/* Owns: the machine's counters: the TSC, HPET, ACPI's power management timer, the PIT.
 * Relies on: acpi.h.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_TIMERS_H
#define VDK_KERNEL_ARCH_X86_64_TIMERS_H

#include <vdk/time.h>

#include "calibrate.h"

/* References for the TSC, best first, NULL-terminated. */
extern const struct cal_reference *const cal_references[];

/* Its frequency, for timers. *cs NULL: not to be used as a clock. */
uint64_t tsc_init(struct vdk_clocksource **cs);

/* NULL: the machine has none, or the command line says NAME=off. The PIT's channel 2 is then no calibration's any more. */
struct vdk_clocksource *hpet_clocksource(void);
struct vdk_clocksource *pm_timer_clocksource(void);
struct vdk_clocksource *pit_clocksource(void);

#endif
