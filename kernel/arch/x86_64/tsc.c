/* SPDX-License-Identifier: MIT */
/* The TSC as a clocksource: how it is read, how fast it runs, and, for tests, how it goes wrong.
 * Owns: the TSC. Relies on: CPUID for the frequency where it tells, else timers.h.
 * Never: offers a TSC that the command line calls unstable. */
#include "timers.h"

#include "arch/arch.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/string.h"
#include "x86.h"

#define CPUID_TSC 0x15
#define CPUID_HYPERVISOR_TSC 0x40000010
#define YEARS_10_SEC 315576000

static uint64_t read_rdtscp(const struct vdk_clocksource *cs)
{
	(void)cs;
	return rdtscp_ordered();
}

static uint64_t read_lfence(const struct vdk_clocksource *cs)
{
	(void)cs;
	return rdtsc_ordered();
}

static struct vdk_clocksource tsc = { .name = "tsc", .width = 64, .rating = 300, .verify = true };

/* The figure's source, or NULL. Leaf 0x16 is not asked: it is the number on the box. */
static const char *hz_from_cpuid(uint64_t *hz)
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

static void log_hz(const char *source, const char *how, unsigned int ppm)
{
	char bound[32] = "";

	if (ppm)
		snprintf(bound, sizeof(bound), ", +-%u ppm", ppm);
	log_info("tsc: %lu.%03lu MHz, from %s%s%s%s", tsc.hz / 1000000, tsc.hz / 1000 % 1000, source, how, bound,
		 cpu_features.tsc_invariant ? "" : "; the CPU does not call it invariant");
}

static void find_hz(void)
{
	const char *source = hz_from_cpuid(&tsc.hz);
	struct cal_result result;

	if (source) {
		log_hz(source, "", 0);
		return;
	}
	for (const struct cal_reference *const *r = cal_references; *r; r++)
		if (cal_measure(*r, &result)) {
			tsc.hz = result.hz;
			log_hz((*r)->name, " calibration", result.ppm);
			return;
		}
	panic("tsc: the CPU does not tell its frequency, and there is nothing to measure it against");
}

/* For tests: a second after the start the kernel's readings of it begin to be wrong. */
static uint64_t (*truth)(const struct vdk_clocksource *cs);
static uint64_t wrong_from;

static uint64_t stopped(const struct vdk_clocksource *cs)
{
	return MIN(truth(cs), wrong_from);
}

static uint64_t behind_by_half(const struct vdk_clocksource *cs)
{
	uint64_t now = truth(cs);

	return now < wrong_from ? now : now - (1ul << 63);
}

static uint64_t ahead_by_years(const struct vdk_clocksource *cs)
{
	uint64_t now = truth(cs);

	return now < wrong_from ? now : now + YEARS_10_SEC * cs->hz;
}

static uint64_t too_fast(const struct vdk_clocksource *cs)
{
	uint64_t now = truth(cs);

	return now < wrong_from ? now : now + (now - wrong_from) / 1000;
}

static void go_wrong(const char *how)
{
	static const struct {
		const char *name;
		uint64_t (*read)(const struct vdk_clocksource *cs);
	} ways[] = { { "stops", stopped }, { "back", behind_by_half }, { "jumps", ahead_by_years }, { "fast", too_fast } };

	truth = tsc.read;
	wrong_from = rdtsc_ordered() + tsc.hz;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(how, ways[i].name))
			tsc.read = ways[i].read;
	if (tsc.read == truth)
		log_warn("tsc=%s: not unstable, stops, back, jumps or fast", how);
}

uint64_t tsc_init(struct vdk_clocksource **cs)
{
	const char *how = cmdline_get("tsc");

	find_hz();
	tsc.read = cpu_features.rdtscp ? read_rdtscp : read_lfence;
	tsc.user_mode = cpu_features.rdtscp ? VDK_MODE_COUNTER : VDK_MODE_COUNTER_ALT;
	*cs = how && !strcmp(how, "unstable") ? NULL : &tsc;
	if (!*cs)
		log_info("tsc: not used as a clock (tsc=unstable)");
	else if (how)
		go_wrong(how);
	return tsc.hz;
}
