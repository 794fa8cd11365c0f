/* SPDX-License-Identifier: MIT */
/* Owns: the TSC, read in order.
 * Relies on: an invariant TSC, the same on all CPUs; the kernel chooses the mode.
 * Who may include: kit/image; through vdk/arch.h's contract. */
#ifndef VDK_ARCH_X86_64_COUNTER_H
#define VDK_ARCH_X86_64_COUNTER_H

#include "vdk/arch.h"
#include "vdk/hypervisor.h"

/* Faster than a GHz, but for few. */
#define VDK_HOT_MODE VDK_MODE_COUNTER
#define VDK_HOT_ALT VDK_MODE_COUNTER_ALT

/* COUNTER: RDTSCP, which waits until all earlier loads are done (Intel SDM, AMD APM: RDTSCP). COUNTER_ALT: LFENCE; RDTSC, for
 * CPUs without it. Later loads may pass either; the latch's second look at the number bounds that to what the CPU has
 * in flight (docs/decisions/rate-change.md). */
static inline __attribute__((always_inline)) void vdk_counter_halves(unsigned int mode, uint64_t *low, uint64_t *high)
{
	/* Both instructions clear the registers' upper halves. */
	if (__builtin_expect(mode == VDK_MODE_COUNTER, 1))
		__asm__ volatile("rdtscp" : "=a"(*low), "=d"(*high) : : "ecx", "memory");
	else
		__asm__ volatile("lfence; rdtsc" : "=a"(*low), "=d"(*high) : : "memory");
}

static inline __attribute__((always_inline)) uint64_t vdk_counter_read(unsigned int mode)
{
	uint64_t low, high;

	vdk_counter_halves(mode, &low, &high);
	return high << 32 | low;
}

/* For the hot path: the cycles since *base, if the counter's upper half is still that of *base, and its lower not below; a second
 * or two go by between changes of the upper half. Between counter and result stands only the lower half's subtraction: the upper
 * half decides a branch that is predicted. */
#define VDK_COUNTER_SINCE 1
static inline __attribute__((always_inline)) bool vdk_counter_since(unsigned int mode, const uint64_t *base, uint64_t *cycles)
{
	typedef uint32_t __attribute__((may_alias)) half;
	const half *of_base = (const half *)base;
	uint64_t low, high;
	uint32_t since;

	vdk_counter_halves(mode, &low, &high);
	if (__builtin_expect((uint32_t)high != __atomic_load_n(&of_base[1], __ATOMIC_RELAXED), 0))
		return false;
	if (__builtin_expect(__builtin_sub_overflow((uint32_t)low, __atomic_load_n(&of_base[0], __ATOMIC_RELAXED), &since), 0))
		return false;
	*cycles = since;
	return true;
}

/* Further down than the page proper; each is mapped where a mode says so. */
extern const struct vdk_pvclock vdk_pvclock_page __attribute__((visibility("hidden")));
extern const struct vdk_hvclock vdk_hvclock_page __attribute__((visibility("hidden")));

/* As vdk/hypervisor.h asks: not before earlier loads, and before later ones. */
static inline __attribute__((always_inline)) uint64_t vdk_tsc_between_loads(void)
{
	uint64_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return high << 32 | low;
}

/* The counter of a `mode` above COUNTER_ALT; false: not now, or there is no such mode. */
static inline bool vdk_hypervisor_read(unsigned int mode, uint64_t *counter)
{
	switch (mode) {
	case VDK_MODE_PVCLOCK:
		return vdk_pvclock_read(&vdk_pvclock_page, vdk_tsc_between_loads, counter);
	case VDK_MODE_HVCLOCK:
		return vdk_hvclock_read(&vdk_hvclock_page, vdk_tsc_between_loads, counter);
	default:
		return false;
	}
}

#endif
