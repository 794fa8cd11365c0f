/* SPDX-License-Identifier: MIT */
/* The page of a time namespace, and the clocks in it.
 *
 * Owns: what is in that page. Relies on: kit/page/read.h, which adds the offsets for user mode too.
 * Never: changes a page that a process has mapped. */
#include "vdk/namespace.h"

#include "page/read.h"

int vdk_namespace_init(struct vdk_page *space, const struct vdk_page *like)
{
	if ((uintptr_t)space % VDK_PAGE_SIZE)
		return -VDK_EINVAL;
	__builtin_memset(space, 0, sizeof(*space));
	space->slot[0].seq = VDK_NAMESPACE_SEQ;
	space->magic = VDK_PAGE_MAGIC;
	space->version = VDK_PAGE_VERSION;
	space->size = sizeof(*space);
	space->in_namespace = 1;
	for (int i = 0; i < 2 && like; i++)
		space->offset_ns[i] = VDK_LOAD(like->offset_ns[i]);
	return 0;
}

/* In *ns the offset, if the clock that it is for says something sensible with it. Its own range, VDK_NAMESPACE_SEC_MAX either way, keeps
 * the sum below 2^63 seconds and the product below 2^63 nanoseconds. */
static int offset_ns(const struct vdk_timekeeper *tk, int clock_id, const struct vdk_timespec *offset, int64_t *ns)
{
	struct vdk_timespec ts;

	if (offset->tv_nsec < 0 || offset->tv_nsec >= (int64_t)VDK_NS_PER_SEC)
		return -VDK_EINVAL;
	if (offset->tv_sec < -VDK_NAMESPACE_SEC_MAX || offset->tv_sec > VDK_NAMESPACE_SEC_MAX)
		return -VDK_ERANGE;
	*ns = offset->tv_sec * (int64_t)VDK_NS_PER_SEC + offset->tv_nsec;
	vdk_time_now(tk, clock_id, &ts);
	vdk_move(&ts, *ns);
	return ts.tv_sec < 0 || ts.tv_sec > VDK_NAMESPACE_SEC_MAX ? -VDK_ERANGE : 0;
}

/* In ns[0] MONOTONIC's, in ns[1] BOOTTIME's. */
static int both_ns(const struct vdk_timekeeper *tk, const struct vdk_time_offsets *offsets, int64_t *ns)
{
	int rc = offset_ns(tk, VDK_CLOCK_MONOTONIC, &offsets->monotonic, &ns[0]);

	return rc ? rc : offset_ns(tk, VDK_CLOCK_BOOTTIME, &offsets->boottime, &ns[1]);
}

int vdk_namespace_check(const struct vdk_timekeeper *tk, const struct vdk_time_offsets *offsets)
{
	int64_t ns[2];

	return both_ns(tk, offsets, ns);
}

int vdk_namespace_set(struct vdk_page *space, const struct vdk_timekeeper *tk, const struct vdk_time_offsets *offsets)
{
	int64_t ns[2];
	int rc = both_ns(tk, offsets, ns);

	for (int i = 0; i < 2 && !rc; i++)
		VDK_STORE(space->offset_ns[i], ns[i]);
	return rc;
}

int64_t vdk_namespace_offset_ns(const struct vdk_page *space, int clock_id)
{
	return space ? vdk_namespace_offset(space, clock_id) : 0;
}

void vdk_namespace_get(const struct vdk_page *space, struct vdk_time_offsets *offsets)
{
	*offsets = (struct vdk_time_offsets){ { 0, 0 }, { 0, 0 } };
	vdk_move(&offsets->monotonic, vdk_namespace_offset(space, VDK_CLOCK_MONOTONIC));
	vdk_move(&offsets->boottime, vdk_namespace_offset(space, VDK_CLOCK_BOOTTIME));
}

bool vdk_namespace_now(const struct vdk_timekeeper *tk, const struct vdk_page *space, int clock_id, struct vdk_timespec *ts)
{
	if (!vdk_time_now(tk, clock_id, ts))
		return false;
	vdk_move(ts, vdk_namespace_offset_ns(space, clock_id));
	return true;
}
