/* SPDX-License-Identifier: MIT */
/* Counters that a hypervisor offers by a page in the guest's memory, which user mode reads too: what pvclock.c and hvclock.c share.
 * Owns: finding a hypervisor by its name, and the page. Relies on: CPUID leaf 0x40000000, vdso.h.
 * Never: goes on by itself where the page can't be read: the counter then stands. */
#include "hypervisor.h"

#include "arch/arch.h"
#include "core/string.h"
#include "mm/page.h"
#include "vdso.h"
#include "x86.h"

bool hypervisor_is(const char *name)
{
	struct cpuid c;
	char found[13] = "";

	if (!cpu_features.hypervisor)
		return false;
	c = cpuid(HYPERVISOR_LEAF, 0);
	memcpy(found, &c.ebx, 4);
	memcpy(found + 4, &c.ecx, 4);
	memcpy(found + 8, &c.edx, 4);
	return !strcmp(found, name);
}

void *hypervisor_page(size_t below, paddr_t *pa)
{
	*pa = page_alloc(0);
	if (!*pa)
		return NULL;
	vdso_add_data_page(below, *pa);
	return arch_phys_to_virt(*pa);
}

uint64_t hypervisor_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

uint64_t hypervisor_latest(uint64_t *last, bool got, uint64_t value)
{
	uint64_t old = __atomic_load_n(last, __ATOMIC_RELAXED);

	while (got && value > old && !__atomic_compare_exchange_n(last, &old, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return got ? value : old;
}
