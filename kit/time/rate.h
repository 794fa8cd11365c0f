/* SPDX-License-Identifier: MIT */
/* Owns: the way from a frequency to a slot's mult and shift.
 * Relies on: the compiler's 128-bit multiplication and addition.
 * Who may include: kit/time and its tests. */
#ifndef VDK_TIME_RATE_H
#define VDK_TIME_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "vdk/time.h"

/* The fastest rate that a clock may have, against the counter's nominal one: 1 + 1/VDK_RATE_HEADROOM. */
#define VDK_RATE_HEADROOM 8
/* Unit of a frequency adjustment: 2^-16 ppm, adjtimex's. */
#define VDK_FREQ_UNIT 65536000000ull

/* n / d, rounded down, for n / 2^64 < d: the compiler would call a library for it, which a kernel may not have. */
static inline uint64_t vdk_div128(unsigned __int128 n, uint64_t d)
{
	uint64_t rest = (uint64_t)(n >> 64), low = (uint64_t)n, quotient = 0;

	for (int i = 0; i < 64; i++) {
		bool carry = rest >> 63;

		rest = rest << 1 | low >> 63;
		low <<= 1;
		quotient <<= 1;
		if (carry || rest >= d) {
			rest -= d;
			quotient |= 1;
		}
	}
	return quotient;
}

struct vdk_rate {
	uint64_t mult;
	uint8_t shift;
};

/* Rate of a counter of `hz`, 1 to VDK_HZ_MAX.
 *
 * shift is the least with 2^shift > (1e9 / hz) * (1 + 1/8), so that mult = 2^(64 - shift) * 1e9 / hz stays below 2^64
 * also when an adjustment makes it 1/8 greater. mult is rounded to nearest: an error of 2^-63 at most relative to a
 * mult of 2^62 or more, which is 1 ns in 292 years; counters beyond 1 GHz lose one bit for each doubling. */
static inline struct vdk_rate vdk_rate_of_hz(uint64_t hz)
{
	struct vdk_rate rate = { 0, 0 };
	unsigned __int128 ns = (unsigned __int128)VDK_NS_PER_SEC << 64;

	while (((unsigned __int128)hz * VDK_RATE_HEADROOM << rate.shift) <=
	       (unsigned __int128)VDK_NS_PER_SEC * (VDK_RATE_HEADROOM + 1))
		rate.shift++;
	ns >>= rate.shift;
	rate.mult = vdk_div128(ns + hz / 2, hz);
	return rate;
}

/* mult * part / whole, rounded to nearest: mult * part < 2^64 * whole, whole < 2^63. */
static inline uint64_t vdk_rate_part(uint64_t mult, uint64_t part, uint64_t whole)
{
	return vdk_div128((unsigned __int128)mult * part + whole / 2, whole);
}

/* mult * (1 + part / whole), the difference rounded to nearest. The result has to be below 2^64. */
static inline uint64_t vdk_rate_scale(uint64_t mult, int64_t part, uint64_t whole)
{
	uint64_t difference = vdk_rate_part(mult, part < 0 ? -(uint64_t)part : (uint64_t)part, whole);

	return part < 0 ? mult - difference : mult + difference;
}

/* mult * (1 + freq / VDK_FREQ_UNIT); |freq| <= VDK_FREQ_MAX. */
static inline uint64_t vdk_rate_adjust(uint64_t mult, int64_t freq)
{
	return vdk_rate_scale(mult, freq, VDK_FREQ_UNIT);
}

/* The rate of one counter, as that of another: mult * to / from, rounded to nearest; `from` and `to` are the nominal
 * ones, and mult / from is at most 1 + 1/VDK_RATE_HEADROOM, so that the result is below 2^64 as `to` is made to be. The
 * nominal rate becomes the nominal one; any other is off by one half of a unit, relatively 2^-62 at most. */
static inline uint64_t vdk_rate_convert(uint64_t mult, uint64_t from, uint64_t to)
{
	return vdk_div128((unsigned __int128)mult * to + from / 2, from);
}

#endif
