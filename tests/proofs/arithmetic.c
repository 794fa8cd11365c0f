/* SPDX-License-Identifier: MIT */
/* The kit's arithmetic with a word of W bits instead of 64, for every input that there is: what tests/proofs/narrow
 * makes of its source, against sums that can't overflow.
 *
 * Owns: the claims; main() checks the one that is asked for, over all inputs, and fails at the first that breaks it.
 * Relies on: clang's _BitInt; W and NS, the nanoseconds of a second, by -D.
 * Never: knows how the kit computes. Every expected value is a sum of whole numbers of 64 bits, of which these need
 * 40 at most. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef unsigned _BitInt(W) word;
typedef _BitInt(W) sword;
typedef unsigned _BitInt(W / 2) half;
typedef _BitInt(W / 2) shalf;
typedef unsigned _BitInt(2 * W) wide;
typedef _BitInt(2 * W) swide;

#define VDK_LOAD(field) (field)
#define VDK_KEEP_BRANCH()
#define VDK_NS_PER_SEC ((half)NS)
#define VDK_CLOCK_REALTIME 0
#define VDK_CLOCK_MONOTONIC 1
#define VDK_RATE_HEADROOM 8
/* As many to VDK_FREQ_MAX as there are in the kit, 10. */
#define VDK_FREQ_UNIT ((word)FREQ_UNIT)
#define FREQ_UNIT 50
#define FREQ_MAX (FREQ_UNIT / 10)

#include "narrow.h"

#define ALL ((uint64_t)1 << W) /* of a word's values */
#define MASK(width) ((ALL - 1) >> (W - (width)))
/* What the fastest rate of the slowest cycle comes to: 8/9 of the word for the nominal one, a tenth more. */
#define MULT_MAX ((ALL * 8 / 9) * 11 / 10)
#define SHIFTS 3

static uint64_t cases;

#define check(condition, ...)                                            \
	do {                                                             \
		cases++;                                                 \
		if (!(condition)) {                                      \
			printf("broken: " #condition ": " __VA_ARGS__); \
			putchar('\n');                                   \
			return false;                                    \
		}                                                        \
	} while (0)

#define each(name, from, below) for (uint64_t name = (from); name < (below); name++)
#define L(n) ((unsigned long long)(n))

/* The shape of a span that a reading is promised for: cycles * 2^shift is a word, and the nanoseconds fill no more
 * than half of one (259 years of 64 bits: kit/page/read.h). */
static bool in_reach(uint64_t cycles, unsigned int shift, uint64_t mult)
{
	return cycles << shift < ALL && (cycles << shift) * mult >> W < ALL / 2;
}

/* (counter - base) mod 2^width, and nothing for the upper half. */
static bool cycles_since(void)
{
	for (unsigned int width = 2; width <= W; width++)
		each(base, 0, MASK(width) + 1)
			each(counter, 0, ALL) {
				uint64_t since = (counter - base) & MASK(width);

				check(vdk_cycles_since((word)base, (word)counter, width) == (since <= MASK(width) / 2 ? since : 0),
				      "base %llu, counter %llu, width %u", L(base), L(counter), width);
			}
	return true;
}

/* ns + (scaled * mult + frac) / 2^W, whole and remainder, and no overflow of the two words. */
static bool scaled_to_ns(void)
{
	each(scaled, 0, ALL)
		each(mult, 0, ALL) {
			if (!in_reach(scaled, 0, mult))
				continue;
			each(frac, 0, ALL)
				each(ns, 0, 1u << W / 2) {
					uint64_t sum = scaled * mult + (ns << W) + frac;
					word rest = (word)frac, whole = vdk_scaled_to_ns((word)scaled, (word)mult, (word)ns, &rest);

					check(sum >> 2 * W == 0 && whole == sum >> W && rest == (sum & (ALL - 1)),
					      "scaled %llu, mult %llu, frac %llu, ns %llu", L(scaled), L(mult), L(frac), L(ns));
				}
		}
	return true;
}

static bool carry(void)
{
	each(start, 0, NS)
		each(add, 0, ALL - NS) {
			sword sec = 0;
			word ns = (word)start;

			vdk_carry(&sec, &ns, (word)add);
			check(ns < NS && (int64_t)sec * NS + (int64_t)ns == (int64_t)(start + add), "ns %llu, add %llu", L(start), L(add));
		}
	return true;
}

/* A clock of a snapshot as a reader computes it, in ns: REALTIME or RAW. BOOTTIME is held to be as REALTIME. */
static int64_t reading(const struct vdk_slot *slot, bool raw, uint64_t counter)
{
	word frac = raw ? slot->raw_frac : slot->frac, ns = raw ? slot->raw_ns : slot->ns[0];
	sword sec = raw ? slot->raw_sec : slot->sec[0];

	ns = vdk_scaled_to_ns(vdk_scaled(slot, (word)counter, slot->width, slot->shift), raw ? slot->raw_mult : slot->mult, ns, &frac);
	vdk_carry(&sec, &ns, 0);
	return (int64_t)sec * NS + (int64_t)ns;
}

static int64_t boottime(const struct vdk_slot *slot)
{
	return (int64_t)slot->boottime_sec * NS + (int64_t)slot->boottime_ns;
}

/* The discipline's account, in 2^-W ns. */
static int64_t account(const struct vdk_timekeeper *tk)
{
	return (int64_t)owed(&tk->discipline);
}

/* RAW's fraction is another, so that one can't stand for the other. */
static struct vdk_timekeeper timekeeper(unsigned int width, unsigned int shift, uint64_t mult, uint64_t frac, uint64_t ns, uint64_t cycles)
{
	struct vdk_timekeeper tk;

	memset(&tk, 0, sizeof(tk));
	tk.now.width = (uint8_t)width;
	tk.now.shift = (uint8_t)shift;
	tk.now.mult = tk.now.raw_mult = tk.discipline.base_mult = (word)mult;
	tk.now.frac = (word)frac;
	tk.now.raw_frac = (word)~frac;
	tk.now.ns[0] = tk.now.ns[1] = tk.now.boottime_ns = tk.now.raw_ns = (half)ns;
	tk.now.cycles = (word)(cycles & MASK(width));
	return tk;
}

#define each_rate(mult, frac, shift)                  \
	for (unsigned int shift = 0; shift < SHIFTS; shift++) \
		each(mult, 0, ALL)                            \
			each(frac, 0, ALL)

/* Moved on by first cycles, the snapshot says for first + more what it said before, and all clocks of one rate have
 * gone alike. */
static bool rebase(void)
{
	each_rate(mult, frac, shift)
		for (unsigned int width = W - 1; width <= W; width++)
			each(first, 0, MASK(width) / 2 + 1)
				each(more, 0, MASK(width) / 2 + 1 - first) {
					uint64_t ns = (mult + first) % NS, from = MASK(width) - frac, to = from + first + more;
					struct vdk_timekeeper tk = timekeeper(width, shift, mult, frac, ns, from);
					struct vdk_slot old = tk.now;

					if (!in_reach(first + more, shift, mult))
						break;
					vdk_tk_advance_to(&tk, (word)(from + first));
					check(reading(&tk.now, false, to) == reading(&old, false, to) &&
					      reading(&tk.now, true, to) == reading(&old, true, to) &&
					      boottime(&tk.now) == reading(&old, false, from + first) &&
					      tk.now.sec[0] == tk.now.sec[1] && tk.now.ns[0] == tk.now.ns[1] && account(&tk) == 0 &&
					      tk.now.cycles == ((from + first) & MASK(width)),
					      "mult %llu, frac %llu, shift %u, width %u, %llu cycles and %llu", L(mult), L(frac), shift, width,
					      L(first), L(more));
				}
	return true;
}

/* Whatever the counter says, far beyond the reach too, no clock goes back. */
static bool wild_counter(void)
{
	for (unsigned int shift = 0; shift < SHIFTS; shift++)
		each(mult, 0, MULT_MAX + 1)
			each(counter, 0, ALL)
				each(ns, 0, NS) {
					struct vdk_timekeeper tk = timekeeper(W, shift, mult, mult * 5 + counter, ns, 0);

					tk.now.sec[0] = tk.now.raw_sec = 0;
					vdk_tk_advance_to(&tk, (word)counter);
					check(tk.now.sec[0] >= 0 && tk.now.raw_sec >= 0 && boottime(&tk.now) >= (int64_t)ns &&
					      tk.now.sec[0] * NS + (int64_t)tk.now.ns[0] >= (int64_t)ns,
					      "mult %llu, shift %u, counter %llu, ns %llu", L(mult), shift, L(counter), L(ns));
				}
	return true;
}

/* That of who has been put ahead by a bound's worth of the difference, which is below 2^W / 4 as the kit's rates are. */
static bool owes(const struct vdk_timekeeper *tk, uint64_t scaled, uint64_t mult, uint64_t next)
{
	int64_t ahead = next < mult ? (int64_t)(scaled * (mult - next)) : 0, most = (int64_t)1 << (2 * W - 3);

	return next + ALL / 4 <= mult || account(tk) == -(ahead < most ? ahead : most);
}

/* From mult to another. Until the bound no reader of the new snapshot is behind one of the old at the same cycle. At
 * the bound they agree if it went slower; and the bases, which are the coarse clocks, do not go back. The other
 * rate's clocks stay. */
static bool rate_change(void)
{
	each_rate(mult, frac, shift)
		each(next, 0, ALL)
			each(bound, 1, BOUNDS) {
				for (int raw = 0; raw < 2; raw++) {
					uint64_t ns = (mult + next) % NS;
					struct vdk_timekeeper tk = timekeeper(W, shift, mult, frac, ns, 0);
					struct vdk_slot old = tk.now;

					if (!in_reach(bound, shift, mult) || !in_reach(bound, shift, next))
						continue;
					tk.bound_cycles = (word)bound;
					vdk_tk_set_mult(&tk, raw, (word)next);
					each(d, 0, bound + 1)
						check(reading(&tk.now, raw, d) >= reading(&old, raw, d) &&
						      reading(&tk.now, !raw, d) == reading(&old, !raw, d),
						      "mult %llu to %llu, frac %llu, shift %u, bound %llu, at %llu, raw %d", L(mult), L(next), L(frac),
						      shift, L(bound), L(d), raw);
					check((next >= mult || reading(&tk.now, raw, bound) == reading(&old, raw, bound)) &&
					      owes(&tk, raw ? 0 : bound << shift, mult, next) && tk.slowed == (next < mult) &&
					      boottime(&tk.now) == reading(&tk.now, false, 0) &&
					      (raw ? tk.now.raw_mult : tk.now.mult) == next && (raw ? tk.now.mult : tk.now.raw_mult) == mult,
					      "mult %llu to %llu, frac %llu, shift %u, bound %llu, raw %d", L(mult), L(next), L(frac), shift,
					      L(bound), raw);
				}
			}
	return true;
}

static bool division(void)
{
	each(d, 1, ALL)
		each(n, 0, d << W)
			check(vdk_div128((wide)n, (word)d) == n / d, "%llu / %llu", L(n), L(d));
	return true;
}

/* mult is the nearest to 2^(W - shift) * NS / hz, leaves an eighth free, and shift is the least that does. Then, if
 * it is not 0, for a span below 2^W / 2.25 ns cycles * 2^shift is a word. */
static bool rate_of_hz(void)
{
	each(hz, 1, 4 * NS) {
		struct vdk_rate rate = vdk_rate_of_hz((word)hz);
		uint64_t exact = (uint64_t)NS << W >> rate.shift, mult = (uint64_t)rate.mult, error;
		uint64_t span = (ALL * 4 / 9 - 1) * hz / NS;

		error = mult * hz > exact ? mult * hz - exact : exact - mult * hz;
		check(2 * error <= hz && mult + mult / 8 < ALL &&
		      (!rate.shift || ((span << rate.shift) < ALL && (hz * 8 << (rate.shift - 1)) <= NS * 9)), "%llu Hz", L(hz));
	}
	return true;
}

static bool rate_adjust(void)
{
	each(mult, 0, ALL * 8 / 9 + 1)
		for (int freq = -FREQ_MAX; freq <= FREQ_MAX; freq++) {
			int64_t adjusted = (int64_t)vdk_rate_adjust((word)mult, (sword)freq);
			int64_t error = adjusted * FREQ_UNIT - (int64_t)mult * (FREQ_UNIT + freq);

			check((error < 0 ? -error : error) * 2 <= FREQ_UNIT, "mult %llu, freq %d", L(mult), freq);
		}
	return true;
}

/* Between any two counters' nominal rates, for all rates that the headroom allows. */
static bool rate_convert(void)
{
	each(from_hz, 1, 4 * NS)
		each(to_hz, 1, 4 * NS) {
			word from = vdk_rate_of_hz((word)from_hz).mult, to = vdk_rate_of_hz((word)to_hz).mult;

			each(mult, 0, from + from / 8 + 1) {
				uint64_t converted = (uint64_t)vdk_rate_convert((word)mult, from, to);
				int64_t error = (int64_t)(converted * (uint64_t)from) - (int64_t)(mult * (uint64_t)to);

				check((error < 0 ? -error : error) * 2 <= (int64_t)from, "mult %llu, from %llu to %llu", L(mult), L(from),
				      L(to));
			}
		}
	return true;
}

static const struct {
	const char *name;
	bool (*holds)(void);
} claims[] = {
	{ "cycles_since", cycles_since }, { "scaled_to_ns", scaled_to_ns }, { "carry", carry }, { "rebase", rebase },
	{ "wild_counter", wild_counter }, { "rate_change", rate_change }, { "division", division }, { "rate_of_hz", rate_of_hz },
	{ "rate_adjust", rate_adjust }, { "rate_convert", rate_convert },
};

/* 0: it holds; 1: it is broken; 2: there is no such claim. */
int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(claims) / sizeof(claims[0]); i++)
		if (strcmp(argv[1], claims[i].name) == 0) {
			bool holds = claims[i].holds();

			if (holds)
				printf("%llu cases\n", L(cases));
			return !holds;
		}
	return 2;
}
