/* SPDX-License-Identifier: MIT */
/* The error of a clock that nobody corrects, over ten simulated years, as lines for gnuplot: "seconds vdk usual", the latter
 * two in ns, each the greatest so far. It is against cycles * 1e9 / hz in rational numbers.
 *
 * vdk: kit/time on a simulated counter, with ticks after any time from 1 ms to a day; what vdk_time_now() says.
 *
 * usual: a multiplier of 32 bits and a shift, ns = cycles * mult >> shift, as kernels choose them for a span of 600 s between
 * ticks: the greatest shift, to 32, with which 600 s of cycles times mult do not overflow 64 bits, and mult the nearest to
 * 2^shift * 1e9 / hz. A tick adds the interval's cycles * mult to a sum of nanoseconds shifted by `shift`, so that nothing
 * is lost but what mult is off. No feedback: kernels that have NTP's machinery correct this error while they tick, by
 * dithering mult; the design's own error is this.
 *
 * Owns: nothing. Relies on: kit/time, GMP. */
#include <gmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "vdk/time.h"

#define HZ 2893202000ull
#define TEN_YEARS_SEC 315576000ull
#define SPAN_SEC 600

static struct vdk_page page __attribute__((aligned(VDK_PAGE_SIZE)));
static uint64_t counter, random_state = 1;

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	(void)cs;
	return counter;
}

static uint64_t next_word(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static unsigned int usual_shift(uint64_t *mult)
{
	for (unsigned int shift = 32; shift > 0; shift--) {
		unsigned __int128 best = (((unsigned __int128)1000000000 << shift) + HZ / 2) / HZ;

		if (best >> 32 == 0 && best * (SPAN_SEC * HZ) >> 64 == 0) {
			*mult = (uint64_t)best;
			return shift;
		}
	}
	abort();
}

/* |numerator / denominator - cycles * 1e9 / hz| */
static double error_ns(const mpq_t said)
{
	static mpq_t exact, ns;
	static int ready;

	if (!ready++)
		mpq_inits(exact, ns, NULL);
	mpq_set_ui(exact, counter, 1);
	mpq_set_ui(ns, 1000000000, HZ);
	mpq_canonicalize(ns);
	mpq_mul(exact, exact, ns);
	mpq_sub(exact, said, exact);
	mpq_abs(exact, exact);
	return mpq_get_d(exact);
}

int main(void)
{
	static const struct vdk_clocksource cs = { .name = "simulated", .read = read_counter, .hz = HZ, .width = 64 };
	static const struct vdk_time_config config = { .tick_ns = 1000000 };
	static struct vdk_timekeeper tk;
	double vdk = 0, usual = 0, next = 1;
	unsigned int shift;
	uint64_t mult;
	mpq_t said;

	if (vdk_time_init(&tk, &cs, &page, &config) != 0)
		return 1;
	shift = usual_shift(&mult);
	mpq_init(said);
	printf("# %llu Hz; usual: mult %llu, shift %u\n", HZ, (unsigned long long)mult, shift);
	while (counter < TEN_YEARS_SEC * HZ) {
		uint64_t day = 86400 * HZ, most = counter / 50 + HZ / 50 < day ? counter / 50 + HZ / 50 : day;
		struct vdk_timespec ts;
		double error;

		counter += next_word() % most + HZ / 1000;
		vdk_time_now(&tk, VDK_CLOCK_MONOTONIC, &ts);
		mpq_set_ui(said, (unsigned long)ts.tv_sec * 1000000000 + (unsigned long)ts.tv_nsec, 1);
		error = error_ns(said);
		vdk = error > vdk ? error : vdk;
		mpq_set_ui(said, counter, 1);
		mpz_mul_ui(mpq_numref(said), mpq_numref(said), mult);
		mpq_div_2exp(said, said, shift);
		error = error_ns(said);
		usual = error > usual ? error : usual;
		vdk_time_tick(&tk);
		if ((double)counter / HZ >= next || counter >= TEN_YEARS_SEC * HZ) {
			printf("%.6g %.6g %.6g\n", (double)counter / HZ, vdk, usual);
			next *= 1.2;
		}
	}
	return 0;
}
