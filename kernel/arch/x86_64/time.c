/* SPDX-License-Identifier: MIT */
/* Chooses the counters, and finds out how fast they run.
 * Owns: the TSC as a clocksource; the list of clocksources.
 * Relies on: CPUID where it tells, else timers.h.
 * Never: offers user mode a TSC that the command line calls unstable. */
#include <vdk/time.h>

#include "acpi.h"
#include "apic.h"
#include "arch/arch.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "timers.h"
#include "x86.h"

#define CPUID_TSC 0x15
#define CPUID_HYPERVISOR_TSC 0x40000010
#define APIC_WINDOW_NS 10000000UL

static uint64_t tsc_read_rdtscp(const struct vdk_clocksource *cs)
{
	(void)cs;
	return rdtscp_ordered();
}

static uint64_t tsc_read_lfence(const struct vdk_clocksource *cs)
{
	(void)cs;
	return rdtsc_ordered();
}

static struct vdk_clocksource tsc = { .name = "tsc", .width = 64 };
static const struct vdk_clocksource *clocksources[4];

const struct vdk_clocksource *const *arch_clocksources(void)
{
	return clocksources;
}

static void add(const struct vdk_clocksource *cs)
{
	unsigned int i = 0;

	while (clocksources[i])
		i++;
	clocksources[i] = cs;
}

/* The figure's source, or NULL. Leaf 0x16 is not asked: it is the number on the box. */
static const char *tsc_from_cpuid(uint64_t *hz)
{
	struct cpuid c = cpuid(CPUID_TSC, 0);

	if (c.eax && c.ebx && c.ecx) {
		*hz = (uint64_t)c.ecx * c.ebx / c.eax;
		return "cpuid leaf 0x15";
	}
	if (cpu_features.hypervisor) {
		*hz = (uint64_t)cpuid(CPUID_HYPERVISOR_TSC, 0).eax * 1000;
		return *hz ? "the hypervisor's cpuid leaf" : NULL;
	}
	return NULL;
}

static void log_tsc(const char *source, const char *how, unsigned int ppm)
{
	char bound[32] = "";

	if (ppm)
		snprintf(bound, sizeof(bound), ", +-%u ppm", ppm);
	log_info("tsc: %lu.%03lu MHz, from %s%s%s%s", tsc.hz / 1000000, tsc.hz / 1000 % 1000, source, how, bound,
		 cpu_features.tsc_invariant ? "" : "; the CPU does not call it invariant");
}

static void find_tsc_hz(void)
{
	const char *source = tsc_from_cpuid(&tsc.hz);
	struct cal_result result;

	if (source) {
		log_tsc(source, "", 0);
		return;
	}
	for (const struct cal_reference *const *r = cal_references; *r; r++)
		if (cal_measure(*r, &result)) {
			tsc.hz = result.hz;
			log_tsc((*r)->name, " calibration", result.ppm);
			return;
		}
	panic("tsc: the CPU does not tell its frequency, and there is nothing to measure it against");
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
	uint64_t window = tsc.hz / ((uint64_t)NSEC_PER_SEC / APIC_WINDOW_NS), cycles, hz;
	unsigned long flags = arch_irq_save();
	struct cal_sample a, b;

	apic_timer_run_free();
	cal_narrowest(&apic, &a);
	while (rdtsc_ordered() - a.before < window)
		arch_cpu_relax();
	cal_narrowest(&apic, &b);
	arch_irq_restore(flags);
	cycles = ((b.before - a.before) + (b.after - a.after)) / 2;
	hz = (b.reference - a.reference) * tsc.hz / cycles;
	if (hz == 0)
		panic("apic: the timer does not count");
	apic_timer_set_hz(hz);
	log_info("apic: timer %lu.%03lu MHz", hz / 1000000, hz / 1000 % 1000);
}

void arch_time_init(void)
{
	const struct vdk_clocksource *hpet, *pm_timer;
	bool unstable = cmdline_is("tsc", "unstable");

	find_tsc_hz();
	tsc.read = cpu_features.rdtscp ? tsc_read_rdtscp : tsc_read_lfence;
	tsc.user_mode = cpu_features.rdtscp ? VDK_MODE_COUNTER : VDK_MODE_COUNTER_ALT;
	if (cpu_features.tsc_deadline && !unstable)
		apic_timer_use_deadline(tsc.hz);
	else
		calibrate_apic_timer();
	if (unstable)
		log_info("tsc: not used as a clock (tsc=unstable)");
	else
		add(&tsc);
	hpet = hpet_clocksource();
	if (hpet)
		add(hpet);
	pm_timer = pm_timer_clocksource();
	if (pm_timer)
		add(pm_timer);
	if (!clocksources[0])
		panic("no clock but the TSC, and tsc=unstable");
}
