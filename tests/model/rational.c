/* SPDX-License-Identifier: MIT */
/* Rational numbers, where GMP lacks something.
 *
 * Owns: nothing. Relies on: GMP. Never: rounds, but where the name says so. */
#include "rational.h"

#include <stddef.h>

void set_position(mpz_t to, position value)
{
	mpz_set_ui(to, (unsigned long)(value >> 64));
	mpz_mul_2exp(to, to, 64);
	mpz_add_ui(to, to, (unsigned long)value);
}

void set_whole(mpz_t to, whole_ns value)
{
	set_position(to, (position)(value < 0 ? -value : value));
	if (value < 0)
		mpz_neg(to, to);
}

whole_ns get_whole(const mpz_t from)
{
	static mpz_t high;
	static bool ready;
	position magnitude;

	if (!ready)
		mpz_init(high), ready = true;
	mpz_tdiv_q_2exp(high, from, 64); /* both of these are of the magnitude */
	magnitude = (position)mpz_get_ui(high) << 64 | mpz_get_ui(from);
	return mpz_sgn(from) < 0 ? -(whole_ns)magnitude : (whole_ns)magnitude;
}

whole_ns floor_of(const mpq_t value)
{
	static mpz_t quotient;
	static bool ready;

	if (!ready)
		mpz_init(quotient), ready = true;
	mpz_fdiv_q(quotient, mpq_numref(value), mpq_denref(value));
	return get_whole(quotient);
}

void go_on(mpq_t to, const mpq_t base, const mpz_t cycles, const mpq_t rate)
{
	static mpq_t way;
	static bool ready;

	if (!ready)
		mpq_init(way), ready = true;
	mpq_set_z(way, cycles);
	mpq_mul(way, way, rate);
	mpq_add(to, base, way);
}

void round_nearest(mpz_t to, const mpq_t value)
{
	mpq_t half, moved;

	mpq_inits(half, moved, NULL);
	mpq_set_si(half, mpq_sgn(value) < 0 ? -1 : 1, 2);
	mpq_add(moved, value, half);
	mpz_tdiv_q(to, mpq_numref(moved), mpq_denref(moved));
	mpq_clears(half, moved, NULL);
}

bool within(const mpq_t a, const mpq_t b, const mpq_t most)
{
	mpq_t difference;
	bool is;

	mpq_init(difference);
	mpq_sub(difference, a, b);
	mpq_abs(difference, difference);
	is = mpq_cmp(difference, most) <= 0;
	mpq_clear(difference);
	return is;
}
