/* SPDX-License-Identifier: MIT */
/* Owns: the counters beside the TSC: HPET, ACPI's power management timer, the PIT.
 * Relies on: acpi.h.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_TIMERS_H
#define VDK_KERNEL_ARCH_X86_64_TIMERS_H

#include <vdk/time.h>

#include "calibrate.h"

/* References for the TSC, best first, NULL-terminated. */
extern const struct cal_reference *const cal_references[];

/* NULL: the machine has none. */
const struct vdk_clocksource *hpet_clocksource(void);
const struct vdk_clocksource *pm_timer_clocksource(void);

#endif
