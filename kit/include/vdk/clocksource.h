/* SPDX-License-Identifier: MIT */
/* Owns: what a kernel says of its counters, the choice among them, the change from one to another, and how a wrong one
 * is found.
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

/* A free-running counter. Constant, and readable, from its first use by a timekeeper on, also when another has replaced
 * it; but for `unstable`. */
struct vdk_clocksource {
	const char *name;
	/* The counter now; the same on every CPU, but for small differences. Ordered after earlier loads. */
	uint64_t (*read)(const struct vdk_clocksource *cs);
	uint64_t hz;            /* 1 to VDK_HZ_MAX */
	unsigned int width;     /* bits, 2 to 64: the counter runs from 0 to 2^width - 1 and wraps */
	unsigned int user_mode; /* VDK_MODE_*: how user mode reads this very counter, if its width is VDK_USER_WIDTH;
				 * VDK_MODE_SYSCALL: it can't */
	bool counts_in_suspend; /* through a sleep of the machine, of less than half a wrap: it says how long that was */
	uint64_t read_within;   /* cycles: it is to be read at least that often, to be whole; 0: no need */
	bool verify;            /* it may stop, jump, or change its rate: another is to watch it, see struct vdk_watchdog */
	unsigned int rating;    /* of two, the kernel prefers the one with more: see vdk_clocksource_best() */
	bool unstable;          /* found to be wrong: not to be chosen */
};

/* The best of a NULL-terminated list: of those that are not unstable the one with the highest rating, of equals the
 * first. NULL: none is left. */
const struct vdk_clocksource *vdk_clocksource_best(const struct vdk_clocksource *const *list);

/* Count by `cs` from now on; the same one again changes nothing. Frequencies that were set go on to hold, relative to
 * the nominal rate of the new counter, and the fractions of a nanosecond are kept.
 *
 * No clock steps back, for readers of the old snapshot neither, and none steps forward by more than the sum of: the
 * time that one reading of `cs` between two of the old counter takes (about the narrowest of three to eight); three
 * cycles of the old counter and two of the new, since where in a cycle a counter is nobody can read; 1/512 of
 * publish_bound_ns. It holds if the publication keeps that bound, else late_publishes counts it, and if the rates of
 * the two counters differ from what they say by less than 1/512 together (docs/decisions/clocksources.md). Anchor for
 * who wants it exactly: with a the last reading of the old counter that was made, and b that of `cs` before it, the new
 * snapshot has cycles = b, and the clocks say what the old one says for a, and the cycles named above at their clock's
 * rate.
 *
 * The old counter's last reading is believed: whatever it did before that, the clocks keep (they never take back what a
 * reader may have seen).
 * -VDK_EINVAL, with nothing changed: what vdk_time_init() refuses in a counter; asleep (vdk_time_suspend()). */
int vdk_time_set_clocksource(struct vdk_timekeeper *tk, const struct vdk_clocksource *cs);

/* Compares a counter with another that is trusted, which may be slow to read and narrow. Apart from the timekeeper: no
 * clock depends on it, and its user decides what to do about a counter that is found wrong.
 *
 * What the timekeeper does with a wrong counter meanwhile: the snapshot never goes back. Behind it, up to half a wrap,
 * and more than 259 years ahead of it, the clocks stand at what it says; a counter that stops stops them; what it jumps
 * ahead, they do, and keep. A reading after a counter has gone back, between two ticks, is as much less than one
 * before. */
struct vdk_watchdog {
	const struct vdk_clocksource *cs, *reference;
	uint64_t cycles;        /* of cs when the interval began */
	uint64_t before, after; /* readings of the reference around that */
	uint64_t longest_ns;    /* that can have passed since */
};

enum vdk_watchdog_verdict {
	VDK_WATCHDOG_FINE,
	VDK_WATCHDOG_UNSURE,  /* this check can't tell; the next one may */
	VDK_WATCHDOG_UNSTABLE /* more than 500 ppm off, or it stopped, went back or jumped */
};

struct vdk_watchdog_result {
	uint64_t interval_ns; /* since a check that `begins` one, by the reference; where that may have wrapped, what suits the counter best, or if
			       * nothing does, the shortest that it can be */
	int64_t skew_ns;      /* by how much more the counter has gone on; ends at +-2^62 */
	int64_t skew_ppm;     /* of interval_ns; ends at +-2^62 */
	bool begins;          /* the next interval begins with this check */
};

/* Watch `cs` by `reference`, from now on; after a sleep of the machine start again. -VDK_EINVAL: a counter that
 * vdk_time_init() would refuse, or one and the same. */
int vdk_watchdog_start(struct vdk_watchdog *w, const struct vdk_clocksource *cs, const struct vdk_clocksource *reference);

/* Check: often enough that a check that comes late or can't tell leaves time for another one before the reference has
 * wrapped; two a second are. Interrupts may be on: a check that is interrupted reads again, and accuses nobody.
 *
 * `longest_ns`: what can have passed at most since the last check began, by something that is neither of the two, a
 * count of timer interrupts for example; UINT64_MAX: nobody knows. A reference that wraps in less tells the time but
 * for a number of wraps. Then the counter is right if any number up to that bound makes it so; a jump by years is told
 * from a check years late by that bound alone.
 *
 * Finds a counter that is 1000 ppm off, or jumped by as much, in the first check after 0.5 s, if a reading of it and
 * two of the reference take 100 microseconds or less; one that is less than 500 ppm off is never accused. *result is of
 * this check, whatever the verdict. */
enum vdk_watchdog_verdict vdk_watchdog_check(struct vdk_watchdog *w, uint64_t longest_ns, struct vdk_watchdog_result *result);

#ifdef __cplusplus
}
#endif
#endif
