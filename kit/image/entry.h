/* SPDX-License-Identifier: MIT */
/* Owns: what the entry points share: their names, the page, the counter.
 * Relies on: the linker script, which places `vdk_data` directly below the image.
 * Who may include: kit/image. */
#ifndef VDK_IMAGE_ENTRY_H
#define VDK_IMAGE_ENTRY_H

#include "counter.h"
#include "exports.h"
#include "page/read.h"
#include "syscall.h"

extern const struct vdk_page vdk_data __attribute__((visibility("hidden")));

/* VDK_ENTRY(long, time, (args)) { ... } defines the exported function of that name, with its prototype, and the weak plain
 * name where the architecture has those. */
#ifdef VDK_PLAIN_NAMES
#define VDK_ALIAS(type, name, target, args) \
	type name args __attribute__((weak, alias(#target), visibility("default")));
#else
#define VDK_ALIAS(type, name, target, args)
#endif
#define VDK_ALIAS_OF(type, name, target, args) VDK_ALIAS(type, name, target, args)
#define VDK_ENTRY(type, name, args)                                                        \
	type VDK_PREFIX(name) args __attribute__((visibility("default"), aligned(64))); \
	VDK_ALIAS_OF(type, name, VDK_PREFIX(name), args)                                   \
	type VDK_PREFIX(name) args

/* VDK_COUNTER_FN: the counter as the slot's mode says. */
VDK_INLINE bool vdk_user_counter(const void *ctx, const struct vdk_slot *slot, uint64_t *value)
{
	unsigned int mode = VDK_LOAD(slot->mode);

	(void)ctx;
	if (__builtin_expect(mode == VDK_MODE_SYSCALL, 0))
		return false;
	if (value)
		*value = vdk_counter_read(mode);
	return true;
}

VDK_INLINE bool vdk_user_clock(int id, struct vdk_timespec *ts)
{
	return vdk_read_clock(&vdk_data, id, VDK_USER_WIDTH, ts, vdk_user_counter, NULL);
}

#endif
