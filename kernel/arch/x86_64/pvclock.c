/* SPDX-License-Identifier: MIT */
/* KVM's clock.
 * Owns: virtual CPU 0's page, which serves all, as KVM says by TSC_STABLE. Relies on: Documentation/virt/kvm/x86/{cpuid,msr}.rst.
 * Never: is preferred to a TSC that goes on at one rate by itself. */
#include "hypervisor.h"
#include "vdso-image.h"
#include "x86.h"

#define KVM_FEATURES (HYPERVISOR_LEAF + 1)
#define KVM_CLOCKSOURCE2 (1u << 3)
#define KVM_CLOCKSOURCE_STABLE (1u << 24)
#define MSR_KVM_SYSTEM_TIME_NEW 0x4b564d01
#define SYSTEM_TIME_ON 1

static const struct vdk_pvclock *page;
static uint64_t last;

static uint64_t read(const struct vdk_clocksource *cs)
{
	uint64_t ns = 0;
	bool got = vdk_pvclock_read(page, hypervisor_tsc, &ns);

	(void)cs;
	return hypervisor_latest(&last, got, ns);
}

struct vdk_clocksource *pvclock_clocksource(void)
{
	static struct vdk_clocksource cs = { .name = "kvm-clock", .read = read, .hz = VDK_PVCLOCK_HZ, .width = 64,
		.user_mode = VDK_MODE_PVCLOCK, .rating = 400 };
	const uint32_t wanted = KVM_CLOCKSOURCE2 | KVM_CLOCKSOURCE_STABLE;
	uint64_t ns;
	paddr_t pa;

	if (!hypervisor_is("KVMKVMKVM") || (cpuid(KVM_FEATURES, 0).eax & wanted) != wanted)
		return NULL;
	page = hypervisor_page(VDK_IMAGE_PVCLOCK_BELOW, &pa);
	if (!page)
		return NULL;
	wrmsr(MSR_KVM_SYSTEM_TIME_NEW, pa | SYSTEM_TIME_ON);
	if (!vdk_pvclock_read(page, hypervisor_tsc, &ns))
		return NULL;
	if (cpu_features.tsc_invariant)
		cs.rating = 299;
	return &cs;
}
