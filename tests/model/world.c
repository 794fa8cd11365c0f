/* SPDX-License-Identifier: MIT */
/* The world of a history: what readers can see at any moment, and what they must.
 *
 * Owns: the checks. Relies on: the reference in exact.c. Never: corrects an expectation by what the kit said. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "page/latch.h"
#include "page/read.h"

typedef unsigned _BitInt(256) wide;

/* CAVEATS.md: readings are exact for 259 years after the last tick, or half a wrap if that is less. */
#define SPAN_SEC (259ull * 31557600)

struct vdk_page world_page __attribute__((aligned(VDK_PAGE_SIZE)));
char world_failure[600];
uint64_t tally[TALLIES];
const char *const tally_name[TALLIES] = {
	[READINGS] = "readings",
	[OLD_READINGS] = "of old publications",
	[MIDWAY_READINGS] = "in the middle of a publication",
	[NESTED_READINGS] = "inside the kit's call",
	[BEHIND_READINGS] = "with a counter behind",
	[EDGE_READINGS] = "at the last counter value that counts",
	[RATES] = "rates measured",
	[LATE] = "late publications",
};
static const char *const clock_name[EXACT_CLOCKS] = { "REALTIME", "MONOTONIC",       "MONOTONIC_RAW",   "BOOTTIME",
						      "TAI",      "REALTIME_COARSE", "MONOTONIC_COARSE" };
static jmp_buf failed;
static struct world *the_world; /* for the counter, which the kit calls with nothing but the clocksource */

void world_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(world_failure, sizeof(world_failure), format, args);
	va_end(args);
	longjmp(failed, 1);
}

bool world_try(void (*run)(void *), void *argument)
{
	if (setjmp(failed))
		return false;
	run(argument);
	return true;
}

/* Nanoseconds as text: printf knows no 128 bits. Up to four in one call of it. */
static const char *text(whole_ns ns)
{
	static char buffer[4][48];
	static unsigned int next;
	char *to = buffer[next++ % 4];
	position magnitude = (position)(ns < 0 ? -ns : ns);

	snprintf(to, sizeof(buffer[0]), "%s%llu.%09llu", ns < 0 ? "-" : "",
		 (unsigned long long)(magnitude / VDK_NS_PER_SEC), (unsigned long long)(magnitude % VDK_NS_PER_SEC));
	return to;
}

static position position_at(const struct counter *counter, moment t)
{
	return counter->phase + (position)((wide)t * counter->cs.hz >> 64);
}

position world_position(const struct world *w)
{
	return position_at(&w->counter, w->now);
}

static uint64_t shown(const struct counter *counter, position at)
{
	return (uint64_t)at & (UINT64_MAX >> (64 - counter->cs.width));
}

/* Time for `cycles`, not more: never past the position that they lead to. */
static moment moment_of(const struct counter *counter, position cycles)
{
	return (cycles << 64) / counter->cs.hz;
}

static void read_nested(struct world *w);

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	struct world *w = the_world;
	position at = world_position(w);

	if (!w->inside)
		return shown(&w->counter, at);
	if (cs != &w->counter.cs)
		world_fail("the kit read another counter than its own");
	if (w->reads++ == 0) {
		at -= w->behind;
		w->first = at;
		read_nested(w);
		w->now += w->delay;
	}
	w->last = at;
	return shown(&w->counter, at);
}

static whole_ns to_ns(const struct vdk_timespec *ts)
{
	if (ts->tv_nsec < 0 || ts->tv_nsec >= VDK_NS_PER_SEC)
		world_fail("tv_nsec is %lld", (long long)ts->tv_nsec);
	return (whole_ns)ts->tv_sec * VDK_NS_PER_SEC + ts->tv_nsec;
}

void world_init(struct world *w)
{
	the_world = w;
	exact_init(&w->exact);
	for (int i = 0; i < GENERATIONS; i++)
		exact_line_init(&w->generation[i].line);
}

void world_begin(struct world *w, const struct vdk_clocksource *cs, uint64_t phase,
		 const struct vdk_time_config *config)
{
	/* Room below for counters that are behind. */
	const position first = ((position)1 << 64) + phase;
	struct exact_start start = { .hz = cs->hz,
				     .at = first,
				     .real = to_ns(&config->wall),
				     .mono = to_ns(&config->monotonic),
				     .boot = to_ns(&config->boottime),
				     .raw = to_ns(&config->raw),
				     .tai_sec = config->tai_offset_sec,
				     .bound_ns = config->publish_bound_ns ? config->publish_bound_ns : 10000 };

	w->now = 0;
	w->inside = false;
	w->late_publishes = 0;
	w->counter = (struct counter){ *cs, first };
	w->counter.cs.read = read_counter;
	if (vdk_time_init(&w->tk, &w->counter.cs, &world_page, config) != 0)
		world_fail("vdk_time_init refuses a counter of %llu Hz and %u bits", (unsigned long long)cs->hz,
			   cs->width);
	exact_begin(&w->exact, &start);
	for (int i = 0; i < GENERATIONS; i++) {
		struct generation *g = &w->generation[i];

		exact_line_copy(&g->line, &w->exact.now);
		g->page = world_page;
		g->until = first;
		for (int c = 0; c < EXACT_CLOCKS; c++)
			g->seen[c] = NEVER;
	}
	world_new_rate(w);
}

position world_last(const struct world *w)
{
	position half_wrap = (position)1 << (w->counter.cs.width - 1), years = (position)SPAN_SEC * w->counter.cs.hz;

	return w->exact.now.at + (half_wrap < years ? half_wrap : years) - 1;
}

void world_pass(struct world *w, uint64_t ns, position limit)
{
	position here = world_position(w);
	moment step = ((moment)ns << 64) / VDK_NS_PER_SEC,
	       most = limit > here ? moment_of(&w->counter, limit - here) : 0;

	w->now += step < most ? step : most;
}

/* --- Readers --- */

struct reader {
	const struct counter *counter;
	position at;
};

/* VDK_COUNTER_FN: the value at `at`. */
static bool counter_of_reader(const void *ctx, const struct vdk_slot *slot, uint64_t *scaled)
{
	const struct reader *reader = ctx;

	if (scaled)
		*scaled = vdk_scaled(slot, shown(reader->counter, reader->at), slot->width, slot->shift);
	return true;
}

/* All seven clocks from `page` at `at`: to the nanosecond what `line` says. */
static void read_exactly(const struct world *w, const struct vdk_page *page, const struct exact_line *line, position at,
			 const char *who, whole_ns reading[EXACT_CLOCKS])
{
	struct reader reader = { &w->counter, at };
	whole_ns expected[EXACT_CLOCKS];

	exact_read(line, at, expected);
	for (int i = 0; i < EXACT_CLOCKS; i++) {
		struct vdk_timespec ts;

		if (!vdk_read_clock(page, exact_clocks[i], false, &ts, counter_of_reader, &reader))
			world_fail("%s: %s is not served", who, clock_name[i]);
		reading[i] = to_ns(&ts);
		if (reading[i] != expected[i])
			world_fail("%s: %s reads %s, exact is %s", who, clock_name[i], text(reading[i]),
				   text(expected[i]));
	}
	for (int coarse = 5; coarse < 7; coarse++) /* in the order of exact_clocks: their fine ones come first */
		if (reading[coarse] > reading[coarse - 5])
			world_fail("%s: %s is ahead of the fine clock", who, clock_name[coarse]);
	tally[READINGS] += EXACT_CLOCKS;
}

/* What was read now is not before what was read earlier. */
static void not_before(struct generation *g, const whole_ns reading[EXACT_CLOCKS], const char *who)
{
	for (int i = 0; i < EXACT_CLOCKS; i++) {
		if (reading[i] < g->seen[i])
			world_fail("%s: %s steps back from %s to %s", who, clock_name[i], text(g->seen[i]),
				   text(reading[i]));
		g->seen[i] = reading[i];
	}
}

void world_read(struct world *w)
{
	whole_ns reading[EXACT_CLOCKS];
	struct vdk_timespec ts;

	read_exactly(w, &world_page, &w->generation[0].line, world_position(w), "a reader", reading);
	not_before(&w->generation[0], reading, "a reader");
	if (!exact_rate_met(w->rate_from, w->rate_begin, reading[1], world_position(w), w->exact.ideal_rate))
		world_fail("MONOTONIC went from %s to %s, which is not its rate", text(w->rate_from), text(reading[1]));
	tally[RATES]++;
	for (int i = 0; i < EXACT_CLOCKS; i++)
		if (!vdk_time_now(&w->tk, exact_clocks[i], &ts) || to_ns(&ts) != reading[i])
			world_fail("the kernel's own %s is not the page's", clock_name[i]);
}

void world_read_behind(struct world *w, position behind)
{
	whole_ns reading[EXACT_CLOCKS];

	read_exactly(w, &world_page, &w->generation[0].line, world_position(w) - behind, "a reader behind", reading);
	for (int i = 0; i < EXACT_CLOCKS; i++)
		if (reading[i] > w->generation[0].seen[i])
			world_fail("a reader behind: %s is ahead of one that is not", clock_name[i]);
	tally[BEHIND_READINGS] += EXACT_CLOCKS;
}

void world_read_edges(struct world *w)
{
	const position half = (position)1 << (w->counter.cs.width - 1);
	const position edge[] = { w->exact.now.at - half, w->exact.now.at - 1, w->exact.now.at,
				  w->exact.now.at + 1,    world_last(w) - 1,   world_last(w) };

	for (unsigned int i = 0; i < sizeof(edge) / sizeof(edge[0]); i++) {
		whole_ns reading[EXACT_CLOCKS];

		read_exactly(w, &world_page, &w->generation[0].line, edge[i], "a reader at the edge", reading);
		tally[EDGE_READINGS] += EXACT_CLOCKS;
	}
}

/* In the kit's call, between its reading of the counter and the publication. */
static void read_nested(struct world *w)
{
	whole_ns reading[EXACT_CLOCKS];
	struct generation *old = &w->generation[1];

	read_exactly(w, &world_page, &old->line, world_position(w), "a reader inside an update", reading);
	not_before(old, reading, "a reader inside an update");
	tally[NESTED_READINGS] += EXACT_CLOCKS;
}

/* --- Round an update --- */

void world_before(struct world *w, position behind, moment delay)
{
	struct generation *g = w->generation;

	for (int i = GENERATIONS - 1; i > 0; i--) {
		exact_line_copy(&g[i].line, &g[i - 1].line);
		memcpy(g[i].seen, g[i - 1].seen, sizeof(g[i].seen));
		if (i > 1)
			g[i].page = g[i - 1].page, g[i].until = g[i - 1].until;
	}
	g[1].page = world_page;
	w->inside = true;
	w->reads = 0;
	w->behind = behind;
	w->delay = delay;
	w->first = w->last = world_position(w);
}

void world_called(struct world *w, bool published)
{
	w->inside = false;
	w->published = published;
	if (!published && memcmp(&world_page, &w->generation[1].page, sizeof(world_page)) != 0)
		world_fail("a call that is refused changes the page");
	w->generation[1].until = w->first + w->exact.bound;
}

/* Readers while the writer is at each step of the latch: the same update once more, on a copy of the page, the slot
 * that nobody is sent to full of anything. */
static void read_midway(struct world *w)
{
	static struct vdk_page copy;
	const struct vdk_slot *slot = &world_page.slot[0];
	struct generation *old = &w->generation[1], *new = &w->generation[0];
	whole_ns reading[EXACT_CLOCKS];
	position at = world_position(w);
	struct vdk_slot anything;

	memset(&anything, 0xa5, sizeof(anything));
	copy = old->page;
	for (int step = 0; step < 5; step++) {
		bool flipped = step >= 2;

		if (step == 0 || step == 3) /* a write that is not finished */
			vdk_slot_store(&copy.slot[step == 0], &anything);
		else if (step == 1 || step == 4)
			vdk_latch_write(&copy, step == 1, slot);
		else
			vdk_latch_flip(&copy);
		read_exactly(w, &copy, flipped ? &new->line : &old->line, at, "a reader midway", reading);
		not_before(flipped ? new : old, reading, "a reader midway");
		tally[MIDWAY_READINGS] += EXACT_CLOCKS;
	}
	vdk_latch_flip(&copy);
	if (memcmp(&copy, &world_page, sizeof(copy)) != 0)
		world_fail("the page is not what the latch's steps make of it");
}

/* What clock `i` of exact_clocks is ahead of a clock that never steps. Only if that has become less, the clock may step
 * back. */
static whole_ns ahead(const struct exact_line *line, int i)
{
	switch (exact_clocks[i]) {
	case VDK_CLOCK_REALTIME:
	case VDK_CLOCK_REALTIME_COARSE:
		return line->real;
	case VDK_CLOCK_TAI:
		return line->tai;
	default:
		return 0;
	}
}

void world_after(struct world *w, unsigned int probes, uint64_t span)
{
	struct generation *g = w->generation;
	bool late = w->published && w->exact.slowed && w->last > w->exact.now.at + w->exact.bound;
	moment rest = 0;

	exact_line_copy(&g[0].line, &w->exact.now);
	/* CAVEATS.md makes no promise to who overlaps a late publication, but that it is counted. */
	for (int i = 0; i < EXACT_CLOCKS; i++)
		if (late || ahead(&g[0].line, i) < ahead(&g[1].line, i))
			g[0].seen[i] = NEVER;
	if (late)
		w->late_publishes++, tally[LATE]++;
	else if (w->published)
		read_midway(w);
	if (w->tk.late_publishes != w->late_publishes)
		world_fail("late_publishes is %llu, late were %llu", (unsigned long long)w->tk.late_publishes,
			   (unsigned long long)w->late_publishes);
	if (g[1].until > world_position(w))
		rest = moment_of(&w->counter, g[1].until - world_position(w));
	for (unsigned int probe = 0; probe < probes && !late; probe++) {
		position at = world_position(w);
		whole_ns new[EXACT_CLOCKS], old[EXACT_CLOCKS];

		read_exactly(w, &world_page, &g[0].line, at, "a reader after an update", new);
		for (int i = GENERATIONS - 1; i > 0; i--) {
			if (at > g[i].until)
				continue;
			read_exactly(w, &g[i].page, &g[i].line, at, "a reader of an old publication", old);
			not_before(&g[i], old, "a reader of an old publication");
			for (int c = 0; c < EXACT_CLOCKS; c++)
				if (ahead(&g[i].line, c) <= ahead(&g[0].line, c) && old[c] > g[0].seen[c])
					g[0].seen[c] = old[c];
			tally[OLD_READINGS] += EXACT_CLOCKS;
		}
		not_before(&g[0], new, "a reader after an update");
		w->now += (moment)((wide)(rest / probes) * span >> 64);
	}
	if (!exact_within_drift(&w->exact))
		world_fail("the reference is further from the unrounded history than rounding explains");
}

void world_new_rate(struct world *w)
{
	whole_ns reading[EXACT_CLOCKS];

	w->rate_begin = world_position(w);
	read_exactly(w, &world_page, &w->generation[0].line, w->rate_begin, "a reader at a new rate", reading);
	w->rate_from = reading[1];
}
