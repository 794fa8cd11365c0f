/* SPDX-License-Identifier: MIT */
/* The read path of layout linux-6.1: from somebody else's page and a counter to the seven clocks.
 *
 * Owns: the arithmetic of a reading, and how long a reader waits. Relies on: vdk/linux_6_1.h, the compiler's 128-bit integers.
 * Never: waits for a writer that does not come back. */
#ifndef VDK_PAGE_LINUX_6_1_H
#define VDK_PAGE_LINUX_6_1_H

#include "page/read.h"
#include "vdk/linux_6_1.h"

/* Looks at a page whose update is under way, or was, until the system call is the better answer: some microseconds, several updates. */
#define VDK_LINUX_6_1_TRIES 256

/* How a reader gets the counter that `mode` names, with the order of vdk_counter_read(); false: it can't. */
#define VDK_LINUX_6_1_COUNTER_FN(name) bool (*name)(int32_t mode, uint64_t *counter)

/* The pages of a process: `upage` is where the image looks first, `proper` where the page proper is in a time namespace. */
struct vdk_linux_6_1_pages {
	const struct vdk_linux_6_1_data *upage, *proper;
};

VDK_INLINE bool vdk_linux_6_1_in_namespace(const struct vdk_linux_6_1_pages *pages)
{
	return __builtin_expect(VDK_LOAD(pages->upage->clock[0].clock_mode) == VDK_LINUX_6_1_NAMESPACE, 0);
}

VDK_INLINE const struct vdk_linux_6_1_data *vdk_linux_6_1_proper(const struct vdk_linux_6_1_pages *pages)
{
	return vdk_linux_6_1_in_namespace(pages) ? pages->proper : pages->upage;
}

/* What the namespace adds to `ts`, an offset of a page that is constant: its sec is signed, its nsec below 1e9. */
VDK_INLINE void vdk_linux_6_1_add(struct vdk_timespec *ts, const struct vdk_linux_6_1_base *offset)
{
	uint64_t ns = (uint64_t)ts->tv_nsec;

	ts->tv_sec += (int64_t)VDK_LOAD(offset->sec);
	vdk_carry(&ts->tv_sec, &ns, VDK_LOAD(offset->nsec));
	ts->tv_nsec = (int64_t)ns;
}

/* One attempt at clock `id` of an entry whose seq was even; whether it was still that afterwards, the caller sees.
 *
 * 128 bits: cycles are below 2^63, since those beyond half the mask count as 0, another CPU's counter being a little behind; mult is
 * below 2^32, nsec 64 bits. The sum stays below 2^96, however late the update is that would have kept it below 2^64. */
VDK_INLINE bool vdk_linux_6_1_once(const struct vdk_linux_6_1_entry *entry, int id, struct vdk_timespec *ts,
				   VDK_LINUX_6_1_COUNTER_FN(counter))
{
	uint64_t value, cycles, mask = VDK_LOAD(entry->mask), ns = 0;
	unsigned __int128 sum;

	if (!counter(VDK_LOAD(entry->clock_mode), &value))
		return false;
	cycles = (value - VDK_LOAD(entry->cycle_last)) & mask;
	if (cycles > mask >> 1)
		cycles = 0;
	sum = (unsigned __int128)cycles * VDK_LOAD(entry->mult) + VDK_LOAD(entry->base[id].nsec);
	ts->tv_sec = (int64_t)VDK_LOAD(entry->base[id].sec);
	vdk_carry(&ts->tv_sec, &ns, (uint64_t)(sum >> (VDK_LOAD(entry->shift) & 63)));
	ts->tv_nsec = (int64_t)ns;
	return true;
}

/* Clock `id` of an entry of a page proper. A coarse clock is a base, whose nsec is not shifted, and asks no mode. */
VDK_INLINE bool vdk_linux_6_1_entry(const struct vdk_linux_6_1_entry *entry, int id, bool coarse, struct vdk_timespec *ts,
				    VDK_LINUX_6_1_COUNTER_FN(counter))
{
	for (unsigned int i = 0; i < VDK_LINUX_6_1_TRIES; i++) {
		/* Pairs with the writer's store of the even number: who sees it sees the data. */
		uint32_t seq = __atomic_load_n(&entry->seq, __ATOMIC_ACQUIRE);

		if (__builtin_expect(seq & 1, 0))
			continue;
		if (coarse) {
			ts->tv_sec = (int64_t)VDK_LOAD(entry->base[id].sec);
			ts->tv_nsec = (int64_t)VDK_LOAD(entry->base[id].nsec);
		} else if (__builtin_expect(!vdk_linux_6_1_once(entry, id, ts, counter), 0)) {
			return false;
		}
		/* Pairs with the fence behind the writer's store of the odd number: who saw a byte of the next update sees that. */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__builtin_expect(VDK_LOAD(entry->seq) == seq, 1))
			return true;
	}
	return false;
}

/* Clock `id` now; false: the page does not hold it, or `counter` refused, or the page did not come to rest. */
VDK_INLINE bool vdk_linux_6_1_clock(const struct vdk_linux_6_1_pages *pages, int id, struct vdk_timespec *ts,
				    VDK_LINUX_6_1_COUNTER_FN(counter))
{
	const struct vdk_linux_6_1_data *proper = vdk_linux_6_1_proper(pages);
	bool raw = id == VDK_CLOCK_MONOTONIC_RAW, coarse = id == VDK_CLOCK_REALTIME_COARSE || id == VDK_CLOCK_MONOTONIC_COARSE;
	struct vdk_timespec now;

	switch (id) {
	case VDK_CLOCK_REALTIME:
	case VDK_CLOCK_MONOTONIC:
	case VDK_CLOCK_MONOTONIC_RAW:
	case VDK_CLOCK_REALTIME_COARSE:
	case VDK_CLOCK_MONOTONIC_COARSE:
	case VDK_CLOCK_BOOTTIME:
	case VDK_CLOCK_TAI:
		break;
	default:
		return false;
	}
	if (!vdk_linux_6_1_entry(&proper->clock[raw], id, coarse, &now, counter))
		return false;
	if (proper != pages->upage)
		vdk_linux_6_1_add(&now, &pages->upage->clock[raw].base[id]);
	*ts = now;
	return true;
}

/* Resolution of clock `id` in ns; 0: the page does not say. That of the coarse clocks, the tick, is not in it. */
VDK_INLINE uint32_t vdk_linux_6_1_res(const struct vdk_linux_6_1_pages *pages, int id)
{
	switch (id) {
	case VDK_CLOCK_REALTIME:
	case VDK_CLOCK_MONOTONIC:
	case VDK_CLOCK_MONOTONIC_RAW:
	case VDK_CLOCK_BOOTTIME:
	case VDK_CLOCK_TAI:
		return VDK_LOAD(vdk_linux_6_1_proper(pages)->clock[0].hrtimer_res);
	default:
		return 0;
	}
}

#endif
