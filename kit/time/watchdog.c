/* SPDX-License-Identifier: MIT */
/* Finds a counter that is not as fast as it says, by another one.
 *
 * Owns: struct vdk_watchdog. Relies on: the reference.
 * Never: accuses by a reading that was interrupted, or of what the reference can't tell. */
#include "page/read.h"
#include "time/internal.h"
#include "time/rate.h"

#define TRIES 4
#define GOOD_BRACKETS_PER_SEC 40000 /* 25 microseconds: no need to try again */
/* An interval may differ by one part in this, 500 ppm: two quartzes of 100 ppm each, and a frequency that was measured
 * in a tenth of a second to some hundred. */
#define TOLERANCE_PART 2000
#define READS_PER_COUNT 1000 /* of a counter that is slow to read, and of 1 MHz or so */
#define NS_MAX ((1ll << 62) - 1)
#define LONGEST_MAX_NS (1ll << 59) /* 18 years */

/* Rounded down; NS_MAX if it is more. */
static int64_t ns_of(unsigned __int128 cycles, uint64_t hz)
{
	unsigned __int128 scaled = cycles * VDK_NS_PER_SEC;
	uint64_t ns;

	if (scaled >> 62 >= hz)
		return NS_MAX;
	ns = vdk_div128(scaled, hz);
	return (int64_t)ns;
}

static int64_t wrap_ns(const struct vdk_clocksource *cs)
{
	return ns_of((unsigned __int128)1 << cs->width, cs->hz);
}

static int64_t magnitude(int64_t v)
{
	return v < 0 ? -v : v;
}

static uint64_t since(const struct vdk_clocksource *cs, uint64_t from, uint64_t to)
{
	return vdk_tk_wrap(to - from, cs->width);
}

/* A reading of the counter between two of the reference: the narrowest of some. The reference brackets, not the
 * counter: one that lies must not make its own readings look interrupted. */
static void sample(struct vdk_watchdog *s)
{
	const struct vdk_clocksource *reference = s->reference;
	uint64_t before = reference->read(reference), narrowest = UINT64_MAX;

	for (int i = 0; i < TRIES && narrowest > reference->hz / GOOD_BRACKETS_PER_SEC + 1; i++) {
		uint64_t cycles = s->cs->read(s->cs), after = reference->read(reference);

		if (since(reference, before, after) < narrowest) {
			narrowest = since(reference, before, after);
			s->cycles = cycles, s->before = before, s->after = after;
		}
		before = after;
	}
}

int vdk_watchdog_start(struct vdk_watchdog *w, const struct vdk_clocksource *cs, const struct vdk_clocksource *reference)
{
	if (cs == reference || !vdk_tk_valid_clocksource(cs, 0, 0) || !vdk_tk_valid_clocksource(reference, 0, 0))
		return -VDK_EINVAL;
	*w = (struct vdk_watchdog){ .cs = cs, .reference = reference };
	sample(w);
	return 0;
}

/* The witness may be the one that stopped. */
static bool goes_on(const struct vdk_clocksource *reference)
{
	uint64_t first = reference->read(reference);

	for (int i = 0; i < READS_PER_COUNT; i++)
		if (reference->read(reference) != first)
			return true;
	return false;
}

/* The counter from `a` to `b`, up to half a wrap either way. */
static int64_t counted_ns(const struct vdk_watchdog *a, const struct vdk_watchdog *b)
{
	uint64_t forward = since(a->cs, a->cycles, b->cycles), back = since(a->cs, b->cycles, a->cycles);

	return forward <= back ? ns_of(forward, a->cs->hz) : -ns_of(back, a->cs->hz);
}

static int64_t ppm(int64_t skew_ns, int64_t interval_ns)
{
	unsigned __int128 scaled = (unsigned __int128)magnitude(skew_ns) * 1000000;
	int64_t parts = scaled >> 62 >= (uint64_t)interval_ns ? NS_MAX : (int64_t)vdk_div128(scaled, (uint64_t)interval_ns);

	return skew_ns < 0 ? -parts : parts;
}

/* The first reading of the counter was between those of the reference b0 and a0 = b0 + w0, or up to a count later, the
 * second one between b1 and b1 + w1. So the interval is between b1 - a0 - 1 and a1 - b0 + 1 counts: b1 - b0 + (w1 - w0)
 * / 2, give or take (w0 + w1) / 2 + 1. The counter's own readings may each be one count off. Where the reference may
 * have wrapped, the interval is one of r, r + wrap, r + 2 wrap... up to `longest`, and the one that suits the counter
 * best is taken. That, and the counter's own wraps, tell something as long as what is tolerated is little against a
 * wrap. */
enum vdk_watchdog_verdict vdk_watchdog_check(struct vdk_watchdog *w, uint64_t longest_ns, struct vdk_watchdog_result *result)
{
	struct vdk_watchdog now = { .cs = w->cs, .reference = w->reference };
	int64_t wrap = wrap_ns(w->reference), cs_wrap = wrap_ns(w->cs), longest, width[2], error, interval, skew, tolerance;
	uint64_t hz = w->reference->hz;
	int64_t too_many = 0; /* of the reference's wraps, in ns: more would have been needed than there can have been */
	bool wraps, sure, right;

	sample(&now);
	w->longest_ns = longest_ns > UINT64_MAX - w->longest_ns ? UINT64_MAX : w->longest_ns + longest_ns;
	longest = w->longest_ns < (uint64_t)LONGEST_MAX_NS ? (int64_t)w->longest_ns : LONGEST_MAX_NS;
	width[0] = ns_of(since(w->reference, w->before, w->after), hz);
	width[1] = ns_of(since(w->reference, now.before, now.after), hz);
	longest += longest / TOLERANCE_PART; /* by the reference */
	error = (width[0] + width[1]) / 2 + ns_of(1, hz) + ns_of(2, w->cs->hz) + 5; /* 5: what was rounded */
	interval = ns_of(since(w->reference, w->before, now.before), hz) + (width[1] - width[0]) / 2;
	interval = interval < 1 ? 1 : interval;
	skew = counted_ns(w, &now) - interval;
	wraps = wrap <= longest;
	if (wraps && skew > 0 && longest + error > interval) {
		int64_t most = (longest + error - interval) / wrap, suits = (skew + wrap / 2) / wrap;

		if (suits > most)
			suits = most, too_many = most * wrap;
		interval += suits * wrap;
		skew -= suits * wrap;
	}
	if (skew < -cs_wrap / 2 && cs_wrap < NS_MAX)
		skew += (-skew + cs_wrap / 2) / cs_wrap * cs_wrap;
	tolerance = (interval + error) / TOLERANCE_PART;
	sure = tolerance < cs_wrap / 4 && !(wraps && (tolerance >= wrap / 4 || cs_wrap / 2 <= longest));
	right = magnitude(skew) <= tolerance + error;
	if (!right) {
		interval -= too_many;
		skew += too_many;
	}
	*result = (struct vdk_watchdog_result){ (uint64_t)interval, skew, ppm(skew, interval), false };
	if (sure && !right)
		return goes_on(w->reference) ? VDK_WATCHDOG_UNSTABLE : VDK_WATCHDOG_UNSURE;
	if (sure && error > tolerance / 2)
		return VDK_WATCHDOG_UNSURE; /* too short an interval for such readings: it goes on */
	result->begins = true;
	*w = now;
	return sure ? VDK_WATCHDOG_FINE : VDK_WATCHDOG_UNSURE;
}
