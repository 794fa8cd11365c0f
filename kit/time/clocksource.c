/* SPDX-License-Identifier: MIT */
/* Chooses a counter, and replaces one by another under the readers.
 *
 * Owns: nothing. Relies on: the caller's lock, see vdk/time.h.
 * Never: takes back what a reader may have seen. */
#include "vdk/clocksource.h"

#include "page/read.h"
#include "time/internal.h"
#include "time/rate.h"

#define TRIES_MIN 3
#define TRIES_MAX 8
/* Two counters' rates differ from what they say by less than one in this, together: 1953 ppm. A quartz is within 100
 * ppm, a calibration within hundreds, and the watchdog finds one that is 1000 ppm off. */
#define SKEW_PART 512

const struct vdk_clocksource *vdk_clocksource_best(const struct vdk_clocksource *const *list)
{
	const struct vdk_clocksource *best = NULL;

	for (; *list; list++)
		if (!(*list)->unstable && (!best || (*list)->rating > best->rating))
			best = *list;
	return best;
}

/* Move the snapshot to a reading of the old counter, and return one of `cs` that was made just before it. Of brackets
 * that an interrupt or a hypervisor may have widened, the last one made is taken, because readers have seen no more
 * than it; so go on until one is about as narrow as the narrowest. */
static uint64_t meet(struct vdk_timekeeper *tk, const struct vdk_clocksource *cs)
{
	const struct vdk_clocksource *old = tk->cs;
	uint64_t before = old->read(old), narrowest = UINT64_MAX, counter = 0;

	for (int i = 1; i <= TRIES_MAX; i++) {
		uint64_t after, width;

		counter = cs->read(cs);
		after = old->read(old);
		width = vdk_cycles_since(before, after, tk->now.width);
		vdk_tk_advance_to(tk, after);
		before = after;
		if (i >= TRIES_MIN && width / 5 <= narrowest / 4)
			break;
		narrowest = width < narrowest ? width : narrowest;
	}
	return counter;
}

/* With a, b as in the header, T_a >= T_b the times of these readings, and T the time at which the last reader of the
 * old snapshot read the old counter, T <= T_a + bound:
 *     it read at most      old(a) + 1 old cycle + (T - T_a) * (1 + skew of the old counter)
 *     at T, the new reads  new(b) - 1 new cycle + (T - T_b) * (1 - skew of the new one), or more
 * since a reading is a whole number of cycles, up to one less than what has passed. With new(b) = old(a) + 1 old cycle
 * + 1 new cycle + bound * both skews, the second is not below the first, and later readings are not either. A second
 * old cycle is for rounding up. */
int vdk_time_set_clocksource(struct vdk_timekeeper *tk, const struct vdk_clocksource *cs)
{
	const struct vdk_clocksource *old = tk->cs;
	struct vdk_slot *now = &tk->now;
	uint64_t raw_mult = now->raw_mult, nominal = tk->nominal_mult, bound = tk->bound_cycles, counter, last;
	unsigned int old_width = now->width;

	if (tk->sleep.asleep || !vdk_tk_valid_clocksource(cs, tk->tick_ns, tk->publish_bound_ns))
		return -VDK_EINVAL;
	if (cs == old)
		return 0;
	counter = meet(tk, cs);
	last = now->cycles;
	vdk_tk_add_scaled(tk, (2 + bound / SKEW_PART) << now->shift);
	vdk_tk_use_clocksource(tk, cs, counter);
	now->mult = vdk_discipline_rate(tk);
	now->raw_mult = vdk_rate_convert(raw_mult, nominal, tk->nominal_mult);
	vdk_tk_add_scaled(tk, 1ull << now->shift);
	vdk_tk_publish(tk);
	if (vdk_cycles_since(last, old->read(old), old_width) > bound)
		tk->late_publishes++;
	return 0;
}
