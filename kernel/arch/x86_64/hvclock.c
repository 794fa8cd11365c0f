/* SPDX-License-Identifier: MIT */
/* Hyper-V's reference TSC page.
 * Owns: that page. Relies on: Hypervisor Top-Level Functional Specification, "Partition Reference Time Enlightenment".
 * Never: is preferred to a TSC that goes on at one rate by itself. */
#include "hypervisor.h"
#include "vdso-image.h"
#include "x86.h"

#define HV_FEATURES (HYPERVISOR_LEAF + 3)
#define HV_REFERENCE_TSC (1u << 9) /* AccessPartitionReferenceTsc */
#define HV_X64_MSR_REFERENCE_TSC 0x40000021
#define REFERENCE_TSC_ON 1

static const struct vdk_hvclock *page;
static uint64_t last;

static uint64_t read(const struct vdk_clocksource *cs)
{
	uint64_t ticks = 0;
	bool got = vdk_hvclock_read(page, hypervisor_tsc, &ticks);

	(void)cs;
	return hypervisor_latest(&last, got, ticks);
}

struct vdk_clocksource *hvclock_clocksource(void)
{
	static struct vdk_clocksource cs = { .name = "hyperv_clocksource_tsc_page", .read = read, .hz = VDK_HVCLOCK_HZ,
		.width = 64, .user_mode = VDK_MODE_HVCLOCK, .rating = 500 };
	uint64_t ticks;
	paddr_t pa;

	if (!hypervisor_is("Microsoft Hv") || !(cpuid(HV_FEATURES, 0).eax & HV_REFERENCE_TSC))
		return NULL;
	page = hypervisor_page(VDK_IMAGE_HVCLOCK_BELOW, &pa);
	if (!page)
		return NULL;
	wrmsr(HV_X64_MSR_REFERENCE_TSC, pa | REFERENCE_TSC_ON);
	if (!vdk_hvclock_read(page, hypervisor_tsc, &ticks))
		return NULL;
	if (cpu_features.tsc_invariant)
		cs.rating = 299;
	return &cs;
}
