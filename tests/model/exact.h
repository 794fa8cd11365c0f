/* SPDX-License-Identifier: MIT */
/* Owns: the exact reference: what docs/timekeeping.md and the public headers promise, in rational arithmetic.
 * Relies on: GMP, and the public headers' constants. It is compiled without kit/page and kit/time in reach.
 * Who may include: tests/model, tests/plots. */
#ifndef VDK_TESTS_MODEL_EXACT_H
#define VDK_TESTS_MODEL_EXACT_H

#include <gmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "vdk/clock.h"
#include "vdk/timex.h"

typedef __int128 whole_ns;
/* A counter's value if it had bits enough never to wrap. */
typedef unsigned __int128 position;

/* What one publication tells its readers: two straight lines, of MONOTONIC and of MONOTONIC_RAW, over the counter's
 * position. Every other clock is whole nanoseconds away from MONOTONIC. */
struct exact_line {
	position at;              /* where the lines start; before it, they are level */
	mpq_t mono, raw;          /* ns, there */
	mpq_t rate, raw_rate;     /* ns per cycle */
	whole_ns real, boot, tai; /* less MONOTONIC */
};

/* adjtimex's state. */
struct exact_discipline {
	int32_t status, state, constant, tick_us;
	int64_t maxerror_us, esterror_us, reference_sec, adjust_us, leap_sec;
	mpq_t freq;       /* ns per second, beside the tick */
	mpq_t offset;     /* ns that the loop has still to slew */
	mpq_t owed;       /* ns: slews promised, less those done */
	mpq_t base;       /* the rate without a slew, ns per cycle */
	whole_ns slew_ns; /* in this second */
	whole_ns played;  /* MONOTONIC when seconds were last begun */
	uint64_t passed;  /* seconds that have begun and were not looked at */
	uint64_t steps, leaps;
};

/* The truth, as the documents define it: `now`, with multipliers rounded as they say; and beside it what the same
 * history comes to when no multiplier is rounded, and how far apart rounding may have brought the two. */
struct exact {
	struct exact_line now;
	mpq_t ideal_mono, ideal_raw;      /* ns at now.at */
	mpq_t ideal_rate, ideal_raw_rate; /* ns per cycle */
	mpq_t drift, raw_drift;           /* the most that |mono - ideal_mono| and |raw - ideal_raw| can be, ns */
	mpq_t rate_error, raw_rate_error; /* and of the rates, ns per cycle */
	mpz_t nominal;                    /* the counter's multiplier, in units of 2^(shift - 64) ns per cycle */
	mpq_t ideal_nominal;              /* ns per cycle */
	unsigned int shift;
	uint32_t bound_ns; /* ... and for any counter */
	position bound;    /* cycles from `now` to where a slower rate meets the old line */
	position deadline; /* where the last operation had to be visible at the latest; 0: no matter when */
	bool bent;         /* it gave MONOTONIC another rate */

	struct exact_discipline discipline;

	/* While the machine sleeps, and what is known of the persistent clock. */
	bool asleep, persistent, ahead_known;
	whole_ns ahead, began;
	mpq_t awake_rate, awake_raw_rate, awake_ideal_rate, awake_ideal_raw_rate, awake_rate_error,
		awake_raw_rate_error;
};

void exact_line_init(struct exact_line *line);
void exact_line_copy(struct exact_line *to, const struct exact_line *from);

/* What a reader of `line` reads at `at`, all seven clocks in the order of exact_clocks[], rounded down. */
#define EXACT_CLOCKS 7
extern const int exact_clocks[EXACT_CLOCKS];
void exact_read(const struct exact_line *line, position at, whole_ns reading[EXACT_CLOCKS]);

/* Once for the memory of a `struct exact`; and a timekeeper's start. */
void exact_init(struct exact *x);
struct exact_start {
	uint64_t hz;
	position at;
	whole_ns real, mono, boot, raw;
	int32_t tai_sec;
	uint32_t bound_ns;
};
void exact_begin(struct exact *x, const struct exact_start *start);

/* The operations, at the counter's position `at`; one at or before the last operation's counts as that. */
void exact_set_wall(struct exact *x, position at, whole_ns wall);
/* `freq` in units of 2^-16 ppm of the counter's nominal rate. */
void exact_set_freq(struct exact *x, position at, int64_t freq);
void exact_set_raw_freq(struct exact *x, position at, int64_t freq);
/* A tick of the timer, which also begins the seconds that have passed. */
void exact_play(struct exact *x, position at);
/* adjtimex: the result, and what is in *tx then. *refused: nothing has happened. */
int exact_adjust(struct exact *x, position at, struct vdk_timex *tx, bool *refused);

/* Another counter, of `hz`: `a` is the old one's position when last read, `b` that of the new one just before. */
void exact_switch(struct exact *x, position a, position b, uint64_t hz);

/* The machine falls asleep and wakes up, with a persistent clock that says *persistent, or NULL. After it, the counter
 * may be anywhere: at `at` now; `counts`: it has counted all the time. */
void exact_suspend(struct exact *x, position at, const whole_ns *persistent);
void exact_resume(struct exact *x, position at, bool counts, const whole_ns *persistent);

/* Is the rounded truth within what rounding may do of the unrounded? */
bool exact_within_drift(struct exact *x);

/* Has a clock that read `from` at position `begin` and reads `to` at `end` gone at `ideal` ns per cycle, to 1e-12 and
 * the two roundings of the readings? */
bool exact_rate_met(whole_ns from, position begin, whole_ns to, position end, const mpq_t ideal);

/* --- What exact.c and adjust.c share --- */

/* The lines' start moves on to `at`. */
void exact_tick(struct exact *x, position at);
/* Set REALTIME there. */
void exact_put_wall(struct exact *x, whole_ns wall);
/* Another rate, which is `error` off `ideal` at most. */
void exact_bend(struct exact *x, bool raw, const mpq_t rate, const mpq_t ideal, const mpq_t error);
/* `units` of 2^(shift - 64). */
void set_units(mpq_t to, const mpz_t units, unsigned int shift);

void exact_discipline_init(struct exact *x);
void exact_discipline_begin(struct exact *x);
/* REALTIME is about to be set. */
void exact_discipline_clear(struct exact *x);
/* The rate that the discipline wants, with the present nominal one. */
void exact_discipline_rate(struct exact *x, mpq_t rate, mpq_t ideal, mpq_t error);
/* `cycles` went at `rate`, where `than` was the rate without a slew. */
void exact_owe(struct exact *x, const mpz_t cycles, const mpq_t rate, const mpq_t than);
/* REALTIME's second. */
int64_t exact_second(const struct exact *x);

#endif
