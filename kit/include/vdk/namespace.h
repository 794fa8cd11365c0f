/* SPDX-License-Identifier: MIT */
/* Owns: time namespaces, in which MONOTONIC and BOOTTIME are others than the system's by constant offsets: time_namespaces(7).
 * Relies on: vdk/page.h, vdk/time.h.
 * Who may include: every kernel.
 *
 * A namespace is one page, the same for all its processes: it stands below the image in place of the timekeeper's, which is mapped
 * VDK_IMAGE_PROPER_BELOW the image in these processes. It changes only while no process has it mapped. A tick costs nothing
 * for it, and a process outside pays nothing. MONOTONIC's offset is also that of MONOTONIC_RAW and MONOTONIC_COARSE; REALTIME and
 * TAI have none. */
#ifndef VDK_NAMESPACE_H
#define VDK_NAMESPACE_H

#include <stdbool.h>

#include "vdk/page.h"
#include "vdk/time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A clock of a namespace says at most this, in seconds, when its offset is set: half of what int64_t nanoseconds hold. Linux's limit. */
#define VDK_NAMESPACE_SEC_MAX 4611686018ll

/* What a namespace adds: 0 <= tv_nsec < 1e9, also where tv_sec is negative. */
struct vdk_time_offsets {
	struct vdk_timespec monotonic, boottime;
};

/* Fill `space`, aligned to VDK_PAGE_SIZE, as the page of a new namespace, whose offsets are those of `like`'s; NULL: none. What was in
 * it is lost. -VDK_EINVAL: not aligned. */
int vdk_namespace_init(struct vdk_page *space, const struct vdk_page *like);

/* May a namespace have these offsets now? 0; -VDK_EINVAL: a tv_nsec out of range; -VDK_ERANGE: a clock that would now be before 0 or beyond
 * VDK_NAMESPACE_SEC_MAX in it. */
int vdk_namespace_check(const struct vdk_timekeeper *tk, const struct vdk_time_offsets *offsets);

/* The offsets of the namespace with the page `space`, before its first process: both or none. Errors as above. */
int vdk_namespace_set(struct vdk_page *space, const struct vdk_timekeeper *tk, const struct vdk_time_offsets *offsets);

/* What vdk_namespace_set() was told, or zeros. */
void vdk_namespace_get(const struct vdk_page *space, struct vdk_time_offsets *offsets);

/* vdk_time_now() as a process in the namespace with the page `space` sees it; NULL: as outside. */
bool vdk_namespace_now(const struct vdk_timekeeper *tk, const struct vdk_page *space, int clock_id, struct vdk_timespec *ts);

/* What is to be added to clock `clock_id` of the system for the namespace's, in ns; 0 for clocks without an offset, and for NULL. */
int64_t vdk_namespace_offset_ns(const struct vdk_page *space, int clock_id);

#ifdef __cplusplus
}
#endif
#endif
