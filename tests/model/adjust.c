/* SPDX-License-Identifier: MIT */
/* The reference's discipline: adjtimex as vdk/timex.h and docs/decisions/discipline.md define it, in rational numbers.
 *
 * Owns: struct exact_discipline. Relies on: exact.c for the lines. Never: looks at the kit's state. */
#include <limits.h>
#include <stddef.h>

#include "exact.h"
#include "rational.h"
#include "vdk/time.h"

#define NS_PER_SEC 1000000000ll
#define DAY 86400
#define NEVER INT64_MAX
#define ERROR_MAX_US 16000000

/* The loop's frequencies and phases are multiples of 2^-32 ns; what is between is cut off, towards zero. */
static void cut(mpq_t value)
{
	mpq_mul_2exp(value, value, 32);
	mpz_tdiv_q(mpq_numref(value), mpq_numref(value), mpq_denref(value));
	mpz_set_ui(mpq_denref(value), 1);
	mpq_div_2exp(value, value, 32);
}

static whole_ns toward_zero(const mpq_t value)
{
	mpz_t whole;
	whole_ns result;

	mpz_init(whole);
	mpz_tdiv_q(whole, mpq_numref(value), mpq_denref(value));
	result = get_whole(whole);
	mpz_clear(whole);
	return result;
}

static void set_integer(mpq_t to, whole_ns value)
{
	set_whole(mpq_numref(to), value);
	mpz_set_ui(mpq_denref(to), 1);
}

static whole_ns clamp(whole_ns value, whole_ns low, whole_ns high)
{
	return value < low ? low : value > high ? high : value;
}

static void clamp_to(mpq_t value, whole_ns most)
{
	mpq_t limit;

	mpq_init(limit);
	set_integer(limit, most);
	if (mpq_cmp(value, limit) > 0)
		mpq_set(value, limit);
	mpq_neg(limit, limit);
	if (mpq_cmp(value, limit) < 0)
		mpq_set(value, limit);
	mpq_clear(limit);
}

void exact_discipline_init(struct exact *x)
{
	mpq_inits(x->discipline.freq, x->discipline.offset, x->discipline.owed, x->discipline.base, NULL);
}

void exact_discipline_begin(struct exact *x)
{
	struct exact_discipline *d = &x->discipline;

	mpq_set_ui(d->freq, 0, 1);
	mpq_set_ui(d->offset, 0, 1);
	mpq_set_ui(d->owed, 0, 1);
	mpq_set(d->base, x->now.rate);
	d->status = VDK_STA_UNSYNC;
	d->state = VDK_TIME_OK;
	d->constant = 2;
	d->tick_us = 10000;
	d->maxerror_us = d->esterror_us = ERROR_MAX_US;
	d->reference_sec = d->adjust_us = 0;
	d->leap_sec = NEVER;
	d->slew_ns = 0;
	d->passed = d->steps = d->leaps = 0;
	d->played = 0;
}

void exact_owe(struct exact *x, const mpz_t cycles, const mpq_t rate, const mpq_t than)
{
	mpq_t less;

	mpq_init(less);
	mpq_sub(less, than, rate);
	go_on(x->discipline.owed, x->discipline.owed, cycles, less);
	mpq_clear(less);
	clamp_to(x->discipline.owed, (whole_ns)1 << 61); /* 73 years */
}

/* The rate without a slew is nominal * (1 + tick + freq), the difference rounded to nearest. A second of the clock in
 * which t is slewed takes 1 s - t at that rate: so t / (1 - t) comes on top, rounded to nearest, up to 9/8 of the
 * nominal rate, rounded down. */
void exact_discipline_rate(struct exact *x, mpq_t rate, mpq_t ideal, mpq_t error)
{
	struct exact_discipline *d = &x->discipline;
	mpq_t factor, change, unit;
	mpz_t units, base, most;

	mpq_inits(factor, change, unit, NULL);
	mpz_inits(units, base, most, NULL);
	mpq_set_ui(unit, 1, 1);
	mpq_div_2exp(unit, unit, 64 - x->shift);
	set_integer(factor, (whole_ns)(d->tick_us - 10000) * 100000);
	mpq_add(factor, factor, d->freq);
	set_integer(change, NS_PER_SEC);
	mpq_div(factor, factor, change);
	mpq_set_z(change, x->nominal);
	mpq_mul(change, change, factor);
	round_nearest(base, change);
	mpz_add(base, base, x->nominal);
	set_units(d->base, base, x->shift);
	/* Half a unit for the nominal rate's rounding, as many times as the rate, and half a unit for this one. */
	mpq_set_ui(change, 1, 1);
	mpq_add(factor, factor, change);
	mpq_mul(ideal, x->ideal_nominal, factor);
	mpq_add(error, factor, change);
	mpq_div_2exp(error, error, 1);
	mpq_mul(error, error, unit);

	set_integer(factor, d->slew_ns);
	set_integer(change, NS_PER_SEC - d->slew_ns);
	mpq_div(factor, factor, change);
	mpq_set_z(change, base);
	mpq_mul(change, change, factor);
	round_nearest(units, change);
	mpz_add(units, units, base);
	mpz_fdiv_q_2exp(most, x->nominal, 3);
	mpz_add(most, most, x->nominal);
	if (mpz_cmp(units, most) >= 0 && d->slew_ns > 0) {
		mpz_set(units, most);
		mpq_set_ui(factor, 9, 8);
		mpq_mul(ideal, x->ideal_nominal, factor);
		mpq_set_ui(change, 25, 16); /* 9/8 of half a unit, and one */
		mpq_mul(error, unit, change);
	} else if (d->slew_ns) {
		mpq_set_ui(change, 1, 1);
		mpq_add(factor, factor, change);
		mpq_mul(ideal, ideal, factor);
		mpq_mul(error, error, factor);
		mpq_div_2exp(unit, unit, 1);
		mpq_add(error, error, unit);
	}
	set_units(rate, units, x->shift);
	mpq_clears(factor, change, unit, NULL);
	mpz_clears(units, base, most, NULL);
}

static void steer(struct exact *x)
{
	mpq_t rate, ideal, error;

	mpq_inits(rate, ideal, error, NULL);
	exact_discipline_rate(x, rate, ideal, error);
	exact_bend(x, false, rate, ideal, error);
	mpq_clears(rate, ideal, error, NULL);
}

static void end_slew(struct exact *x)
{
	mpq_set_ui(x->discipline.offset, 0, 1);
	x->discipline.adjust_us = 0;
	x->discipline.slew_ns = 0;
	steer(x);
	mpq_set_ui(x->discipline.owed, 0, 1);
}

void exact_discipline_clear(struct exact *x)
{
	struct exact_discipline *d = &x->discipline;

	end_slew(x);
	d->status |= VDK_STA_UNSYNC;
	d->maxerror_us = d->esterror_us = ERROR_MAX_US;
	d->leap_sec = NEVER;
	d->passed = 0;
	d->steps++;
}

/* `second` begins. Returns what REALTIME steps by. */
static int leap(struct exact_discipline *d, int64_t second)
{
	bool insert = d->status & VDK_STA_INS, delete = d->status & VDK_STA_DEL;
	int state = d->state, step = 0;

	if (state == VDK_TIME_WAIT && !insert && !delete)
		d->state = VDK_TIME_OK;
	if (state == VDK_TIME_OOP)
		d->state = VDK_TIME_WAIT;
	if (state == VDK_TIME_OK && (insert || delete)) {
		/* The last second of the day comes twice, which is seen when the next day begins; or not at all. */
		d->state = insert ? VDK_TIME_INS : VDK_TIME_DEL;
		d->leap_sec = second + DAY - (second + !insert) % DAY;
	}
	if ((state == VDK_TIME_INS && !insert) || (state == VDK_TIME_DEL && !delete)) {
		d->state = VDK_TIME_OK;
		d->leap_sec = NEVER;
	} else if ((state == VDK_TIME_INS || state == VDK_TIME_DEL) && second == d->leap_sec) {
		step = state == VDK_TIME_INS ? -1 : 1;
		d->state = state == VDK_TIME_INS ? VDK_TIME_OOP : VDK_TIME_WAIT;
		d->leap_sec = NEVER;
	}
	return step;
}

int64_t exact_second(const struct exact *x)
{
	whole_ns real = floor_of(x->now.mono) + x->now.real, second = real / NS_PER_SEC;

	return (int64_t)(second - (real % NS_PER_SEC < 0));
}

/* The seconds that have begun since the last time. Each promises a slew. From here on, the last one's promise is
 * slewed, and what is owed beside it, spread over as much time as has passed since the last time. */
static void play(struct exact *x)
{
	struct exact_discipline *d = &x->discipline;
	uint64_t left = d->passed;
	whole_ns meant = 0, rest, span, offset, promised = 0; /* the last two in 2^-32 ns, and whole in that */
	int64_t last;
	mpq_t value;

	d->passed = 0;
	if (!left)
		return;
	last = exact_second(x);
	mpq_init(value);
	mpq_mul_2exp(value, d->offset, 32);
	offset = toward_zero(value);
	while (left) {
		int64_t second = last - (int64_t)left + 1, us;
		int32_t state = d->state;
		int64_t leap_sec = d->leap_sec;
		uint64_t count = 1;
		int step = leap(d, second);
		/* Of the offset the 2^(2 + constant)th part, cut off towards zero. */
		whole_ns loop = offset / ((whole_ns)1 << (2 + d->constant));

		/* As long as the state rests and the loop has nothing to do, seconds differ only in number. */
		if (!loop && d->state == state && d->leap_sec == leap_sec && left > 1) {
			count = left - 1;
			if (leap_sec > second && (uint64_t)(leap_sec - second) < count)
				count = (uint64_t)(leap_sec - second);
		}
		us = (int64_t)clamp(d->adjust_us, -500 * (whole_ns)count, 500 * (whole_ns)count);
		d->adjust_us -= us;
		offset -= loop;
		loop += (whole_ns)us * 1000 * ((whole_ns)1 << 32);
		promised += loop;
		meant = loop / ((whole_ns)1 << 32);
		d->maxerror_us += (int64_t)count * 500;
		if (d->maxerror_us > ERROR_MAX_US) {
			d->maxerror_us = ERROR_MAX_US;
			d->status |= VDK_STA_UNSYNC;
		}
		last += step;
		x->now.real += step * NS_PER_SEC; /* TAI and the others are not concerned */
		d->steps += step != 0;
		d->leaps += step != 0;
		left -= count;
	}
	set_integer(d->offset, offset);
	mpq_div_2exp(d->offset, d->offset, 32);
	set_integer(value, promised);
	mpq_div_2exp(value, value, 32);
	mpq_add(d->owed, d->owed, value);
	clamp_to(d->owed, (whole_ns)1 << 61);
	mpq_clear(value);
	/* Eight seconds owed are as many as more. */
	rest = clamp(floor_of(d->owed), -8 * NS_PER_SEC, 8 * NS_PER_SEC) - meant;
	span = floor_of(x->now.mono) - d->played;
	d->played = floor_of(x->now.mono);
	d->slew_ns = 0;
	if (meant || rest > 100 || rest < -100) {
		rest = span > NS_PER_SEC ? rest * NS_PER_SEC / span : rest;
		d->slew_ns = meant + clamp(rest, -500000, 500000);
	}
	steer(x);
}

void exact_play(struct exact *x, position at)
{
	exact_tick(x, at);
	play(x);
}

/* --- Requests --- */

static bool valid(const struct vdk_timex *tx)
{
	const unsigned int adjtime = 0x8000;
	int64_t second = tx->modes & VDK_ADJ_NANO ? NS_PER_SEC : 1000000;

	if (tx->modes & adjtime && !(tx->modes & VDK_ADJ_OFFSET))
		return false;
	if (!(tx->modes & adjtime) && tx->modes & VDK_ADJ_TICK && (tx->tick < 9000 || tx->tick > 11000))
		return false;
	if (tx->modes & VDK_ADJ_SETOFFSET && (tx->time.tv_usec < 0 || tx->time.tv_usec >= second))
		return false;
	return !(tx->modes & VDK_ADJ_FREQUENCY) ||
	       (tx->freq <= INT64_MAX / 65536000 && tx->freq >= INT64_MIN / 65536000);
}

static void set_status(struct exact *x, int32_t status)
{
	struct exact_discipline *d = &x->discipline;
	bool was = d->status & VDK_STA_PLL, is = status & VDK_STA_PLL;

	if (was && !is) {
		d->state = VDK_TIME_OK;
		d->status = VDK_STA_UNSYNC;
		d->leap_sec = NEVER;
	}
	if (!was && is)
		d->reference_sec = exact_second(x);
	d->status = (d->status & VDK_STA_RONLY) | (status & ~VDK_STA_RONLY);
}

/* The loops: t seconds after the last update, the frequency moves by offset * t / (2^(4 + constant))^2, t at most 2^(3
 * + constant); and where the frequency-locked loop is at work, by offset / 4t. */
static void set_offset(struct exact *x, whole_ns offset)
{
	struct exact_discipline *d = &x->discipline;
	int64_t t = exact_second(x) - d->reference_sec;
	mpq_t part, time;

	if (!(d->status & VDK_STA_PLL))
		return;
	if (!(d->status & VDK_STA_NANO))
		offset *= 1000;
	offset = clamp(offset, -NS_PER_SEC / 2, NS_PER_SEC / 2);
	d->reference_sec = exact_second(x);
	if (d->status & VDK_STA_FREQHOLD || t < 0)
		t = 0;
	mpq_inits(part, time, NULL);
	d->status &= ~VDK_STA_MODE;
	if (t > 2048 || (t >= 256 && d->status & VDK_STA_FLL)) {
		d->status |= VDK_STA_MODE;
		set_integer(part, offset);
		set_integer(time, (whole_ns)4 * t);
		mpq_div(part, part, time);
		cut(part);
		mpq_add(d->freq, d->freq, part);
	}
	set_integer(part, offset);
	set_integer(time, clamp(t, 0, 8 << d->constant));
	mpq_mul(part, part, time);
	mpq_div_2exp(part, part, (mp_bitcnt_t)(2 * (4 + d->constant)));
	mpq_add(d->freq, d->freq, part);
	clamp_to(d->freq, 500000);
	set_integer(d->offset, offset);
	mpq_clears(part, time, NULL);
}

static void set(struct exact *x, const struct vdk_timex *tx)
{
	struct exact_discipline *d = &x->discipline;
	unsigned int modes = tx->modes;

	if (modes & VDK_ADJ_STATUS)
		set_status(x, tx->status);
	if (modes & VDK_ADJ_NANO)
		d->status |= VDK_STA_NANO;
	if (modes & VDK_ADJ_MICRO)
		d->status &= ~VDK_STA_NANO;
	if (modes & VDK_ADJ_FREQUENCY) { /* 2^-16 ppm are 1000 / 2^16 ns per second */
		set_integer(d->freq, (whole_ns)tx->freq * 1000);
		mpq_div_2exp(d->freq, d->freq, 16);
		clamp_to(d->freq, 500000);
	}
	if (modes & VDK_ADJ_MAXERROR)
		d->maxerror_us = (int64_t)clamp(tx->maxerror, 0, ERROR_MAX_US);
	if (modes & VDK_ADJ_ESTERROR)
		d->esterror_us = (int64_t)clamp(tx->esterror, 0, ERROR_MAX_US);
	if (modes & VDK_ADJ_TIMECONST) {
		int octaves = d->status & VDK_STA_NANO ? 0 : 4;

		d->constant = (int32_t)clamp(clamp(tx->constant, 0, 10) + octaves, 0, 10);
	}
	if (modes & VDK_ADJ_TAI && tx->constant >= 0 && tx->constant <= 100000) {
		whole_ns tai = x->now.real + (whole_ns)tx->constant * NS_PER_SEC;

		d->steps += tai != x->now.tai;
		x->now.tai = tai;
	}
	if (modes & VDK_ADJ_OFFSET)
		set_offset(x, tx->offset);
	if (modes & VDK_ADJ_TICK)
		d->tick_us = (int32_t)tx->tick;
	steer(x);
}

static int answer(const struct exact *x, struct vdk_timex *tx, int64_t offset)
{
	const struct exact_discipline *d = &x->discipline;
	whole_ns real = floor_of(x->now.mono) + x->now.real;
	int64_t unit = d->status & VDK_STA_NANO ? 1 : 1000, second = exact_second(x);
	mpq_t freq;

	mpq_init(freq);
	mpq_mul_2exp(freq, d->freq, 16);
	mpz_mul_ui(mpq_denref(freq), mpq_denref(freq), 1000);
	*tx = (struct vdk_timex){
		.modes = tx->modes,
		.offset = offset,
		.freq = (int64_t)toward_zero(freq),
		.maxerror = d->maxerror_us,
		.esterror = d->esterror_us,
		.status = d->status,
		.constant = d->constant,
		.precision = 1,
		.tolerance = 500 * 65536,
		.time = { second, (int64_t)(real - (whole_ns)second * NS_PER_SEC) / unit },
		.tick = d->tick_us,
		.tai = (int32_t)((x->now.tai - x->now.real) / NS_PER_SEC),
	};
	mpq_clear(freq);
	return d->status & (VDK_STA_UNSYNC | VDK_STA_CLOCKERR) ? VDK_TIME_ERROR : d->state;
}

int exact_adjust(struct exact *x, position at, struct vdk_timex *tx, bool *refused)
{
	struct exact_discipline *d = &x->discipline;
	int64_t left, unit = tx->modes & VDK_ADJ_NANO ? 1 : 1000;

	*refused = !valid(tx);
	if (*refused)
		return -VDK_EINVAL;
	exact_play(x, at);
	if (tx->modes & VDK_ADJ_SETOFFSET) {
		whole_ns wall = floor_of(x->now.mono) + x->now.real + (whole_ns)tx->time.tv_sec * NS_PER_SEC +
				tx->time.tv_usec * unit;

		if (wall < 0 || wall >= (VDK_WALL_SEC_MAX + 1) * (whole_ns)NS_PER_SEC)
			return -VDK_EINVAL;
		exact_put_wall(x, wall);
	}
	if (!(tx->modes & 0x8000)) {
		if (tx->modes)
			set(x, tx);
		return answer(x, tx, (int64_t)(toward_zero(d->offset) / (d->status & VDK_STA_NANO ? 1 : 1000)));
	}
	left = d->adjust_us;
	if (!(tx->modes & 0x2000))
		d->adjust_us = tx->offset;
	return answer(x, tx, left);
}

void exact_set_freq(struct exact *x, position at, int64_t freq)
{
	struct exact_discipline *d = &x->discipline;

	exact_tick(x, at);
	d->tick_us = 10000 + (int32_t)(freq / (100 << 16));
	set_integer(d->freq, (whole_ns)(freq % (100 << 16)) * 1000);
	mpq_div_2exp(d->freq, d->freq, 16);
	end_slew(x);
}
