/* SPDX-License-Identifier: MIT */
/* The one read path: from a page and a counter to the seven clocks.
 *
 * Owns: the arithmetic of a reading. Compiled into the image, into the kernel's own clocks (vdk_time_now) and into unit tests.
 * Relies on: kit/page/latch.h, the compiler's 128-bit integers.
 * Never: calls anything but the `counter` it is given, allocates, waits. */
#ifndef VDK_PAGE_READ_H
#define VDK_PAGE_READ_H

#include <stdbool.h>

#include "page/latch.h"
#include "vdk/clock.h"

#define VDK_INLINE static inline __attribute__((always_inline))

/* The branch that this stands in is predicted, and its other side is one step less from the counter to the result: the compiler
 * is not to turn it into a conditional move or an unconditional operation. */
#define VDK_KEEP_BRANCH() __asm__ volatile("")

/* `value` is loaded here. What is in another line than the number and the counter's mode is so on its way before the counter is read,
 * which waits for loads that have begun, and holds up those that have not. */
#define VDK_EARLY(value) __asm__ volatile("" : "+r"(value))

/* How a reader gets the counter: in *scaled the cycles since slot->cycles, times 2^slot->shift (vdk_scaled()); false: it can't, and
 * the reading is not served. With `scaled` NULL it only says whether it could. */
#define VDK_COUNTER_FN(name) bool (*name)(const void *ctx, const struct vdk_slot *slot, uint64_t *scaled)

/* Cycles from `base` to `counter` on a counter of `width` bits; 0 when `counter` is up to half a wrap behind, as another
 * CPU's counter may be.
 *
 * With the difference moved to the top of the word its sign is the half-range test, for every width. */
VDK_INLINE uint64_t vdk_cycles_since(uint64_t base, uint64_t counter, unsigned int width)
{
	uint64_t top = (counter - base) << (64 - width);

	if (__builtin_expect((int64_t)top < 0, 0)) {
		VDK_KEEP_BRANCH();
		return 0;
	}
	return top >> (64 - width);
}

VDK_INLINE uint64_t vdk_scaled(const struct vdk_slot *slot, uint64_t counter, unsigned int width, unsigned int shift)
{
	return vdk_cycles_since(VDK_LOAD(slot->cycles), counter, width) << shift;
}

/* `ns`, and the nanoseconds that `scaled` cycles, cycles * 2^shift, add to it and to its fraction *frac; in *frac the new fraction: exactly
 * ns + (cycles * 2^shift * mult + frac) / 2^64 and its remainder, `ns` below 2^32. All in one addition: its carry is a step that
 * a reading takes anyway.
 *
 * No overflow: mult is below 2^64 and, by the choice of shift (vdk_rate_of_hz in kit/time), cycles * 2^shift stays below 2^64 for
 * any span below 2^64 / 2.25 ns = 259 years; the product's high half then stays below 2^63, and the rest adds 2^32 at most. */
VDK_INLINE uint64_t vdk_scaled_to_ns(uint64_t scaled, uint64_t mult, uint64_t ns, uint64_t *frac)
{
	unsigned __int128 sum = (unsigned __int128)scaled * mult;

	sum += (unsigned __int128)ns << 64 | *frac;
	*frac = (uint64_t)sum;
	return (uint64_t)(sum >> 64);
}

/* *sec and *ns move on by `add`: whole seconds are carried, by one subtraction where that is enough. `*ns` is below 1e9 before
 * and after. */
VDK_INLINE void vdk_carry(int64_t *sec, uint64_t *ns, uint64_t add)
{
	uint64_t sum = *ns + add;

	if (__builtin_expect(sum >= VDK_NS_PER_SEC, 0)) {
		if (sum < 2ull * VDK_NS_PER_SEC) {
			*sec += 1;
			sum -= VDK_NS_PER_SEC;
		} else {
			*sec += (int64_t)(sum / VDK_NS_PER_SEC);
			sum %= VDK_NS_PER_SEC;
		}
	}
	*ns = sum;
}

/* REALTIME and MONOTONIC are read alike: one kind, and the id is an index. Every other clock is a kind of its own. */
#define VDK_KIND_HOT VDK_CLOCK_MONOTONIC

/* The base of a clock in a slot: what it said at slot->cycles. */
VDK_INLINE int64_t vdk_slot_sec(const struct vdk_slot *slot, int kind, int id)
{
	switch (kind) {
	case VDK_CLOCK_BOOTTIME:
		return VDK_LOAD(slot->boottime_sec);
	case VDK_CLOCK_MONOTONIC_RAW:
		return VDK_LOAD(slot->raw_sec);
	case VDK_CLOCK_TAI:
		return VDK_LOAD(slot->sec[VDK_CLOCK_REALTIME]) + VDK_LOAD(slot->tai_offset_sec);
	default: /* the id is the index */
		return VDK_LOAD(slot->sec[id]);
	}
}

VDK_INLINE uint32_t vdk_slot_ns(const struct vdk_slot *slot, int kind, int id)
{
	switch (kind) {
	case VDK_CLOCK_BOOTTIME:
		return VDK_LOAD(slot->boottime_ns);
	case VDK_CLOCK_MONOTONIC_RAW:
		return VDK_LOAD(slot->raw_ns);
	case VDK_CLOCK_TAI:
		return VDK_LOAD(slot->ns[VDK_CLOCK_REALTIME]);
	default:
		return VDK_LOAD(slot->ns[id]);
	}
}

/* A clock that goes with the counter: `id`, of the constant kind `kind`. With `once` a reading that would have to go round again is
 * not served, nor one in the middle of an update: code without a loop, at constant addresses. */
VDK_INLINE bool vdk_read_fine(const struct vdk_page *upage, int kind, int id, bool once, struct vdk_timespec *ts,
			      VDK_COUNTER_FN(counter), const void *ctx)
{
	bool raw = kind == VDK_CLOCK_MONOTONIC_RAW, early = once && kind != VDK_KIND_HOT;
	uint64_t seq, scaled, frac, ns;
	int64_t sec;

	for (;;) {
		const struct vdk_slot *slot;

		seq = vdk_latch_begin(upage);
		if (once && __builtin_expect(!vdk_latch_at_rest(seq), 0))
			return false;
		slot = once ? &upage->slot[0] : vdk_latch_slot(upage, seq);
		if (early) {
			sec = vdk_slot_sec(slot, kind, id);
			VDK_EARLY(sec);
		}
		if (__builtin_expect(!counter(ctx, slot, &scaled), 0))
			return false;
		frac = raw ? VDK_LOAD(slot->raw_frac) : VDK_LOAD(slot->frac);
		ns = vdk_slot_ns(slot, kind, id);
		ns = vdk_scaled_to_ns(scaled, raw ? VDK_LOAD(slot->raw_mult) : VDK_LOAD(slot->mult), ns, &frac);
		/* Consume the snapshot before the look at the number: what waits for the look stays few registers. */
		__asm__ volatile("" : "+r"(ns));
		if (!early)
			sec = vdk_slot_sec(slot, kind, id);
		if (__builtin_expect(!vdk_latch_retry(upage, seq), 1))
			break;
		if (once)
			return false;
	}
	vdk_carry(&sec, &ns, 0);
	ts->tv_sec = sec;
	ts->tv_nsec = (int64_t)ns;
	return true;
}

/* A clock that goes with the tick: REALTIME_COARSE and MONOTONIC_COARSE are the bases of the fine clock `id`. */
VDK_INLINE bool vdk_read_coarse(const struct vdk_page *upage, int id, bool once, struct vdk_timespec *ts,
				VDK_COUNTER_FN(counter), const void *ctx)
{
	uint64_t seq, ns;
	int64_t sec;

	for (;;) {
		const struct vdk_slot *slot;

		seq = vdk_latch_begin(upage);
		if (once && __builtin_expect(!vdk_latch_at_rest(seq), 0))
			return false;
		slot = once ? &upage->slot[0] : vdk_latch_slot(upage, seq);
		if (__builtin_expect(!counter(ctx, slot, NULL), 0))
			return false;
		sec = vdk_slot_sec(slot, VDK_KIND_HOT, id);
		ns = vdk_slot_ns(slot, VDK_KIND_HOT, id);
		if (__builtin_expect(!vdk_latch_retry(upage, seq), 1))
			break;
		if (once)
			return false;
	}
	ts->tv_sec = sec;
	ts->tv_nsec = (int64_t)ns;
	return true;
}

/* REALTIME_COARSE's second alone, in one attempt. It is one word, so it is whole; and what is in slot 0 has been published, since slot 1
 * held it when readers were sent there. So there is nothing to look at the number for again: tests/litmus/latch-second.litmus. In
 * slot 1 it could be of a snapshot that is yet to be published, and a coarse clock read after it be behind. */
VDK_INLINE bool vdk_read_second(const struct vdk_page *upage, int64_t *sec, VDK_COUNTER_FN(counter), const void *ctx)
{
	if (__builtin_expect(!vdk_latch_at_rest(vdk_latch_begin(upage)), 0) ||
	    __builtin_expect(!counter(ctx, &upage->slot[0], NULL), 0))
		return false;
	*sec = VDK_LOAD(upage->slot[0].sec[VDK_CLOCK_REALTIME]);
	/* Pairs with the release fence in vdk_latch_write(): whatever this thread reads next sees the number that the second was
	 * published with, or a later one. Without it, tests/litmus/latch-second.litmus fails. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return true;
}

/* Clock `id` now; false: the page does not hold it, or `counter` refused, or `once`. Each call below is a copy of its own, with
 * the clock's offsets as constants. */
VDK_INLINE bool vdk_read_clock(const struct vdk_page *upage, int id, bool once, struct vdk_timespec *ts,
			       VDK_COUNTER_FN(counter), const void *ctx)
{
	switch (id) {
	case VDK_CLOCK_REALTIME:
		return vdk_read_fine(upage, VDK_KIND_HOT, VDK_CLOCK_REALTIME, once, ts, counter, ctx);
	case VDK_CLOCK_MONOTONIC:
		return vdk_read_fine(upage, VDK_KIND_HOT, VDK_CLOCK_MONOTONIC, once, ts, counter, ctx);
	case VDK_CLOCK_MONOTONIC_RAW:
		return vdk_read_fine(upage, VDK_CLOCK_MONOTONIC_RAW, id, once, ts, counter, ctx);
	case VDK_CLOCK_REALTIME_COARSE:
	case VDK_CLOCK_MONOTONIC_COARSE:
		return vdk_read_coarse(upage, id - VDK_CLOCK_REALTIME_COARSE, once, ts, counter, ctx);
	case VDK_CLOCK_BOOTTIME:
		return vdk_read_fine(upage, VDK_CLOCK_BOOTTIME, id, once, ts, counter, ctx);
	case VDK_CLOCK_TAI:
		return vdk_read_fine(upage, VDK_CLOCK_TAI, id, once, ts, counter, ctx);
	default:
		return false;
	}
}

/* What the time namespace with the page `space` adds to clock `id`, in ns. One word, so never torn. */
VDK_INLINE int64_t vdk_namespace_offset(const struct vdk_page *space, int id)
{
	switch (id) {
	case VDK_CLOCK_MONOTONIC:
	case VDK_CLOCK_MONOTONIC_RAW:
	case VDK_CLOCK_MONOTONIC_COARSE:
		return VDK_LOAD(space->offset_ns[0]);
	case VDK_CLOCK_BOOTTIME:
		return VDK_LOAD(space->offset_ns[1]);
	default:
		return 0;
	}
}

/* The time `ts` moves by `offset_ns`, either way; tv_nsec stays from 0 to 1e9 - 1. */
VDK_INLINE void vdk_move(struct vdk_timespec *ts, int64_t offset_ns)
{
	int64_t ns = ts->tv_nsec + offset_ns % (int64_t)VDK_NS_PER_SEC; /* beyond a second by less than one, either way */

	ts->tv_sec += offset_ns / (int64_t)VDK_NS_PER_SEC;
	if (ns < 0) {
		ts->tv_sec -= 1;
		ns += VDK_NS_PER_SEC;
	} else if (ns >= (int64_t)VDK_NS_PER_SEC) {
		ts->tv_sec += 1;
		ns -= VDK_NS_PER_SEC;
	}
	ts->tv_nsec = ns;
}

/* Resolution of clock `id` in ns; 0: the page does not hold it, or nobody has filled the page. */
VDK_INLINE uint32_t vdk_read_res(const struct vdk_page *upage, int id)
{
	switch (id) {
	case VDK_CLOCK_REALTIME:
	case VDK_CLOCK_MONOTONIC:
	case VDK_CLOCK_MONOTONIC_RAW:
	case VDK_CLOCK_BOOTTIME:
	case VDK_CLOCK_TAI:
		return VDK_LOAD(upage->res_ns);
	case VDK_CLOCK_REALTIME_COARSE:
	case VDK_CLOCK_MONOTONIC_COARSE:
		return VDK_LOAD(upage->coarse_res_ns);
	default:
		return 0;
	}
}

#endif
