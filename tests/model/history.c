/* SPDX-License-Identifier: MIT */
/* Random histories: made, run against the kit and the reference, and made shorter.
 *
 * Owns: when an operation happens, and who looks. Relies on: operations.h. Never: draws a random number while one runs.
 */
#include "history.h"

#include <string.h>

#include "operations.h"

#define TEN_YEARS_NS 315576000000000000ull
/* Of the publication bound: for what is done after the last moment that a history waits for, at most 17 readings of a
 * counter and the readers of two publications. */
#define ROOM 40
#define LONGEST_TICK_NS 1000000000ull

static struct world world;
uint64_t tally_operations[32];

/* Time passes, somebody reads, the operation happens, readers of all publications look at it.
 * random[0], [1]: the operation's own; [2]: how long; [3]: when in between the first reader comes; [4]: what is
 * unusual; [5]: the readers afterwards. */
static void do_op(struct world *w, const struct op *op)
{
	const uint64_t *random = op->random;
	uint64_t how = random[4], ns = any_size(random[2], 1000, w->midnights ? DAY_NS / 10000 : TEN_YEARS_NS), part;
	const struct operation *what = &operations[op->kind];
	/* Who still has this publication after the operation, below, is to be within half a wrap too. */
	position limit = world_last(w) - ROOM * w->exact.bound, behind = 0;
	moment delay = 0;
	bool published;

	if ((how & 15) == 1)
		ns = random[2] % 20000; /* as soon as a reader of the publication before the last can still be there */
	if ((how & 15) >= 12)
		ns = random[2] % 10000000000; /* seconds, of which the discipline takes notice */
	if (w->midnights && how & 8)
		ns = random[2] % 1000000000;
	if ((how & 15) == 2 && !w->midnights)
		ns = TEN_YEARS_NS; /* for most counters, the last moment there is */
	TELL("# +%llu.%09llu s: %s", (unsigned long long)(ns / VDK_NS_PER_SEC),
	     (unsigned long long)(ns % VDK_NS_PER_SEC), what->name);
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
	if (what->alone)
		delay = behind = 0; /* nobody else runs */
	else if (what->switches)
		delay = how & 64 ? delay : delay / 16, behind = 0;
	else if ((how >> 8 & 63) == 9)
		delay = (w->exact.bound << 64) / w->counter[w->current].cs.hz * 2;

	world_before(w, behind, delay, what->switches ? random[3] : 0);
	published = what->run(w, random);
	w->alone |= w->asleep;
	world_called(w, published);
	TELL(published ? "\n" : ": refused\n");
	world_after(w, random[5] & 3, random[5]);
	if (published && w->exact.bent)
		world_new_rate(w);
	tally_operations[op->kind]++;
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
	w->midnights = !(word >> 59 & 3);
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

	for (unsigned int k = 0; k < operation_kinds; k++)
		all += operations[k].weight;
	h->seed = next_word(&state);
	h->ops = ops;
	for (unsigned int i = 0; i < ops; i++) {
		struct op *op = &h->op[i];
		uint64_t pick = next_word(&state) % all;

		for (op->kind = 0; pick >= operations[op->kind].weight; op->kind++)
			pick -= operations[op->kind].weight;
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
