/* SPDX-License-Identifier: MIT */
/* Owns: the kernel's clocks.
 * Relies on: kit public headers.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_TIME_TIMEKEEPING_H
#define VDK_KERNEL_TIME_TIMEKEEPING_H

#include "core/types.h"

struct vdk_clocksource;
struct vdk_page;
struct vdk_time_offsets;
struct vdk_timespec;
struct vdk_timex;

/* After arch_time_init(): choose a clocksource, start the timekeeper, fill the page. */
void timekeeping_init(void);

/* The page of memory whose end is the data page, for user mode to read. */
paddr_t timekeeping_page(void);
/* Keep another one of layout linux-6.1 besides, its data at `offset`. Once. */
paddr_t timekeeping_linux_6_1(size_t offset);

/* The page is brought up to date: the timer interrupt does, and who lets something run after ticks have stayed away. */
void timekeeping_tick(void);
/* How long they may. */
uint64_t timekeeping_max_idle_ns(void);

/* No clock moves until it resumes; nothing may run in user mode meanwhile. What the battery-backed clock says, or
 * NULL. */
void timekeeping_suspend(const struct vdk_timespec *persistent);
void timekeeping_resume(const struct vdk_timespec *persistent);

/* The counter that is used; another one from now on. 0 or -EINVAL: the kit refuses it. `ahead_ns`: how far the old one
 * is known to have brought the clocks ahead of the time, or, negative, let them fall behind:
 * docs/decisions/clocksources.md. */
const struct vdk_clocksource *timekeeping_clocksource(void);
int timekeeping_change(const struct vdk_clocksource *cs, int64_t ahead_ns);

/* What clock_gettime answers, by the image's own read path. 0 or -EINVAL for ids that the page does not hold. */
int clock_now(int clock_id, struct vdk_timespec *ts);
/* The same for a process in the time namespace with that page; NULL: in none. */
int clock_now_in(const struct vdk_page *space, int clock_id, struct vdk_timespec *ts);
/* What vdk_namespace_check() and vdk_namespace_set() say. */
int clock_check_offsets(const struct vdk_time_offsets *offsets);
int clock_set_offsets(struct vdk_page *space, const struct vdk_time_offsets *offsets);
/* 0 or -EINVAL, as above. */
int clock_res_ns(int clock_id, uint32_t *ns);
uint64_t clock_now_ns(void); /* CLOCK_MONOTONIC */
int64_t clock_raw_ns(void);      /* CLOCK_MONOTONIC_RAW */
int64_t clock_realtime_ns(void); /* CLOCK_REALTIME, for file times */

/* REALTIME becomes `ts` now. 0 or -EINVAL: before 1970, before MONOTONIC, or after VDK_WALL_SEC_MAX. No lock held. */
int clock_set_wall(const struct vdk_timespec *ts);
/* adjtimex, for who is privileged or changes nothing: VDK_TIME_* or -EINVAL. No lock held. */
int clock_adjust(struct vdk_timex *tx);
void clock_set_zone(int32_t minutes_west, int32_t dst_time);
void clock_zone(int32_t *minutes_west, int32_t *dst_time);

#endif
