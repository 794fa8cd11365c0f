/* SPDX-License-Identifier: MIT */
/* The exact reference: each operation as the documents define it.
 *
 * Owns: the definition of rates, of their rounding, and of what an operation does to the lines.
 * Relies on: GMP. Never: looks at the kit's state, or at how the kit computes. */
#include "exact.h"

#include "rational.h"

#include <stddef.h>

#include "vdk/time.h"

#define NS_PER_SEC 1000000000

const int exact_clocks[EXACT_CLOCKS] = { VDK_CLOCK_REALTIME,        VDK_CLOCK_MONOTONIC, VDK_CLOCK_MONOTONIC_RAW,
					 VDK_CLOCK_BOOTTIME,        VDK_CLOCK_TAI,       VDK_CLOCK_REALTIME_COARSE,
					 VDK_CLOCK_MONOTONIC_COARSE };

void exact_line_init(struct exact_line *line)
{
	mpq_inits(line->mono, line->raw, line->rate, line->raw_rate, NULL);
}

void exact_line_copy(struct exact_line *to, const struct exact_line *from)
{
	to->at = from->at;
	mpq_set(to->mono, from->mono);
	mpq_set(to->raw, from->raw);
	mpq_set(to->rate, from->rate);
	mpq_set(to->raw_rate, from->raw_rate);
	to->real = from->real, to->boot = from->boot, to->tai = from->tai;
}

/* Cycles from the line's start to `at`; a counter that has not yet reached the start counts as there. */
static void cycles_since(mpz_t cycles, const struct exact_line *line, position at)
{
	set_position(cycles, at > line->at ? at - line->at : 0);
}

void exact_read(const struct exact_line *line, position at, whole_ns reading[EXACT_CLOCKS])
{
	static mpz_t cycles;
	static mpq_t value;
	static bool ready;
	whole_ns mono, raw, start;

	if (!ready)
		mpz_init(cycles), mpq_init(value), ready = true;
	cycles_since(cycles, line, at);
	go_on(value, line->mono, cycles, line->rate);
	mono = floor_of(value);
	go_on(value, line->raw, cycles, line->raw_rate);
	raw = floor_of(value);
	start = floor_of(line->mono);
	for (int i = 0; i < EXACT_CLOCKS; i++)
		switch (exact_clocks[i]) {
		case VDK_CLOCK_REALTIME:
			reading[i] = mono + line->real;
			break;
		case VDK_CLOCK_MONOTONIC:
			reading[i] = mono;
			break;
		case VDK_CLOCK_MONOTONIC_RAW:
			reading[i] = raw;
			break;
		case VDK_CLOCK_BOOTTIME:
			reading[i] = mono + line->boot;
			break;
		case VDK_CLOCK_TAI:
			reading[i] = mono + line->tai;
			break;
		case VDK_CLOCK_REALTIME_COARSE:
			reading[i] = start + line->real;
			break;
		case VDK_CLOCK_MONOTONIC_COARSE:
			reading[i] = start;
			break;
		}
}

void exact_init(struct exact *x)
{
	exact_line_init(&x->now);
	mpq_inits(x->ideal_mono, x->ideal_raw, x->ideal_rate, x->ideal_raw_rate, x->drift, x->raw_drift, x->rate_error,
		  x->raw_rate_error, x->ideal_nominal, x->awake_rate, x->awake_raw_rate, x->awake_ideal_rate,
		  x->awake_ideal_raw_rate, x->awake_rate_error, x->awake_raw_rate_error, NULL);
	mpz_init(x->nominal);
	exact_discipline_init(x);
}

void set_units(mpq_t to, const mpz_t units, unsigned int shift)
{
	mpq_set_z(to, units);
	mpq_div_2exp(to, to, 64 - shift);
}

/* The multiplier of a counter of `hz`: 1e9/hz ns per cycle, to the nearest 2^(shift - 64), where `shift` is the least
 * that keeps a rate of 9/8 of it below 2^64 units. One unit wrong by half: that is the error. */
static void set_nominal(struct exact *x, uint64_t hz)
{
	mpq_t limit, scaled;

	mpq_inits(limit, scaled, NULL);
	mpq_set_ui(x->ideal_nominal, NS_PER_SEC, hz);
	mpq_canonicalize(x->ideal_nominal);
	mpq_set_ui(limit, 9, 8);
	mpq_mul(limit, limit, x->ideal_nominal);
	for (x->shift = 0; mpz_cmp(mpq_numref(limit), mpq_denref(limit)) >= 0; x->shift++)
		mpq_div_2exp(limit, limit, 1);
	mpq_mul_2exp(scaled, x->ideal_nominal, 64 - x->shift);
	round_nearest(x->nominal, scaled);
	mpq_clears(limit, scaled, NULL);
}

void exact_begin(struct exact *x, const struct exact_start *start)
{
	mpz_t whole;

	mpz_init(whole);
	set_nominal(x, start->hz);
	set_units(x->now.rate, x->nominal, x->shift);
	mpq_set(x->now.raw_rate, x->now.rate);
	mpq_set(x->ideal_rate, x->ideal_nominal);
	mpq_set(x->ideal_raw_rate, x->ideal_nominal);
	mpq_set_ui(x->rate_error, 1, 2);
	mpq_div_2exp(x->rate_error, x->rate_error, 64 - x->shift);
	mpq_set(x->raw_rate_error, x->rate_error);
	mpq_set_ui(x->drift, 0, 1);
	mpq_set_ui(x->raw_drift, 0, 1);

	x->now.at = start->at;
	set_whole(whole, start->mono);
	mpq_set_z(x->now.mono, whole);
	mpq_set(x->ideal_mono, x->now.mono);
	set_whole(whole, start->raw);
	mpq_set_z(x->now.raw, whole);
	mpq_set(x->ideal_raw, x->now.raw);
	x->now.real = start->real - start->mono;
	x->now.boot = start->boot - start->mono;
	x->now.tai = x->now.real + (whole_ns)start->tai_sec * NS_PER_SEC;
	x->asleep = x->ahead_known = false;
	exact_discipline_begin(x);
	x->bound_ns = start->bound_ns;
	x->bound = (position)start->bound_ns * start->hz / NS_PER_SEC + 1;
	x->deadline = 0;
	x->bent = false;
	mpz_clear(whole);
}

/* The clocks go on by `cycles`, along their lines. */
static void run(struct exact *x, const mpz_t cycles)
{
	int64_t second = exact_second(x);

	go_on(x->now.mono, x->now.mono, cycles, x->now.rate);
	go_on(x->now.raw, x->now.raw, cycles, x->now.raw_rate);
	go_on(x->ideal_mono, x->ideal_mono, cycles, x->ideal_rate);
	go_on(x->ideal_raw, x->ideal_raw, cycles, x->ideal_raw_rate);
	go_on(x->drift, x->drift, cycles, x->rate_error);
	go_on(x->raw_drift, x->raw_drift, cycles, x->raw_rate_error);
	exact_owe(x, cycles, x->now.rate, x->discipline.base);
	x->discipline.passed += (uint64_t)(exact_second(x) - second);
}

static void put_ahead(struct exact *x, position by)
{
	mpz_t cycles;

	mpz_init(cycles);
	set_position(cycles, by);
	run(x, cycles);
	mpz_clear(cycles);
}

/* The lines stay, their start moves. Asleep, not even that. */
void exact_tick(struct exact *x, position at)
{
	x->deadline = 0;
	x->bent = false;
	if (x->asleep || at <= x->now.at)
		return;
	put_ahead(x, at - x->now.at);
	x->now.at = at;
}

/* REALTIME then reads `wall`, and TAI as much more as before. The lines' fraction of a nanosecond stays. */
void exact_put_wall(struct exact *x, whole_ns wall)
{
	whole_ns tai = x->now.tai - x->now.real;

	exact_discipline_clear(x);
	x->now.real = wall - floor_of(x->now.mono);
	x->now.tai = x->now.real + tai;
}

void exact_set_wall(struct exact *x, position at, whole_ns wall)
{
	exact_tick(x, at);
	exact_put_wall(x, wall);
}

/* A faster line starts here. A slower one meets the old where the counter will be `bound` cycles on, so it starts
 * higher, by bound * (old - new). */
void exact_bend(struct exact *x, bool raw, const mpq_t rate, const mpq_t ideal, const mpq_t error)
{
	mpq_t *now = raw ? &x->now.raw_rate : &x->now.rate;
	mpq_t *ideal_now = raw ? &x->ideal_raw_rate : &x->ideal_rate;
	mpq_t *error_now = raw ? &x->raw_rate_error : &x->rate_error;
	mpq_t less;
	mpz_t bound;

	if (x->asleep) { /* it holds when the machine is awake again */
		mpq_set(raw ? x->awake_raw_rate : x->awake_rate, rate);
		mpq_set(raw ? x->awake_ideal_raw_rate : x->awake_ideal_rate, ideal);
		mpq_set(raw ? x->awake_raw_rate_error : x->awake_rate_error, error);
		return;
	}
	mpq_init(less);
	mpz_init(bound);
	set_position(bound, x->bound);
	if (mpq_cmp(rate, *now) < 0) {
		int64_t second = exact_second(x);

		mpq_sub(less, *now, rate);
		go_on(raw ? x->now.raw : x->now.mono, raw ? x->now.raw : x->now.mono, bound, less);
		if (!raw)
			exact_owe(x, bound, *now, rate);
		x->discipline.passed += (uint64_t)(exact_second(x) - second);
		mpq_sub(less, *ideal_now, ideal);
		go_on(raw ? x->ideal_raw : x->ideal_mono, raw ? x->ideal_raw : x->ideal_mono, bound, less);
		mpq_add(less, *error_now, error);
		go_on(raw ? x->raw_drift : x->drift, raw ? x->raw_drift : x->drift, bound, less);
		x->deadline = x->now.at + x->bound;
	}
	x->bent |= !raw;
	mpq_set(*now, rate);
	mpq_set(*ideal_now, ideal);
	mpq_set(*error_now, error);
	mpq_clear(less);
	mpz_clear(bound);
}

/* The nominal multiplier times 1 + freq * 2^-16 ppm, the change rounded to nearest: half a unit wrong for that, and
 * half a unit times the factor for the nominal one. */
void exact_set_raw_freq(struct exact *x, position at, int64_t freq)
{
	mpq_t factor, ideal, change, error;
	mpz_t units;

	mpq_inits(factor, ideal, change, error, NULL);
	mpz_init(units);
	exact_tick(x, at);
	mpq_set_si(factor, freq, 65536ul * 1000000);
	mpq_canonicalize(factor);
	mpq_set_z(change, x->nominal);
	mpq_mul(change, change, factor);
	round_nearest(units, change);
	mpz_add(units, units, x->nominal);
	set_units(change, units, x->shift);

	mpz_add(mpq_numref(factor), mpq_numref(factor), mpq_denref(factor));
	mpq_mul(ideal, x->ideal_nominal, factor);
	mpq_set_ui(error, 1, 1);
	mpq_add(error, error, factor);
	mpq_div_2exp(error, error, 65 - x->shift);
	exact_bend(x, true, change, ideal, error);
	mpq_clears(factor, ideal, change, error, NULL);
	mpz_clear(units);
}

static void move(mpq_t to, mpq_t from)
{
	mpq_set(to, from);
	mpq_set_ui(from, 0, 1);
}

/* How far REALTIME is ahead of the persistent clock is remembered, and believed until it is found two seconds off: so
 * the coarseness of that clock does not add up. */
void exact_suspend(struct exact *x, position at, const whole_ns *persistent)
{
	whole_ns real;

	exact_tick(x, at);
	real = floor_of(x->now.mono) + x->now.real;
	x->persistent = persistent && real < VDK_WALL_SEC_MAX * (whole_ns)NS_PER_SEC;
	if (x->persistent) {
		whole_ns ahead = real - *persistent, off = ahead - x->ahead;

		if (!x->ahead_known || off <= -2 * NS_PER_SEC || off >= 2 * NS_PER_SEC)
			x->ahead = ahead;
		x->ahead_known = true;
		x->began = real - x->ahead;
	}
	move(x->awake_rate, x->now.rate);
	move(x->awake_raw_rate, x->now.raw_rate);
	move(x->awake_ideal_rate, x->ideal_rate);
	move(x->awake_ideal_raw_rate, x->ideal_raw_rate);
	move(x->awake_rate_error, x->rate_error);
	move(x->awake_raw_rate_error, x->raw_rate_error);
	x->asleep = x->bent = true;
}

/* A persistent clock takes REALTIME to the last time that it can be set to at most, and never back. */
void exact_resume(struct exact *x, position at, bool counts, const whole_ns *persistent)
{
	whole_ns real = floor_of(x->now.mono) + x->now.real, most = VDK_WALL_SEC_MAX * (whole_ns)NS_PER_SEC - real,
		 slept = 0;
	mpq_t value;
	mpz_t cycles;

	mpq_init(value);
	mpz_init(cycles);
	if (counts) {
		cycles_since(cycles, &x->now, at);
		go_on(value, value, cycles, x->awake_rate);
		slept = floor_of(value);
	} else if (x->persistent && persistent) {
		slept = *persistent - x->began;
		slept = slept > most ? most : slept;
		slept = slept < 0 ? 0 : slept;
	}
	x->now.real += slept;
	x->now.tai += slept;
	x->now.boot += slept;
	x->now.at = at;
	x->asleep = false;
	x->deadline = 0;
	x->bent = true;
	move(x->now.rate, x->awake_rate);
	move(x->now.raw_rate, x->awake_raw_rate);
	move(x->ideal_rate, x->awake_ideal_rate);
	move(x->ideal_raw_rate, x->awake_ideal_raw_rate);
	move(x->rate_error, x->awake_rate_error);
	move(x->raw_rate_error, x->awake_raw_rate_error);
	mpq_clear(value);
	mpz_clear(cycles);
}

/* The most that a * b / c, rounded to a multiple of `unit`, can be off, when a, b, c are off by these errors. */
static void quotient_error(mpq_t to, const mpq_t a, const mpq_t a_error, const mpq_t b, const mpq_t b_error,
			   const mpq_t c, const mpq_t c_error, const mpq_t unit)
{
	mpq_t most, exactly, divisor;

	mpq_inits(most, exactly, divisor, NULL);
	mpq_add(most, a, a_error);
	mpq_add(divisor, b, b_error);
	mpq_mul(most, most, divisor);
	mpq_sub(divisor, c, c_error);
	mpq_div(most, most, divisor);
	mpq_mul(exactly, a, b);
	mpq_div(exactly, exactly, c);
	mpq_sub(to, most, exactly);
	mpq_div_2exp(divisor, unit, 1);
	mpq_add(to, to, divisor);
	mpq_clears(most, exactly, divisor, NULL);
}

/* One rate at the new counter: what it was, relative to the old counter's nominal one, to the nearest unit. */
static void convert(struct exact *x, mpq_t rate, mpq_t ideal, mpq_t error, const mpq_t old, const mpq_t old_ideal,
		    const mpq_t old_error, const mpq_t unit)
{
	mpq_t converted, new_error;
	mpz_t units;

	mpq_inits(converted, new_error, NULL);
	mpz_init(units);
	mpq_div(converted, rate, old);
	mpq_set_z(new_error, x->nominal);
	mpq_mul(converted, converted, new_error);
	round_nearest(units, converted);
	set_units(rate, units, x->shift);

	mpq_div_2exp(new_error, unit, 1);
	quotient_error(error, ideal, error, x->ideal_nominal, new_error, old_ideal, old_error, unit);
	mpq_mul(ideal, ideal, x->ideal_nominal);
	mpq_div(ideal, ideal, old_ideal);
	mpq_clears(converted, new_error, NULL);
	mpz_clear(units);
}

void exact_switch(struct exact *x, position a, position b, uint64_t hz)
{
	mpq_t old, old_ideal, old_error, unit;

	mpq_inits(old, old_ideal, old_error, unit, NULL);
	exact_tick(x, a);
	x->deadline = x->now.at + x->bound;
	put_ahead(x, 2 + x->bound / 512);
	set_units(old, x->nominal, x->shift);
	mpq_set(old_ideal, x->ideal_nominal);
	mpq_set_ui(old_error, 1, 2);
	mpq_div_2exp(old_error, old_error, 64 - x->shift);
	set_nominal(x, hz);
	mpq_set_ui(unit, 1, 1);
	mpq_div_2exp(unit, unit, 64 - x->shift);
	exact_discipline_rate(x, x->now.rate, x->ideal_rate, x->rate_error);
	convert(x, x->now.raw_rate, x->ideal_raw_rate, x->raw_rate_error, old, old_ideal, old_error, unit);
	put_ahead(x, 1);
	x->now.at = b;
	x->bound = (position)x->bound_ns * hz / NS_PER_SEC + 1;
	x->bent = true;
	mpq_clears(old, old_ideal, old_error, unit, NULL);
}

bool exact_within_drift(struct exact *x)
{
	return within(x->now.mono, x->ideal_mono, x->drift) && within(x->now.raw, x->ideal_raw, x->raw_drift) &&
	       within(x->now.rate, x->ideal_rate, x->rate_error) &&
	       within(x->now.raw_rate, x->ideal_raw_rate, x->raw_rate_error);
}

bool exact_rate_met(whole_ns from, position begin, whole_ns to, position end, const mpq_t ideal)
{
	mpq_t got, want, most, one;
	mpz_t whole;
	bool is;

	mpq_inits(got, want, most, one, NULL);
	mpz_init(whole);
	set_whole(whole, to - from);
	mpq_set_z(got, whole);
	set_position(whole, end - begin);
	mpq_set_z(want, whole);
	mpq_mul(want, want, ideal);
	mpq_set_ui(one, 1, 1);
	mpq_set_ui(most, 1, 1000000000000);
	mpq_mul(most, most, want);
	mpq_add(most, most, one);
	is = within(got, want, most);
	mpq_clears(got, want, most, one, NULL);
	mpz_clear(whole);
	return is;
}
