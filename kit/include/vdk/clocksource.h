/* SPDX-License-Identifier: MIT */
/* Owns: what a kernel says of its counters, the choice among them, and the change from one to another.
 * Relies on: vdk/page.h for the ways in which user mode reads one.
 * Who may include: every kernel. */
#ifndef VDK_CLOCKSOURCE_H
#define VDK_CLOCKSOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "vdk/page.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VDK_HZ_MAX 1000000000000ull

struct vdk_timekeeper;

/* A free-running counter. Constant, and readable, from its first use by a timekeeper on, also when another has replaced it; but for
 * `unstable`. */
struct vdk_clocksource {
	const char *name;
	/* The counter now; the same on every CPU, but for small differences. Ordered after earlier loads. */
	uint64_t (*read)(const struct vdk_clocksource *cs);
	uint64_t hz;            /* 1 to VDK_HZ_MAX */
	unsigned int width;     /* bits, 2 to 64: the counter runs from 0 to 2^width - 1 and wraps */
	unsigned int user_mode; /* VDK_MODE_*: how user mode reads this very counter, if its width is VDK_USER_WIDTH;
				 * VDK_MODE_SYSCALL: it can't */
	bool counts_in_suspend; /* through a sleep of the machine, of less than half a wrap: it says how long that was */
	unsigned int rating;    /* of two, the kernel prefers the one with more: see vdk_clocksource_best() */
	bool unstable;          /* found to be wrong: not to be chosen */
};

/* The best of a NULL-terminated list: of those that are not unstable the one with the highest rating, of equals the first. NULL: none
 * is left. */
const struct vdk_clocksource *vdk_clocksource_best(const struct vdk_clocksource *const *list);

/* Count by `cs` from now on; the same one again changes nothing. Frequencies that were set go on to hold, relative to the nominal rate of the new
 * counter, and the fractions of a nanosecond are kept.
 *
 * No clock steps back, for readers of the old snapshot neither, and none steps forward by more than the sum of: the time that one
 * reading of `cs` between two of the old counter takes (the narrowest of three to eight, within a fourth); two cycles of the old counter; one of
 * the new; 1/512 of publish_bound_ns. It holds if the publication keeps that bound, else late_publishes counts it, and if
 * the rates of the two counters differ from what they say by less than 1/512 together (docs/decisions/clocksources.md).
 * Anchor for who wants it exactly: with a the last reading of the old counter that was made, and b that of `cs` before it, the new snapshot
 * has cycles = b, and the clocks say what the old one says for a, and the cycles named above at their clock's rate.
 *
 * The old counter's last reading is believed: whatever it did before that, the clocks keep (they never take back what a reader may have seen).
 * -VDK_EINVAL, with nothing changed: what vdk_time_init() refuses in a counter; asleep (vdk_time_suspend()). */
int vdk_time_set_clocksource(struct vdk_timekeeper *tk, const struct vdk_clocksource *cs);

#ifdef __cplusplus
}
#endif
#endif
