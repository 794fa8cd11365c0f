/* SPDX-License-Identifier: MIT */
/* Owns: what the files of kit/time share.
 * Relies on: the caller's lock, see vdk/time.h.
 * Who may include: kit/time. */
#ifndef VDK_TIME_INTERNAL_H
#define VDK_TIME_INTERNAL_H

#include "vdk/time.h"

/* Move the snapshot tk->now to the counter's present value, or to `counter` while not asleep: no reading changes. */
void vdk_tk_advance(struct vdk_timekeeper *tk);
void vdk_tk_advance_to(struct vdk_timekeeper *tk, uint64_t counter);

/* The clocks move on by cycles * 2^shift of the present counter, `scaled`, each at its rate, and the counter does not. */
void vdk_tk_add_scaled(struct vdk_timekeeper *tk, uint64_t scaled);

/* The counter's own: hz, width, mode; and that the tick and the bound are less than half a wrap. */
bool vdk_tk_valid_clocksource(const struct vdk_clocksource *cs, uint32_t tick_ns, uint32_t publish_bound_ns);

/* tk->now counts from `counter` of `cs`, at its nominal rate, from the next publication on. */
void vdk_tk_use_clocksource(struct vdk_timekeeper *tk, const struct vdk_clocksource *cs, uint64_t counter);

/* Give tk->now to the readers; count it if that came too late for a slower rate. */
void vdk_tk_publish(struct vdk_timekeeper *tk);

/* Between these two: another rate for all clocks but RAW, or for RAW. For a slower one the clocks are put ahead, by less than
 * publish_bound_ns times the difference of the rates (docs/decisions/rate-change.md). */
void vdk_tk_set_mult(struct vdk_timekeeper *tk, bool raw, uint64_t mult);

/* --- discipline.c: between vdk_tk_advance() and vdk_tk_publish() --- */
void vdk_discipline_init(struct vdk_timekeeper *tk);

/* Begin the seconds that have passed: rate, leap seconds, maxerror. */
void vdk_discipline_play(struct vdk_timekeeper *tk);

/* REALTIME is about to be set: what was under way for it ends. */
void vdk_discipline_clear(struct vdk_timekeeper *tk);

/* The rate that the clocks should go at with the counter whose nominal rate is tk->nominal_mult. */
uint64_t vdk_discipline_rate(struct vdk_timekeeper *tk);

/* The clocks have moved on by `scaled` cycles of `mult`, where `than` would have been the rate. */
void vdk_discipline_moved(struct vdk_timekeeper *tk, uint64_t scaled, uint64_t mult, uint64_t than);

/* --- timekeeper.c --- */
/* A time that a clock may be set to: tv_nsec from 0 to 1e9 - 1, tv_sec from 0 to VDK_WALL_SEC_MAX. */
bool vdk_tk_valid_time(const struct vdk_timespec *ts);

/* *sec and *ns, below 1e9, move on by `add` ns. */
void vdk_tk_add_ns(int64_t *sec, uint32_t *ns, uint64_t add);

/* What a counter of `width` bits shows of `cycles`. */
uint64_t vdk_tk_wrap(uint64_t cycles, unsigned int width);

/* At least `ns`, in cycles of the nominal rate. */
uint64_t vdk_tk_cycles_of_ns(const struct vdk_clocksource *cs, uint32_t ns);

#endif
