/* SPDX-License-Identifier: MIT */
/* What happens in a history, to the kit and to the reference.
 *
 * Owns: the operations. Relies on: world.h. Never: draws a random number while a history runs. */
#include "operations.h"

#include <string.h>

bool telling;

static void expect(int got, int want, const char *what)
{
	if (got != want)
		world_fail("%s returned %d, not %d", what, got, want);
}

static bool tick(struct world *w, const uint64_t *random)
{
	(void)random;
	vdk_time_tick(&w->tk);
	exact_play(&w->exact, w->met[w->current]);
	return true;
}

/* Any time that a clock may be set to; one in four is close to what it says, one in four close before midnight. */
static bool set_wall(struct world *w, const uint64_t *random)
{
	whole_ns reading[EXACT_CLOCKS], wall = (whole_ns)between(random[0], 0, VDK_WALL_SEC_MAX) * VDK_NS_PER_SEC +
					       (whole_ns)(random[1] % VDK_NS_PER_SEC);
	struct vdk_timespec ts;

	exact_read(&w->exact.now, world_position(w), reading);
	if (random[1] >> 62 == 0)
		wall = reading[0] + (whole_ns)(random[0] % 2000000001) - 1000000000;
	if (random[1] >> 62 == 1 || w->midnights) /* close to where leap seconds are */
		wall += -(wall % DAY_NS) + DAY_NS - (whole_ns)any_size(random[1], 1, 5000000000);
	ts.tv_sec = (int64_t)(wall / VDK_NS_PER_SEC), ts.tv_nsec = (int64_t)(wall % VDK_NS_PER_SEC);
	if (wall < 0 || ts.tv_sec > VDK_WALL_SEC_MAX) {
		expect(vdk_time_set_wall(&w->tk, &ts), -VDK_EINVAL, "vdk_time_set_wall");
		return false;
	}
	TELL(" to %lld.%09lld", (long long)ts.tv_sec, (long long)ts.tv_nsec);
	expect(vdk_time_set_wall(&w->tk, &ts), 0, "vdk_time_set_wall");
	exact_set_wall(&w->exact, w->met[w->current], wall);
	return true;
}

/* +-500 ppm; one in eight as far as the kit goes; one in eight the same again, or no change. */
static int64_t random_freq(const uint64_t *random)
{
	int64_t most = random[1] >> 61 == 0 ? VDK_FREQ_MAX : 500 * 65536;

	return random[1] >> 61 == 1 ? 0 : (int64_t)between(random[0], 0, 2 * (uint64_t)most) - most;
}

static bool set_freq(struct world *w, const uint64_t *random)
{
	int64_t freq = random_freq(random);

	TELL(" %lld", (long long)freq);
	expect(vdk_time_set_freq(&w->tk, freq), 0, "vdk_time_set_freq");
	exact_set_freq(&w->exact, w->met[w->current], freq);
	return true;
}

static bool set_raw_freq(struct world *w, const uint64_t *random)
{
	int64_t freq = random_freq(random);

	TELL(" %lld", (long long)freq);
	expect(vdk_time_set_raw_freq(&w->tk, freq), 0, "vdk_time_set_raw_freq");
	exact_set_raw_freq(&w->exact, w->met[w->current], freq);
	return true;
}

/* What a clock that goes on in sleep says: as a rule true time, to a second or to the nanosecond; sometimes anything.
 * Returns NULL for none. */
static const struct vdk_timespec *persistent_clock(const struct world *w, const uint64_t *random,
						   struct vdk_timespec *ts)
{
	uint64_t kind = random[1] >> 60;

	if (kind == 0)
		return NULL;
	ts->tv_sec = (int64_t)(w->now >> 64) % VDK_WALL_SEC_MAX;
	ts->tv_nsec = (int64_t)((w->now & UINT64_MAX) * VDK_NS_PER_SEC >> 64);
	if (random[1] & 1)
		ts->tv_nsec = 0;
	if (kind == 1)
		ts->tv_sec = (int64_t)between(random[0], 0, VDK_WALL_SEC_MAX);
	if (kind == 2)
		ts->tv_nsec = (int64_t)random[0];
	if (kind >= 12)
		ts->tv_sec += (int64_t)between(random[0], 0, 3);
	TELL(" by %lld.%09lld", (long long)ts->tv_sec, (long long)ts->tv_nsec);
	return ts;
}

static bool valid(const struct vdk_timespec *ts)
{
	return !ts || (ts->tv_nsec >= 0 && ts->tv_nsec < VDK_NS_PER_SEC);
}

static bool suspend(struct world *w, const uint64_t *random)
{
	struct vdk_timespec value;
	const struct vdk_timespec *ts = persistent_clock(w, random, &value);
	bool can = !w->asleep && valid(ts);
	whole_ns ns;

	expect(vdk_time_suspend(&w->tk, ts), can ? 0 : -VDK_EINVAL, "vdk_time_suspend");
	if (!can)
		return false;
	if (ts)
		ns = world_ns(ts);
	exact_suspend(&w->exact, w->met[w->current], ts ? &ns : NULL);
	w->asleep = true;
	w->alone = true;
	return true;
}

/* The counter has stopped meanwhile, has begun anew, or has gone on. */
static bool resume(struct world *w, const uint64_t *random)
{
	struct counter *counter = &w->counter[w->current];
	struct vdk_timespec value;
	const struct vdk_timespec *ts = persistent_clock(w, random, &value);
	bool can = w->asleep && valid(ts);
	whole_ns ns;

	if (can && !counter->cs.counts_in_suspend && random[2] & 3) {
		position here = world_position(w),
			 to = random[2] & 1 ? w->exact.now.at : ((position)1 << 64) + random[3];

		counter->phase += to - here; /* the clocks stand: nobody sees it */
		w->met[w->current] = w->last[w->current] = to;
	}
	expect(vdk_time_resume(&w->tk, ts), can ? 0 : -VDK_EINVAL, "vdk_time_resume");
	if (!can)
		return false;
	if (ts)
		ns = world_ns(ts);
	exact_resume(&w->exact, w->met[w->current], counter->cs.counts_in_suspend, ts ? &ns : NULL);
	w->asleep = false;
	w->alone = true;
	return true;
}

/* Is a counter one that this timekeeper can use? Its tick and bound, in cycles and rounded up, are to be less than half
 * a wrap. */
static bool usable(const struct world *w, const struct vdk_clocksource *cs)
{
	position half = (position)1 << (cs->width - 1);

	return (position)w->tick_ns * cs->hz / VDK_NS_PER_SEC + 1 < half &&
	       (position)w->exact.bound_ns * cs->hz / VDK_NS_PER_SEC + 1 < half;
}

static bool set_clocksource(struct world *w, const uint64_t *random)
{
	unsigned int old = w->current, new = (unsigned int)(random[0] % COUNTERS);
	const struct vdk_clocksource *cs = &w->counter[new].cs;
	bool can = !w->asleep && usable(w, cs);

	TELL(" to %llu Hz, %u bits", (unsigned long long)cs->hz, cs->width);
	expect(vdk_time_set_clocksource(&w->tk, cs), can ? 0 : -VDK_EINVAL, "vdk_time_set_clocksource");
	if (!can || new == old)
		return false;
	exact_switch(&w->exact, w->met[old], w->met[new], cs->hz);
	w->current = new;
	return true;
}

/* From -most to most, each power of two as likely. */
static int64_t any_sign(uint64_t word, uint64_t most)
{
	int64_t size = (int64_t)any_size(word, 1, most);

	return word & 1 ? -size : size;
}

/* A request: as a rule one that does something, with all values in their range; sometimes any bits at all. */
static void random_request(const struct world *w, const uint64_t *random, struct vdk_timex *tx)
{
	static const unsigned int modes[] = { VDK_ADJ_OFFSET,
					      VDK_ADJ_OFFSET,
					      VDK_ADJ_OFFSET | VDK_ADJ_FREQUENCY,
					      VDK_ADJ_FREQUENCY,
					      VDK_ADJ_TICK,
					      VDK_ADJ_FREQUENCY | VDK_ADJ_TICK,
					      VDK_ADJ_STATUS,
					      VDK_ADJ_STATUS,
					      VDK_ADJ_STATUS | VDK_ADJ_OFFSET,
					      VDK_ADJ_TIMECONST,
					      VDK_ADJ_SETOFFSET,
					      VDK_ADJ_SETOFFSET | VDK_ADJ_NANO,
					      VDK_ADJ_MAXERROR,
					      VDK_ADJ_TAI,
					      VDK_ADJ_MICRO,
					      VDK_ADJ_NANO,
					      VDK_ADJ_ESTERROR,
					      0,
					      VDK_ADJ_OFFSET_SINGLESHOT,
					      VDK_ADJ_OFFSET_SINGLESHOT,
					      VDK_ADJ_OFFSET_SS_READ };
	static const int32_t status[] = { VDK_STA_PLL,
					  VDK_STA_PLL,
					  VDK_STA_PLL | VDK_STA_FLL,
					  VDK_STA_PLL | VDK_STA_INS,
					  VDK_STA_PLL | VDK_STA_DEL,
					  VDK_STA_INS,
					  VDK_STA_DEL,
					  0,
					  VDK_STA_PLL | VDK_STA_FREQHOLD,
					  VDK_STA_UNSYNC };
	uint64_t odd = random[1] >> 58;

	*tx = (struct vdk_timex){ .modes = modes[random[0] % (sizeof(modes) / sizeof(modes[0]))],
				  .status = status[(random[0] >> 8) % (sizeof(status) / sizeof(status[0]))],
				  .offset = any_sign(random[1], 1000000000),
				  .freq = any_sign(random[1] >> 1, 40000000),
				  .tick = (int64_t)between(random[0] >> 16, 8990, 11010),
				  .constant = (int64_t)between(random[0] >> 24, 0, 40),
				  .maxerror = any_sign(random[1] >> 2, 20000000),
				  .esterror = any_sign(random[1] >> 3, 20000000),
				  .time = { any_sign(random[1] >> 4, 100000000),
					    (int64_t)between(random[0] >> 20, 0, 999999) } };
	if (odd == 0)
		tx->modes = (unsigned int)(random[1] & 0xffff);
	if (odd == 1)
		tx->status = (int32_t)random[1];
	if (odd == 2)
		tx->offset = tx->freq = tx->constant = tx->maxerror = (int64_t)random[1];
	if (odd == 3)
		tx->time.tv_usec = (int64_t)random[1] >> (random[0] & 31);
	if (w->midnights && random[0] >> 62) {
		tx->modes = VDK_ADJ_STATUS;
		tx->status = random[0] >> 63 ? random[0] & 1 << 30 ? VDK_STA_INS : VDK_STA_DEL : 0;
	}
}

static bool adjust(struct world *w, const uint64_t *random)
{
	struct vdk_timex got, want;
	bool refused;
	int rc, exact;

	random_request(w, random, &got);
	want = got;
	TELL(" modes 0x%x status 0x%x offset %lld freq %lld tick %lld constant %lld time %lld.%lld", got.modes,
	     (unsigned int)got.status, (long long)got.offset, (long long)got.freq, (long long)got.tick,
	     (long long)got.constant, (long long)got.time.tv_sec, (long long)got.time.tv_usec);
	rc = vdk_time_adjust(&w->tk, &got);
	exact = exact_adjust(&w->exact, w->met[w->current], &want, &refused);
	expect(rc, exact, "vdk_time_adjust");
	if (rc >= 0 && memcmp(&got, &want, sizeof(got)) != 0)
		world_fail("adjtimex says offset %lld freq %lld maxerror %lld status 0x%x constant %lld time %lld.%lld "
			   "tick %lld "
			   "tai %d, exact is %lld %lld %lld 0x%x %lld %lld.%lld %lld %d",
			   (long long)got.offset, (long long)got.freq, (long long)got.maxerror,
			   (unsigned int)got.status, (long long)got.constant, (long long)got.time.tv_sec,
			   (long long)got.time.tv_usec, (long long)got.tick, got.tai, (long long)want.offset,
			   (long long)want.freq, (long long)want.maxerror, (unsigned int)want.status,
			   (long long)want.constant, (long long)want.time.tv_sec, (long long)want.time.tv_usec,
			   (long long)want.tick, want.tai);
	return !refused;
}

const struct operation operations[] = {
	{ "tick", 20, tick, false, false },
	{ "set_wall", 2, set_wall, false, false },
	{ "set_freq", 3, set_freq, false, false },
	{ "adjtimex", 16, adjust, false, false },
	{ "set_raw_freq", 1, set_raw_freq, false, false },
	{ "set_clocksource", 3, set_clocksource, false, true },
	{ "suspend", 1, suspend, true, false },
	{ "resume", 4, resume, true, false },
};
const unsigned int operation_kinds = sizeof(operations) / sizeof(operations[0]);
