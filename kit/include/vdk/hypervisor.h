/* SPDX-License-Identifier: MIT */
/* Owns: counters that a hypervisor defines by a page: KVM's pvclock, Hyper-V's reference TSC page. Their layouts, and how they are read.
 * Relies on: the compiler's 128-bit integers; loads that the CPU keeps in order, as x86_64 does.
 * Who may include: everyone. The image reads both by these functions, in the modes VDK_MODE_PVCLOCK and VDK_MODE_HVCLOCK; so does
 * a kernel whose clocksource one of them is.
 *
 * Both pages say how to compute the counter from the TSC, and change when the hypervisor moves the guest or learns better. Readers
 * never wait for it: after VDK_HYPERVISOR_TRIES changes under it a reading gives up, and the caller asks somebody else: user mode
 * the kernel, the kernel whatever it has besides.
 *
 * `tsc` reads the TSC, not before earlier loads are done and before later ones begin (LFENCE; RDTSC; LFENCE): a reading whose two
 * looks at the version agree has read the TSC while the page was so, and is not overtaken by one that reads the next. */
#ifndef VDK_HYPERVISOR_H
#define VDK_HYPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VDK_HYPERVISOR_TRIES 8

/* KVM: what MSR_KVM_SYSTEM_TIME_NEW (0x4b564d01) names, per virtual CPU: Documentation/virt/kvm/x86/msr.rst. */
struct vdk_pvclock {
	uint32_t version; /* odd: being changed */
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time;       /* ns at tsc_timestamp */
	uint32_t tsc_to_system_mul; /* ns per shifted cycle, in units of 2^-32 */
	int8_t tsc_shift;           /* cycles are shifted left by this, right where it is negative */
	uint8_t flags;
	uint8_t pad[2];
};

/* In `flags`: all virtual CPUs' times agree, so that CPU 0's will do for all. Without it, no reading. */
#define VDK_PVCLOCK_TSC_STABLE 1u

/* Hyper-V: what HV_X64_MSR_REFERENCE_TSC (0x40000021) names, one for all: Hypervisor Top-Level Functional Specification, "Partition
 * Reference Time Enlightenment". */
struct vdk_hvclock {
	uint32_t sequence; /* 0: not to be used now */
	uint32_t reserved;
	uint64_t scale;    /* of 100 ns per cycle, in units of 2^-64 */
	int64_t offset;    /* in 100 ns */
};

#define VDK_PVCLOCK_HZ 1000000000u
#define VDK_HVCLOCK_HZ 10000000u

/* In *ns the time since the guest's start, in ns. False: not stable, of a shift that no TSC needs (32 or more either way), or changed
 * at every try. A TSC behind tsc_timestamp counts as that. */
static inline bool vdk_pvclock_read(const struct vdk_pvclock *page, uint64_t (*tsc)(void), uint64_t *ns)
{
	int tries = VDK_HYPERVISOR_TRIES;

	__asm__("" : "+r"(tries)); /* not to be unrolled */
	do {
		uint32_t version = __atomic_load_n(&page->version, __ATOMIC_ACQUIRE);
		uint64_t cycles = tsc() - __atomic_load_n(&page->tsc_timestamp, __ATOMIC_RELAXED);
		uint64_t base = __atomic_load_n(&page->system_time, __ATOMIC_RELAXED);
		uint32_t mul = __atomic_load_n(&page->tsc_to_system_mul, __ATOMIC_RELAXED);
		int shift = __atomic_load_n(&page->tsc_shift, __ATOMIC_RELAXED);
		unsigned int flags = __atomic_load_n(&page->flags, __ATOMIC_RELAXED);

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if ((version & 1) || __atomic_load_n(&page->version, __ATOMIC_RELAXED) != version)
			continue;
		if (!(flags & VDK_PVCLOCK_TSC_STABLE) || shift <= -32 || shift >= 32)
			return false;
		if ((int64_t)cycles < 0)
			cycles = 0;
		cycles = shift < 0 ? cycles >> -shift : cycles << shift;
		*ns = base + (uint64_t)(__extension__(unsigned __int128)cycles * mul >> 32);
		return true;
	} while (--tries);
	return false;
}

/* In *ticks the partition's reference time, in 100 ns. False: sequence 0, or changed at every try. */
static inline bool vdk_hvclock_read(const struct vdk_hvclock *page, uint64_t (*tsc)(void), uint64_t *ticks)
{
	int tries = VDK_HYPERVISOR_TRIES;

	__asm__("" : "+r"(tries)); /* not to be unrolled */
	do {
		uint32_t sequence = __atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE);
		uint64_t cycles, scale, offset;

		if (!sequence)
			return false;
		cycles = tsc();
		scale = __atomic_load_n(&page->scale, __ATOMIC_RELAXED);
		offset = (uint64_t)__atomic_load_n(&page->offset, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&page->sequence, __ATOMIC_RELAXED) != sequence)
			continue;
		*ticks = (uint64_t)(__extension__(unsigned __int128)cycles * scale >> 64) + offset;
		return true;
	} while (--tries);
	return false;
}

#ifdef __cplusplus
}
static_assert(sizeof(struct vdk_pvclock) == 32 && sizeof(struct vdk_hvclock) == 24, "as the hypervisors write them");
#else
_Static_assert(sizeof(struct vdk_pvclock) == 32 && sizeof(struct vdk_hvclock) == 24, "as the hypervisors write them");
#endif
#endif
