/* SPDX-License-Identifier: MIT */
/* Owns: what the entry points share: their names, the pages, the counter.
 * Relies on: the linker script, which places the data pages below the image.
 * Who may include: kit/image. */
#ifndef VDK_IMAGE_ENTRY_H
#define VDK_IMAGE_ENTRY_H

#include "counter.h"
#include "export.h"
#include "page/read.h"

/* Directly below the image: the page proper, or a time namespace's. Further down, mapped in a namespace only: the page proper. */
extern const struct vdk_page vdk_data __attribute__((visibility("hidden")));
extern const struct vdk_page vdk_behind __attribute__((visibility("hidden")));

/* For code that is out of line only: each entry point first goes by vdk_data as if it were the page proper; a namespace's sends it here. */
VDK_INLINE const struct vdk_page *vdk_proper_page(void)
{
	return VDK_LOAD(vdk_data.in_namespace) ? &vdk_behind : &vdk_data;
}

/* VDK_COUNTER_FN: the counter as the slot's mode says, if the machine alone has it. */
VDK_INLINE bool vdk_user_counter(const void *ctx, const struct vdk_slot *slot, uint64_t *scaled)
{
	unsigned int mode = VDK_LOAD(slot->mode) & ~VDK_MODE_SCALED;

	(void)ctx;
	if (mode == VDK_MODE_SYSCALL)
		return false;
	if (!scaled)
		return true;
	if (mode > VDK_MODE_COUNTER_ALT)
		return false;
	*scaled = vdk_scaled(slot, vdk_counter_read(mode), VDK_USER_WIDTH, VDK_LOAD(slot->shift));
	return true;
}

/* Where the architecture has no shorter way for the hot path: the cycles from *base to the counter; false: the other path is to say. */
#ifndef VDK_COUNTER_SINCE
VDK_INLINE bool vdk_counter_since(unsigned int mode, const uint64_t *base, uint64_t *cycles)
{
	*cycles = vdk_cycles_since(VDK_LOAD(*base), vdk_counter_read(mode), VDK_USER_WIDTH);
	return true;
}
#endif

/* VDK_COUNTER_FN: only what the architecture expects, in as few steps as that takes: the counter of VDK_HOT_MODE, whose cycle is longer
 * than a nanosecond, as that says, or with a branch more is not; or that of VDK_HOT_ALT, where there is one. */
VDK_INLINE bool vdk_hot_counter(const void *ctx, const struct vdk_slot *slot, uint64_t *scaled)
{
	const unsigned int counter = VDK_HOT_MODE & ~VDK_MODE_SCALED;
	unsigned int mode = VDK_LOAD(slot->mode);

	(void)ctx;
	if (!scaled)
		return mode != VDK_MODE_SYSCALL;
	if (__builtin_expect(mode == VDK_HOT_MODE, 1)) {
		if (__builtin_expect(!vdk_counter_since(counter, &slot->cycles, scaled), 0))
			return false;
		*scaled <<= VDK_HOT_MODE & VDK_MODE_SCALED ? VDK_LOAD(slot->shift) : 0;
		return true;
	}
#ifdef VDK_HOT_ALT
	if (mode == VDK_HOT_ALT)
		return vdk_counter_since(VDK_HOT_ALT, &slot->cycles, scaled);
#endif
	if (mode == (VDK_HOT_MODE ^ VDK_MODE_SCALED)) {
		if (__builtin_expect(!vdk_counter_since(counter, &slot->cycles, scaled), 0))
			return false;
		*scaled <<= VDK_HOT_MODE & VDK_MODE_SCALED ? 0 : VDK_LOAD(slot->shift);
		return true;
	}
	return false;
}

/* The page, by one register: the compiler would form each field's address anew. */
VDK_INLINE const struct vdk_page *vdk_hot_page(void)
{
	const struct vdk_page *upage = &vdk_data;

	__asm__("" : "+r"(upage));
	return upage;
}

/* Clock `id` in one attempt; false: vdk_user_clock() is to try. */
VDK_INLINE bool vdk_hot_clock(int id, struct vdk_timespec *ts)
{
	return vdk_read_clock(vdk_hot_page(), id, true, ts, vdk_hot_counter, NULL);
}

VDK_INLINE bool vdk_user_clock(int id, struct vdk_timespec *ts)
{
	return vdk_read_clock(&vdk_data, id, false, ts, vdk_user_counter, NULL);
}

/* Where that has failed: may another page do, a time namespace's or a hypervisor's? */
VDK_INLINE bool vdk_is_elsewhere(void)
{
	unsigned int mode = VDK_LOAD(vdk_latch_slot(&vdk_data, vdk_latch_begin(&vdk_data))->mode) & ~VDK_MODE_SCALED;

	return VDK_LOAD(vdk_data.in_namespace) || mode > VDK_MODE_COUNTER_ALT;
}

/* VDK_COUNTER_FN: the counter as the slot's mode says, whatever that is. */
VDK_INLINE bool vdk_any_counter(const void *ctx, const struct vdk_slot *slot, uint64_t *scaled)
{
#ifdef VDK_HYPERVISOR_PAGES
	unsigned int mode = VDK_LOAD(slot->mode) & ~VDK_MODE_SCALED;
	uint64_t counter;

	if (scaled && mode > VDK_MODE_COUNTER_ALT) {
		if (!vdk_hypervisor_read(mode, &counter))
			return false;
		*scaled = vdk_scaled(slot, counter, VDK_USER_WIDTH, VDK_LOAD(slot->shift));
		return true;
	}
#endif
	return vdk_user_counter(ctx, slot, scaled);
}

#endif
