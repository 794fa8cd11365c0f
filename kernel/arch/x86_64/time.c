/* SPDX-License-Identifier: MIT */
/* Collects the counters, and finds out how fast the timer runs.
 * Owns: the list of clocksources. Relies on: timers.h, apic.h.
 * Never: goes by a timer that needs the TSC where the command line calls that unstable. */
#include <vdk/time.h>

#include "apic.h"
#include "arch/arch.h"
#include "core/log.h"
#include "hypervisor.h"
#include "timers.h"
#include "x86.h"

#define APIC_WINDOW_NS 10000000UL

static uint64_t tsc_hz;
static struct vdk_clocksource *clocksources[ARCH_CLOCKSOURCES_MAX + 1];

struct vdk_clocksource *const *arch_clocksources(void)
{
	return clocksources;
}

/* NULL: the machine has none. */
static void add(struct vdk_clocksource *cs)
{
	unsigned int i = 0;

	while (clocksources[i])
		i++;
	clocksources[i] = cs;
}

static bool apic_sample(struct cal_sample *s)
{
	s->before = rdtsc_ordered();
	s->reference = UINT32_MAX - apic_timer_count();
	s->after = rdtsc_ordered();
	return true;
}

/* The APIC's timer against the TSC, the other way round: the known one is the one that brackets. */
static void calibrate_apic_timer(void)
{
	static const struct cal_reference apic = { .name = "apic", .sample = apic_sample };
	uint64_t window = tsc_hz / ((uint64_t)NSEC_PER_SEC / APIC_WINDOW_NS), cycles, hz;
	unsigned long flags = arch_irq_save();
	struct cal_sample a, b;

	apic_timer_run_free();
	cal_narrowest(&apic, &a);
	while (rdtsc_ordered() - a.before < window)
		arch_cpu_relax();
	cal_narrowest(&apic, &b);
	arch_irq_restore(flags);
	cycles = ((b.before - a.before) + (b.after - a.after)) / 2;
	hz = (b.reference - a.reference) * tsc_hz / cycles;
	if (hz == 0)
		panic("apic: the timer does not count");
	apic_timer_set_hz(hz);
	log_info("apic: timer %lu.%03lu MHz", hz / 1000000, hz / 1000 % 1000);
}

void arch_time_init(void)
{
	struct vdk_clocksource *tsc;

	tsc_hz = tsc_init(&tsc);
	if (cpu_features.tsc_deadline && tsc)
		apic_timer_use_deadline(tsc_hz);
	else
		calibrate_apic_timer();
	add(tsc);
	add(pvclock_clocksource());
	add(hvclock_clocksource());
	add(hpet_clocksource());
	add(pm_timer_clocksource());
	add(pit_clocksource());
	if (!clocksources[0])
		panic("no clock but the TSC, and tsc=unstable");
}
