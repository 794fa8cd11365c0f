/* SPDX-License-Identifier: MIT */
/* Owns: the kernel's use of the kit: its clocks and the vDSO in each process. All of it is in vdso.c.
 * Relies on: kit public headers.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_VDSO_H
#define VDK_KERNEL_VDSO_H

#include "core/types.h"

struct space;
struct vdk_timespec;

/* After arch_time_init(): choose a clocksource, start the timekeeper, fill the page. */
void vdso_init(void);

/* Map data page and image into `s` at a random address and set s->vdso; with `vdso=off` at most what signal handlers return
 * through. Sets s->sigreturn where handlers need it. 0 or -errno. */
int vdso_map(struct space *s);

/* What clock_gettime answers, by the image's own read path. 0 or -EINVAL for ids that the page does not hold. */
int clock_now(int clock_id, struct vdk_timespec *ts);
/* 0 or -EINVAL, as above. */
int clock_res_ns(int clock_id, uint32_t *ns);
uint64_t clock_now_ns(void); /* CLOCK_MONOTONIC */
int64_t clock_realtime_ns(void); /* CLOCK_REALTIME, for file times */

/* REALTIME becomes `ts` now. 0 or -EINVAL. */
int clock_set_wall(const struct vdk_timespec *ts);
void clock_set_zone(int32_t minutes_west, int32_t dst_time);
void clock_zone(int32_t *minutes_west, int32_t *dst_time);

#endif
