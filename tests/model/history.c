/* SPDX-License-Identifier: MIT */
/* Random histories: made, run against the kit and the reference, and made shorter.
 *
 * Owns: what an operation does to both. Relies on: world.h. Never: draws a random number while a history runs. */
#include "history.h"

#include <stdio.h>
#include <string.h>

#include "vdk/timex.h"
#include "world.h"

#define TEN_YEARS_NS 315576000000000000ull
/* Of the publication bound: for what is done after the last moment that a history waits for, at most 17 readings of a
 * counter and the readers of two publications. */
#define ROOM 40
#define DAY_NS 86400000000000ll
#define LONGEST_TICK_NS 1000000000ull

/* --- Random words --- */

/* splitmix64. */
static uint64_t next_word(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t between(uint64_t word, uint64_t low, uint64_t high)
{
	return low + word % (high - low + 1);
}

/* From `low` to `high`, each power of two as likely. */
static uint64_t any_size(uint64_t word, uint64_t low, uint64_t high)
{
	unsigned int least = 63 - (unsigned int)__builtin_clzll(low), most = 63 - (unsigned int)__builtin_clzll(high);
	unsigned int top = (unsigned int)between(word >> 58, least, most);
	uint64_t value = 1ull << top | (word & ((1ull << top) - 1));

	return value < low ? low : value > high ? high : value;
}

/* --- Operations --- */

static struct world world;
static bool telling;

#define TELL(...)                            \
	do {                                 \
		if (telling)                 \
			printf(__VA_ARGS__); \
	} while (0)

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
	if (random[1] >> 62 == 1) /* close to where leap seconds are */
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
	(void)w;
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

static const struct kind {
	const char *name;
	unsigned int weight;
	bool (*run)(struct world *w, const uint64_t *random); /* false: it was refused */
} kinds[] = {
	{ "tick", 20, tick },
	{ "set_wall", 2, set_wall },
	{ "set_freq", 3, set_freq },
	{ "adjtimex", 16, adjust },
	{ "set_raw_freq", 1, set_raw_freq },
	{ "set_clocksource", 3, set_clocksource },
	{ "suspend", 1, suspend },
	{ "resume", 4, resume },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

uint64_t op_count[KINDS];
const unsigned int op_kinds = KINDS;

const char *op_name(unsigned int kind)
{
	return kinds[kind].name;
}

/* Time passes, somebody reads, the operation happens, readers of all publications look at it.
 * random[0], [1]: the operation's own; [2]: how long; [3]: when in between the first reader comes; [4]: what is
 * unusual; [5]: the readers afterwards. */
static void do_op(struct world *w, const struct op *op)
{
	const uint64_t *random = op->random;
	uint64_t how = random[4], ns = any_size(random[2], 1000, TEN_YEARS_NS), part;
	bool switches = kinds[op->kind].run == set_clocksource;
	/* Who still has this publication after the operation, below, is to be within half a wrap too. */
	position limit = world_last(w) - ROOM * w->exact.bound, behind = 0;
	moment delay = 0;
	bool published;

	if ((how & 15) == 1)
		ns = random[2] % 20000; /* as soon as a reader of the publication before the last can still be there */
	if ((how & 15) >= 12)
		ns = random[2] % 10000000000; /* seconds, of which the discipline takes notice */
	if ((how & 15) == 2)
		ns = TEN_YEARS_NS; /* for most counters, the last moment there is */
	TELL("# +%llu.%09llu s: %s", (unsigned long long)(ns / VDK_NS_PER_SEC),
	     (unsigned long long)(ns % VDK_NS_PER_SEC), kinds[op->kind].name);
	part = (uint64_t)((position)ns * random[3] >> 64);
	world_pass(w, part, limit);
	world_read(w);
	world_pass(w, ns - part, limit);
	if ((how >> 4 & 7) == 0) {
		world_read(w);
		world_read_behind(w, any_size(random[3], 1, 1u << 20));
	}
	if ((how >> 4 & 7) == 1)
		world_read_edges(w);
	if ((how >> 8 & 15) == 0)
		behind = any_size(how >> 20, 1, 1u << 20);
	/* On the way to the publication: half of the time, up to the bound; once in 64, more. */
	if ((how >> 8 & 15) < 8)
		delay = (w->exact.bound << 64) / w->counter[w->current].cs.hz * (how >> 40 & 255) / 256;
	if (kinds[op->kind].run == suspend || kinds[op->kind].run == resume)
		delay = behind = 0; /* nobody else runs */
	else if (switches)
		delay = how & 64 ? delay : delay / 16, behind = 0;
	else if ((how >> 8 & 63) == 9)
		delay = (w->exact.bound << 64) / w->counter[w->current].cs.hz * 2;

	world_before(w, behind, delay, switches ? random[3] : 0);
	published = kinds[op->kind].run(w, random);
	w->alone |= w->asleep;
	world_called(w, published);
	TELL(published ? "\n" : ": refused\n");
	world_after(w, random[5] & 3, random[5]);
	if (published && w->exact.bent)
		world_new_rate(w);
	op_count[op->kind]++;
}

/* --- Histories --- */

static uint64_t random_hz(uint64_t *state)
{
	static const uint64_t known[] = { 1000,       32768,      1193182,    3579545,    10000000,  14318180,
					  24000000,   62500000,   100000000,  888888888,  888888889, 1000000000,
					  1000000007, 2500000000, 2999999999, 10000000000 };
	uint64_t word = next_word(state);

	return word & 3 ? any_size(next_word(state), 1000, 10000000000)
			: known[word / 4 % (sizeof(known) / sizeof(known[0]))];
}

static struct vdk_timespec random_time(uint64_t *state)
{
	uint64_t word = next_word(state);

	return (struct vdk_timespec){ word & 1 ? 0 : (int64_t)between(next_word(state), 0, VDK_WALL_SEC_MAX),
				      (int64_t)(next_word(state) % VDK_NS_PER_SEC) };
}

/* Within 200 ppm of what it says. */
static struct counter random_counter(uint64_t *state)
{
	uint64_t word = next_word(state);
	struct counter c = { .cs = { .name = "simulated", .hz = random_hz(state) } };

	c.cs.width = word & 1 ? VDK_USER_WIDTH : (unsigned int)between(word >> 1, 24, 64);
	c.cs.user_mode = c.cs.width == VDK_USER_WIDTH ? VDK_MODE_COUNTER : VDK_MODE_SYSCALL;
	c.cs.counts_in_suspend = word >> 63;
	c.phase = ((position)1 << 64) + next_word(state); /* room below for counters that are behind */
	c.rate = (position)c.cs.hz * between(next_word(state), 999800, 1000200) * (1ull << 32) / 1000000;
	return c;
}

static void begin(struct world *w, uint64_t seed)
{
	uint64_t state = seed, word = next_word(&state), half_wrap_ns;
	struct vdk_time_config config = { .wall = random_time(&state),
					  .tai_offset_sec = (int32_t)(next_word(&state) % 101) - 50 };
	const struct vdk_clocksource *cs = &w->counter[0].cs;
	position half_wrap;

	for (unsigned int i = 0; i < COUNTERS; i++)
		w->counter[i] = random_counter(&state);
	if (word >> 63) {
		config.monotonic = random_time(&state);
		config.boottime = random_time(&state);
		config.raw = random_time(&state);
	}
	/* The tick may be up to half a wrap; the bound is to leave room for readers of two publications. */
	half_wrap = ((position)1 << (cs->width - 1)) * VDK_NS_PER_SEC / cs->hz;
	half_wrap_ns =
		half_wrap < LONGEST_TICK_NS ? (uint64_t)half_wrap - 2 * VDK_NS_PER_SEC / cs->hz - 2 : LONGEST_TICK_NS;
	config.tick_ns = (uint32_t)any_size(next_word(&state), 1000, half_wrap_ns);
	config.publish_bound_ns = word >> 62 & 1 ? (uint32_t)any_size(next_word(&state), 1, half_wrap_ns / 64) : 0;
	TELL("# a counter of %llu Hz and %u bits; tick_ns %u, publish_bound_ns %u\n", (unsigned long long)cs->hz,
	     cs->width, config.tick_ns, config.publish_bound_ns);
	w->tick_ns = config.tick_ns;
	for (unsigned int i = 0; i < COUNTERS; i++) /* room for the readers here too */
		if (w->counter[i].cs.hz / 1000 * (config.publish_bound_ns + 10000ull) / 1000000 >>
		    (w->counter[i].cs.width - 8))
			w->counter[i].cs.width = VDK_USER_WIDTH;
	world_begin(w, &config);
}

void history_init(void)
{
	world_init(&world);
}

void history_generate(struct history *h, uint64_t seed, unsigned int index, unsigned int ops)
{
	uint64_t state = seed ^ (uint64_t)index << 40, all = 0;

	for (unsigned int k = 0; k < KINDS; k++)
		all += kinds[k].weight;
	h->seed = next_word(&state);
	h->ops = ops;
	for (unsigned int i = 0; i < ops; i++) {
		struct op *op = &h->op[i];
		uint64_t pick = next_word(&state) % all;

		for (op->kind = 0; pick >= kinds[op->kind].weight; op->kind++)
			pick -= kinds[op->kind].weight;
		for (unsigned int r = 0; r < sizeof(op->random) / sizeof(op->random[0]); r++)
			op->random[r] = next_word(&state);
	}
}

struct run {
	const struct history *history;
	unsigned int at;
};

static void run(void *argument)
{
	struct run *r = argument;

	r->at = r->history->ops;
	begin(&world, r->history->seed);
	for (r->at = 0; r->at < r->history->ops; r->at++)
		do_op(&world, &r->history->op[r->at]);
}

bool history_run(const struct history *h, unsigned int *at, bool tell)
{
	struct run r = { h, 0 };
	bool held;

	telling = tell;
	held = world_try(run, &r);
	telling = false;
	*at = r.at;
	return held;
}

/* First without what came after the failure; then without each piece, from the large ones to single operations, that it
 * fails without as well, whichever claim it is then. */
void history_shrink(struct history *h)
{
	static struct history shorter;
	unsigned int at;

	if (history_run(h, &at, false) || at == h->ops)
		return;
	h->ops = at + 1;
	for (unsigned int piece = h->ops / 2; piece > 0; piece /= 2)
		for (unsigned int from = 0; from + piece <= h->ops;) {
			shorter = *h;
			memmove(shorter.op + from, shorter.op + from + piece,
				(h->ops - from - piece) * sizeof(struct op));
			shorter.ops -= piece;
			if (!history_run(&shorter, &at, false) && at < shorter.ops) {
				shorter.ops = at + 1;
				*h = shorter;
			} else {
				from += piece;
			}
		}
}
