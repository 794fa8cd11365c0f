/* SPDX-License-Identifier: MIT */
/* adjtimex: what the clock's rate is to be, second by second, and the leap seconds.
 *
 * Owns: struct vdk_discipline. Relies on: the caller's lock, see vdk/time.h; the loops and their constants are those
 * of RFC 1589 and of Mills's later kernel model in nanoseconds, what is left open there is as Linux 6.1 answers.
 * Never: lets when a tick comes decide where the clock gets to (docs/decisions/discipline.md). */
#include "time/internal.h"
#include "time/rate.h"

/* Bits of ADJ_OFFSET_SINGLESHOT and ADJ_OFFSET_SS_READ: the modes are adjtime(3)'s; it only asks. */
#define ADJTIME (VDK_ADJ_OFFSET_SINGLESHOT & ~VDK_ADJ_OFFSET)
#define READONLY (VDK_ADJ_OFFSET_SS_READ & ~VDK_ADJ_OFFSET_SINGLESHOT)

#define SEC_PER_DAY 86400
#define NONE INT64_MAX

#define TICK_US 10000
#define TICK_US_MIN 9000
#define TICK_US_MAX 11000
#define TICK_NS_PER_SEC 100000ll /* one microsecond more per tick, in ns a second */
#define FREQ_PER_TICK_US (100ll << 16) /* the same, 100 ppm, in units of 2^-16 ppm */

/* Fixed point, 2^-32 ns, for phases and, per second, for frequencies. */
#define NS (1ll << 32)
#define FREQ_SCALE 65536000ll /* of 2^-16 ppm, which is 1e-3 / 2^16 ns per second */
#define FREQ_LIMIT (500000 * NS)
#define CONSTANT_MAX 10
#define OFFSET_LIMIT_NS 500000000ll
#define ERROR_LIMIT_US 16000000ll
#define ERROR_PER_SEC_US 500
#define TAI_LIMIT_SEC 100000

#define SLEW_US 500           /* of adjtime, per second */
#define REPAY_NS 500000ll     /* of what is owed, per second */
#define CARRIED_NS 100        /* less than this is owed without being repaid */

static __int128 owed(const struct vdk_discipline *d)
{
	return (__int128)((unsigned __int128)(uint64_t)d->owed_ns << 64 | d->owed_frac);
}

/* Units of 2^-64 ns. The account stays below 2^125, which is 73 years. What comes on top is at most the 2^64 scaled
 * cycles of one span times a difference of rates below 2^62, see vdk_discipline_rate(): no overflow. Beyond 73 years
 * it forgets. */
static void owe(struct vdk_discipline *d, __int128 add)
{
	const __int128 limit = (__int128)1 << 125;
	__int128 sum = owed(d) + add;

	sum = sum > limit ? limit : sum < -limit ? -limit : sum;
	d->owed_ns = (int64_t)(sum >> 64);
	d->owed_frac = (uint64_t)sum;
}

void vdk_discipline_moved(struct vdk_timekeeper *tk, uint64_t scaled, uint64_t mult, uint64_t than)
{
	__int128 moved = mult > than ? (__int128)((unsigned __int128)scaled * (mult - than))
				     : -(__int128)((unsigned __int128)scaled * (than - mult));

	owe(&tk->discipline, -moved);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* The rate, from frequency, tick and this second's slew. The base is b = nominal * (1 + freq). In a second of the
 * clock that slews t, the base makes up 1 s - t, so the rate is b / (1 - t) = b * (1 + t / (1 - t)), t below 0.127.
 * |freq| is at most 0.1005, and the rate is kept within the nominal one's headroom of 1/8: it differs from b by less
 * than a quarter of 2^64. What was rounded or cut off here is owed. */
uint64_t vdk_discipline_rate(struct vdk_timekeeper *tk)
{
	struct vdk_discipline *d = &tk->discipline;
	int64_t freq = d->freq + (d->tick_us - TICK_US) * TICK_NS_PER_SEC * NS;
	uint64_t most = tk->nominal_mult + tk->nominal_mult / VDK_RATE_HEADROOM, mult;

	d->base_mult = vdk_rate_scale(tk->nominal_mult, freq, VDK_NS_PER_SEC * (uint64_t)NS);
	mult = d->base_mult;
	if (d->slew_ns) {
		uint64_t part = vdk_rate_part(mult, d->slew_ns < 0 ? -(uint64_t)d->slew_ns : (uint64_t)d->slew_ns,
					      (uint64_t)(VDK_NS_PER_SEC - d->slew_ns));

		mult = d->slew_ns < 0 ? mult - part : part < most - mult ? mult + part : most;
	}
	return mult;
}

static void steer(struct vdk_timekeeper *tk)
{
	vdk_tk_set_mult(tk, false, vdk_discipline_rate(tk));
}

void vdk_discipline_init(struct vdk_timekeeper *tk)
{
	tk->discipline = (struct vdk_discipline){
		.status = VDK_STA_UNSYNC,
		.constant = 2,
		.tick_us = TICK_US,
		.maxerror_us = ERROR_LIMIT_US,
		.esterror_us = ERROR_LIMIT_US,
		.leap_sec = NONE,
		.base_mult = tk->nominal_mult,
	};
}

static void end_slew(struct vdk_timekeeper *tk)
{
	struct vdk_discipline *d = &tk->discipline;

	d->offset = d->adjust_us = d->slew_ns = 0;
	steer(tk);
	d->owed_ns = 0;
	d->owed_frac = 0;
}

void vdk_discipline_clear(struct vdk_timekeeper *tk)
{
	struct vdk_discipline *d = &tk->discipline;

	end_slew(tk);
	d->status |= VDK_STA_UNSYNC;
	d->maxerror_us = d->esterror_us = ERROR_LIMIT_US;
	d->leap_sec = NONE;
	d->passed = 0;
	d->steps++;
}

/* --- Seconds --- */

/* What the loop slews in a second that begins now. */
static int64_t chunk(const struct vdk_discipline *d)
{
	return d->offset / (4 << d->constant);
}

/* How many seconds can be begun at once, `second` the first: the state stays, the loop does nothing. At least 1. */
static uint64_t alike(const struct vdk_discipline *d, int64_t second)
{
	int wanted = d->status & (VDK_STA_INS | VDK_STA_DEL);

	if (chunk(d))
		return 1;
	switch (d->state) {
	case VDK_TIME_OK:
		return wanted ? 1 : UINT64_MAX;
	case VDK_TIME_INS:
	case VDK_TIME_DEL:
		if (!(wanted & (d->state == VDK_TIME_INS ? VDK_STA_INS : VDK_STA_DEL)) || second == d->leap_sec)
			return 1;
		return second < d->leap_sec && d->leap_sec != NONE ? (uint64_t)(d->leap_sec - second) : UINT64_MAX;
	case VDK_TIME_OOP:
		return 1;
	}
	return wanted ? UINT64_MAX : 1;
}

/* The state in `second`, which begins: what to add to REALTIME, -1, 0 or 1. */
static int leap(struct vdk_discipline *d, int64_t second)
{
	bool insert = d->status & VDK_STA_INS, delete = d->status & VDK_STA_DEL;

	switch (d->state) {
	case VDK_TIME_OK:
		if (insert) {
			d->state = VDK_TIME_INS; /* at midnight: 23:59:59 comes again */
			d->leap_sec = second + SEC_PER_DAY - second % SEC_PER_DAY;
		} else if (delete) {
			d->state = VDK_TIME_DEL; /* a second before: 23:59:59 is left out */
			d->leap_sec = second + SEC_PER_DAY - (second + 1) % SEC_PER_DAY;
		}
		return 0;
	case VDK_TIME_INS:
	case VDK_TIME_DEL:
		if (!(d->state == VDK_TIME_INS ? insert : delete)) {
			d->state = VDK_TIME_OK;
			d->leap_sec = NONE;
		} else if (second == d->leap_sec) {
			d->leap_sec = NONE;
			d->state = d->state == VDK_TIME_INS ? VDK_TIME_OOP : VDK_TIME_WAIT;
			return d->state == VDK_TIME_OOP ? -1 : 1;
		}
		return 0;
	case VDK_TIME_OOP:
		d->state = VDK_TIME_WAIT;
		return 0;
	}
	if (!insert && !delete)
		d->state = VDK_TIME_OK;
	return 0;
}

/* Begin `count` seconds that are alike: the slew that is meant for the last, in 2^-32 ns. */
static int64_t begin(struct vdk_discipline *d, uint64_t count)
{
	int64_t loop = chunk(d), limit = (int64_t)count * SLEW_US, us = clamp(d->adjust_us, -limit, limit);

	d->maxerror_us += (int64_t)count * ERROR_PER_SEC_US;
	if (d->maxerror_us > ERROR_LIMIT_US) {
		d->maxerror_us = ERROR_LIMIT_US;
		d->status |= VDK_STA_UNSYNC;
	}
	d->offset -= loop;
	d->adjust_us -= us;
	owe(d, ((__int128)loop + (__int128)us * 1000 * NS) * NS);
	return count == 1 ? loop + us * 1000 * NS : 0;
}

static uint64_t monotonic_ns(const struct vdk_timekeeper *tk)
{
	return (uint64_t)tk->now.sec[VDK_CLOCK_MONOTONIC] * VDK_NS_PER_SEC + tk->now.ns[VDK_CLOCK_MONOTONIC];
}

/* What to slew in the coming second: what is meant for it, and of the rest so much that all is done when as much
 * time has passed again as since the last time: who is late for one second will be for the next. `rest` is cut to
 * what times 1e9 is below 2^63. */
static int64_t slew(const struct vdk_timekeeper *tk, int64_t meant)
{
	const struct vdk_discipline *d = &tk->discipline;
	int64_t rest = clamp(d->owed_ns, -8000000000, 8000000000) - meant;
	int64_t span = (int64_t)(monotonic_ns(tk) - d->played_ns);

	if (!meant && rest <= CARRIED_NS && rest >= -CARRIED_NS)
		return 0;
	rest = span > (int64_t)VDK_NS_PER_SEC ? rest * (int64_t)VDK_NS_PER_SEC / span : rest;
	return meant + clamp(rest, -REPAY_NS, REPAY_NS);
}

/* Each second promises a slew, and the promises do not depend on when this is called; what the clock really did is
 * counted by vdk_discipline_moved(). So a caller that is late for one second or for ten ends up in the same place.
 *
 * Steps: where the loop slews, a second each, until its offset is below 2^(2 + constant) units, which is after
 * 4 * 2^constant * ln(2^61 / 2^12) < 140000 seconds; else a few. */
void vdk_discipline_play(struct vdk_timekeeper *tk)
{
	struct vdk_discipline *d = &tk->discipline;
	struct vdk_slot *now = &tk->now;
	uint64_t left = d->passed;
	int64_t meant = 0;

	if (!left)
		return;
	d->passed = 0;
	while (left) {
		int64_t second = now->sec[VDK_CLOCK_REALTIME] - (int64_t)left + 1;
		uint64_t count = alike(d, second);
		int step = leap(d, second);

		if (count >= left)
			count = left > 1 ? left - 1 : 1; /* the last one by itself: what is meant for it counts */
		meant = begin(d, count) / NS;
		left -= count;
		if (step) {
			now->sec[VDK_CLOCK_REALTIME] += step;
			now->tai_offset_sec -= step;
			d->steps++;
		}
	}
	d->slew_ns = slew(tk, meant);
	d->played_ns = monotonic_ns(tk);
	steer(tk);
}

uint64_t vdk_time_next_event_ns(const struct vdk_timekeeper *tk)
{
	const struct vdk_discipline *d = &tk->discipline;
	const struct vdk_slot *now = &tk->now;
	uint64_t seconds = alike(d, now->sec[VDK_CLOCK_REALTIME] + 1);

	if (d->passed)
		return monotonic_ns(tk);
	if (d->slew_ns || d->adjust_us || seconds == 1)
		seconds = 0;
	if (seconds == UINT64_MAX)
		return UINT64_MAX;
	return monotonic_ns(tk) + (seconds + 1) * VDK_NS_PER_SEC - now->ns[VDK_CLOCK_REALTIME];
}

/* --- Requests --- */

bool vdk_timex_changes(const struct vdk_timex *tx)
{
	if (tx->modes & ADJTIME)
		return tx->modes & VDK_ADJ_OFFSET && (!(tx->modes & READONLY) || tx->modes & VDK_ADJ_SETOFFSET);
	return tx->modes;
}

static bool valid(const struct vdk_timex *tx)
{
	if (tx->modes & ADJTIME ? !(tx->modes & VDK_ADJ_OFFSET)
				: tx->modes & VDK_ADJ_TICK && (tx->tick < TICK_US_MIN || tx->tick > TICK_US_MAX))
		return false;
	if (tx->modes & VDK_ADJ_SETOFFSET &&
	    (tx->time.tv_usec < 0 ||
	     tx->time.tv_usec >= (tx->modes & VDK_ADJ_NANO ? (int64_t)VDK_NS_PER_SEC : 1000000)))
		return false;
	return !(tx->modes & VDK_ADJ_FREQUENCY) ||
	       (tx->freq >= INT64_MIN / FREQ_SCALE && tx->freq <= INT64_MAX / FREQ_SCALE);
}

static void set_status(struct vdk_discipline *d, int32_t status, int64_t second)
{
	if (d->status & VDK_STA_PLL && !(status & VDK_STA_PLL)) {
		d->state = VDK_TIME_OK;
		d->status = VDK_STA_UNSYNC;
		d->leap_sec = NONE;
	}
	if (!(d->status & VDK_STA_PLL) && status & VDK_STA_PLL)
		d->reference_sec = second;
	d->status = (d->status & VDK_STA_RONLY) | (status & ~VDK_STA_RONLY);
}

/* An update of the loops. With t the seconds since the last one, the phase-locked loop changes the frequency by
 *     offset * t / (4 * 2^(2 + constant))^2,     t at most 2^(3 + constant),
 * and where t is beyond 2048, or with STA_FLL 256, the frequency-locked loop by offset / (4 * t) besides. No
 * overflow: the offset is below 2^29 ns, t in the product below 2^(4 + constant), the shift 24 - 2 * constant: 2^57. */
static void set_offset(struct vdk_discipline *d, int64_t offset, int64_t second)
{
	int64_t seconds = second - d->reference_sec, longest = 8ll << d->constant, freq = d->freq;

	if (!(d->status & VDK_STA_PLL))
		return;
	if (!(d->status & VDK_STA_NANO))
		offset = clamp(offset, -1000000, 1000000) * 1000;
	offset = clamp(offset, -OFFSET_LIMIT_NS, OFFSET_LIMIT_NS);
	if (d->status & VDK_STA_FREQHOLD || seconds < 0)
		seconds = 0;
	d->reference_sec = second;
	d->status &= ~VDK_STA_MODE;
	if (seconds > 2048 || (d->status & VDK_STA_FLL && seconds >= 256)) {
		d->status |= VDK_STA_MODE;
		freq += offset * (NS / 4) / seconds;
	}
	freq += offset * (seconds < longest ? seconds : longest) * (NS >> (8 + 2 * d->constant));
	d->freq = clamp(freq, -FREQ_LIMIT, FREQ_LIMIT);
	d->offset = offset * NS;
}

static void set(struct vdk_timekeeper *tk, const struct vdk_timex *tx)
{
	struct vdk_discipline *d = &tk->discipline;
	int64_t second = tk->now.sec[VDK_CLOCK_REALTIME];
	unsigned int modes = tx->modes;

	if (modes & VDK_ADJ_STATUS)
		set_status(d, tx->status, second);
	if (modes & VDK_ADJ_NANO)
		d->status |= VDK_STA_NANO;
	if (modes & VDK_ADJ_MICRO)
		d->status &= ~VDK_STA_NANO;
	if (modes & VDK_ADJ_FREQUENCY)
		d->freq = clamp(tx->freq * FREQ_SCALE, -FREQ_LIMIT, FREQ_LIMIT);
	if (modes & VDK_ADJ_MAXERROR)
		d->maxerror_us = clamp(tx->maxerror, 0, ERROR_LIMIT_US);
	if (modes & VDK_ADJ_ESTERROR)
		d->esterror_us = clamp(tx->esterror, 0, ERROR_LIMIT_US);
	if (modes & VDK_ADJ_TIMECONST) /* the unit is 4 octaves longer for a clock of microseconds */
		d->constant = (int32_t)clamp(clamp(tx->constant, 0, CONSTANT_MAX) +
					     (d->status & VDK_STA_NANO ? 0 : 4), 0, CONSTANT_MAX);
	if (modes & VDK_ADJ_TAI && tx->constant >= 0 && tx->constant <= TAI_LIMIT_SEC &&
	    tx->constant != tk->now.tai_offset_sec) {
		tk->now.tai_offset_sec = (int32_t)tx->constant;
		d->steps++;
	}
	if (modes & VDK_ADJ_OFFSET)
		set_offset(d, tx->offset, second);
	if (modes & VDK_ADJ_TICK)
		d->tick_us = (int32_t)tx->tick;
	steer(tk);
}

/* All but the offset; what is reserved stays as the caller has it. */
static int fill(const struct vdk_timekeeper *tk, struct vdk_timex *tx)
{
	const struct vdk_discipline *d = &tk->discipline;

	tx->freq = d->freq / FREQ_SCALE;
	tx->maxerror = d->maxerror_us;
	tx->esterror = d->esterror_us;
	tx->status = d->status;
	tx->constant = d->constant;
	tx->precision = 1;
	tx->tolerance = FREQ_LIMIT / FREQ_SCALE;
	tx->time.tv_sec = tk->now.sec[VDK_CLOCK_REALTIME];
	tx->time.tv_usec = tk->now.ns[VDK_CLOCK_REALTIME] / (d->status & VDK_STA_NANO ? 1 : 1000);
	tx->tick = d->tick_us;
	tx->ppsfreq = tx->jitter = tx->stabil = tx->jitcnt = tx->calcnt = tx->errcnt = tx->stbcnt = 0;
	tx->shift = 0;
	tx->tai = tk->now.tai_offset_sec;
	return d->status & (VDK_STA_UNSYNC | VDK_STA_CLOCKERR) ? VDK_TIME_ERROR : d->state;
}

/* Between vdk_tk_advance() and vdk_tk_publish(). */
static int step(struct vdk_timekeeper *tk, int64_t sec, int64_t ns)
{
	struct vdk_slot *now = &tk->now;
	struct vdk_timespec wall;

	if (sec < -2 * VDK_WALL_SEC_MAX || sec > VDK_WALL_SEC_MAX)
		return -VDK_EINVAL;
	wall.tv_sec = now->sec[VDK_CLOCK_REALTIME] + sec;
	wall.tv_nsec = now->ns[VDK_CLOCK_REALTIME] + ns;
	if (wall.tv_nsec >= (int64_t)VDK_NS_PER_SEC) {
		wall.tv_sec++;
		wall.tv_nsec -= VDK_NS_PER_SEC;
	}
	if (!vdk_tk_valid_time(&wall))
		return -VDK_EINVAL;
	vdk_discipline_clear(tk);
	now->sec[VDK_CLOCK_REALTIME] = wall.tv_sec;
	now->ns[VDK_CLOCK_REALTIME] = (uint32_t)wall.tv_nsec;
	return 0;
}

int vdk_time_step(struct vdk_timekeeper *tk, const struct vdk_timespec *offset)
{
	int rc;

	if (offset->tv_nsec < 0 || offset->tv_nsec >= (int64_t)VDK_NS_PER_SEC)
		return -VDK_EINVAL;
	vdk_tk_advance(tk);
	rc = step(tk, offset->tv_sec, offset->tv_nsec);
	vdk_tk_publish(tk);
	return rc;
}

int vdk_time_adjust(struct vdk_timekeeper *tk, struct vdk_timex *tx)
{
	struct vdk_discipline *d = &tk->discipline;
	int rc = 0;

	if (!valid(tx))
		return -VDK_EINVAL;
	vdk_tk_advance(tk);
	vdk_discipline_play(tk);
	if (tx->modes & VDK_ADJ_SETOFFSET)
		rc = step(tk, tx->time.tv_sec, tx->time.tv_usec * (tx->modes & VDK_ADJ_NANO ? 1 : 1000));
	if (!rc && tx->modes & ADJTIME) {
		int64_t left = d->adjust_us;

		if (!(tx->modes & READONLY))
			d->adjust_us = tx->offset;
		tx->offset = left;
		rc = fill(tk, tx);
	} else if (!rc) {
		if (tx->modes)
			set(tk, tx);
		tx->offset = d->offset / NS / (d->status & VDK_STA_NANO ? 1 : 1000);
		rc = fill(tk, tx);
	}
	vdk_tk_publish(tk);
	return rc;
}

int vdk_time_set_freq(struct vdk_timekeeper *tk, int64_t freq)
{
	struct vdk_discipline *d = &tk->discipline;

	if (freq < -VDK_FREQ_MAX || freq > VDK_FREQ_MAX)
		return -VDK_EINVAL;
	vdk_tk_advance(tk);
	d->tick_us = (int32_t)(TICK_US + freq / FREQ_PER_TICK_US);
	d->freq = freq % FREQ_PER_TICK_US * FREQ_SCALE;
	end_slew(tk);
	vdk_tk_publish(tk);
	return 0;
}

uint64_t vdk_time_steps(const struct vdk_timekeeper *tk)
{
	return tk->discipline.steps;
}
