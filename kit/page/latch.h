/* SPDX-License-Identifier: MIT */
/* Publication of a snapshot to readers that never wait: a sequence latch.
 *
 * Owns: the page's sequence number and the order of all accesses to its slots.
 * Relies on: one writer at a time; 64-bit atomic loads and stores.
 * Never: waits, neither side.
 *
 * The number's lowest bit that counts sends readers to a slot. An update writes slot 1 while that is 0, steps on, writes the same to
 * slot 0, steps on. Wherever the writer stops, the slot that readers are sent to is whole: the old snapshot before the
 * first change of the number, the new one after. A reader goes round again only if the number changed under it, that
 * is, if a publication completed meanwhile. At rest slot 0, in the number's own cache line, serves.
 * It does not come round while a reader sleeps: that would take 2^57 steps. */
#ifndef VDK_PAGE_LATCH_H
#define VDK_PAGE_LATCH_H

#include <stdbool.h>

#include "vdk/page.h"

/* The payload is read and written as relaxed atomics: a reader may see a torn snapshot, but not torn words, and then
 * discards it. */
#define VDK_LOAD(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define VDK_STORE(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

/* The number goes on in steps of a slot's size: the bit that alternates is the offset of the slot that readers are sent to. 57 bits
 * count. */
#define VDK_LATCH_STEP 128u
_Static_assert(VDK_LATCH_STEP == sizeof(struct vdk_slot), "the step is a slot");

static inline uint64_t vdk_latch_begin(const struct vdk_page *upage)
{
	/* Pairs with the release store in vdk_latch_flip(): who sees the number sees the slot it sends to. Without it,
	 * tests/litmus/latch-number-slot.litmus fails, and latch-counter.litmus, for the counter read that follows. */
	return __atomic_load_n(&upage->slot[0].seq, __ATOMIC_ACQUIRE);
}

static inline const struct vdk_slot *vdk_latch_slot(const struct vdk_page *upage, uint64_t seq)
{
	return (const struct vdk_slot *)((const char *)upage + (seq & VDK_LATCH_STEP));
}

/* Whether it sends to slot 0: then its address is a constant, and no load of the snapshot waits for the number's. That is always so but
 * for the middle of an update, or where a writer has stopped there. */
static inline bool vdk_latch_at_rest(uint64_t seq)
{
	return !(seq & VDK_LATCH_STEP);
}

static inline bool vdk_latch_retry(const struct vdk_page *upage, uint64_t seq)
{
	/* Pairs with the release fence in vdk_latch_write(): who saw a byte of a later snapshot sees a later number. Without it,
	 * tests/litmus/latch-slot-number.litmus fails. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __builtin_expect(VDK_LOAD(upage->slot[0].seq) != seq, 0);
}

/* The one list of a snapshot's fields: `to` of a page, `from` the writer's own. */
static inline void vdk_slot_store(struct vdk_slot *to, const struct vdk_slot *from)
{
	VDK_STORE(to->cycles, from->cycles);
	VDK_STORE(to->mult, from->mult);
	VDK_STORE(to->frac, from->frac);
	for (int i = 0; i < 2; i++) {
		VDK_STORE(to->sec[i], from->sec[i]);
		VDK_STORE(to->ns[i], from->ns[i]);
	}
	VDK_STORE(to->mode, from->mode);
	VDK_STORE(to->shift, from->shift);
	VDK_STORE(to->width, from->width);
	VDK_STORE(to->source, from->source);
	VDK_STORE(to->boottime_sec, from->boottime_sec);
	VDK_STORE(to->boottime_ns, from->boottime_ns);
	VDK_STORE(to->tai_offset_sec, from->tai_offset_sec);
	VDK_STORE(to->raw_mult, from->raw_mult);
	VDK_STORE(to->raw_frac, from->raw_frac);
	VDK_STORE(to->raw_sec, from->raw_sec);
	VDK_STORE(to->raw_ns, from->raw_ns);
}

/* The writer's steps, apart so that a test can stop between them; vdk_latch_publish() is the one order that is right.
 * `slot` 1, then 0. */
static inline void vdk_latch_write(struct vdk_page *kpage, unsigned int slot, const struct vdk_slot *now)
{
	/* Pairs with the acquire fence in vdk_latch_retry(): the number that sent readers away from this slot is out before
	 * the first byte in it changes. Without it, tests/litmus/latch-slot-number.litmus fails. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	vdk_slot_store(&kpage->slot[slot], now);
}

static inline void vdk_latch_flip(struct vdk_page *kpage)
{
	/* Pairs with the acquire load in vdk_latch_begin(): the slot is whole before readers are sent to it. Without it,
	 * tests/litmus/latch-number-slot.litmus fails. tests/kit/fences.t has all four as the machines' instructions. */
	__atomic_store_n(&kpage->slot[0].seq, VDK_LOAD(kpage->slot[0].seq) + VDK_LATCH_STEP, __ATOMIC_RELEASE);
}

static inline void vdk_latch_publish(struct vdk_page *kpage, const struct vdk_slot *now)
{
	vdk_latch_write(kpage, 1, now);
	vdk_latch_flip(kpage);
	vdk_latch_write(kpage, 0, now);
	vdk_latch_flip(kpage);
}

#endif
