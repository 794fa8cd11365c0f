/* SPDX-License-Identifier: MIT */
/* What readers can see at any moment of a history, and what they must.
 *
 * Owns: the checks. Relies on: the reference in exact.c. Never: corrects an expectation by what the kit said. */
#include <string.h>

#include "page/latch.h"
#include "page/read.h"
#include "world.h"

uint64_t tally[TALLIES];
const char *const tally_name[TALLIES] = {
	[READINGS] = "readings",
	[OLD_READINGS] = "of old publications",
	[MIDWAY_READINGS] = "in the middle of a publication",
	[INSIDE_READINGS] = "inside the kit's call",
	[BEHIND_READINGS] = "with a counter behind",
	[EDGE_READINGS] = "at the last counter value that counts",
	[RATES] = "rates measured",
	[SWITCHES] = "changes of the counter, forward by no more than allowed",
	[LATE] = "late publications",
	[LEAPS] = "leap seconds",
	[SLEWS] = "seconds with a slew",
};

static const char *clock_name(int i)
{
	static const char *const name[EXACT_CLOCKS] = { "REALTIME", "MONOTONIC",       "MONOTONIC_RAW",   "BOOTTIME",
							"TAI",      "REALTIME_COARSE", "MONOTONIC_COARSE" };

	return name[i];
}

struct reader {
	const struct counter *counter;
	position at;
};

/* VDK_COUNTER_FN: the value at `at`. */
static bool counter_of_reader(const void *ctx, const struct vdk_slot *slot, uint64_t *scaled)
{
	const struct reader *reader = ctx;

	if (scaled)
		*scaled = vdk_scaled(slot, counter_shows(reader->counter, reader->at), slot->width, slot->shift);
	return true;
}

/* All seven clocks from `page` at `at`: to the nanosecond what the line of `g` says. */
static void read_exactly(const struct world *w, const struct vdk_page *page, const struct generation *g, position at,
			 const char *who, whole_ns reading[EXACT_CLOCKS])
{
	struct reader reader = { &w->counter[g->counter], at };
	bool at_rest = vdk_latch_at_rest(page->slot[0].seq);
	whole_ns expected[EXACT_CLOCKS];
	int64_t second;

	exact_read(&g->line, at, expected);
	for (int i = 0; i < EXACT_CLOCKS; i++) {
		struct vdk_timespec ts, at_once;

		if (!vdk_read_clock(page, exact_clocks[i], false, &ts, counter_of_reader, &reader))
			world_fail("%s: %s is not served", who, clock_name(i));
		reading[i] = world_ns(&ts);
		if (reading[i] != expected[i])
			world_fail("%s: %s reads %s, exact is %s", who, clock_name(i), world_text(reading[i]),
				   world_text(expected[i]));
		/* The image's first attempt. */
		if (vdk_read_clock(page, exact_clocks[i], true, &at_once, counter_of_reader, &reader) != at_rest)
			world_fail("%s: %s at once is %sserved", who, clock_name(i), at_rest ? "not " : "");
		if (at_rest && world_ns(&at_once) != expected[i])
			world_fail("%s: %s at once reads %s, exact is %s", who, clock_name(i),
				   world_text(world_ns(&at_once)), world_text(expected[i]));
	}
	if (vdk_read_second(page, &second, counter_of_reader, &reader) != at_rest ||
	    (at_rest && second * (whole_ns)VDK_NS_PER_SEC != expected[5] - expected[5] % VDK_NS_PER_SEC))
		world_fail("%s: time() is not REALTIME_COARSE's second", who);
	for (int coarse = 5; coarse < 7; coarse++) /* in the order of exact_clocks: their fine ones come first */
		if (reading[coarse] > reading[coarse - 5])
			world_fail("%s: %s is ahead of the fine clock", who, clock_name(coarse));
	tally[READINGS] += EXACT_CLOCKS;
}

/* What was read now is not before what was read earlier. */
static void not_before(struct generation *g, const whole_ns reading[EXACT_CLOCKS], const char *who)
{
	for (int i = 0; i < EXACT_CLOCKS; i++) {
		if (reading[i] < g->seen[i])
			world_fail("%s: %s steps back from %s to %s", who, clock_name(i), world_text(g->seen[i]),
				   world_text(reading[i]));
		g->seen[i] = reading[i];
	}
}

/* What the kernel reads, whose counter is not behind. */
static void read_as_kernel(struct world *w, const whole_ns reading[EXACT_CLOCKS])
{
	struct vdk_timespec ts;

	for (int i = 0; i < EXACT_CLOCKS; i++)
		if (!vdk_time_now(&w->tk, exact_clocks[i], &ts) || world_ns(&ts) != reading[i])
			world_fail("the kernel's own %s is not the page's", clock_name(i));
}

void world_read(struct world *w)
{
	struct generation *g = &w->generation[0];
	whole_ns reading[EXACT_CLOCKS];

	read_exactly(w, &world_page, g, world_position(w), "a reader", reading);
	not_before(g, reading, "a reader");
	if (!exact_rate_met(w->rate_from, w->rate_begin, reading[1], world_position(w), w->exact.ideal_rate))
		world_fail("MONOTONIC went from %s to %s, which is not its rate", world_text(w->rate_from),
			   world_text(reading[1]));
	tally[RATES]++;
	read_as_kernel(w, reading);
}

void world_read_behind(struct world *w, position behind)
{
	const struct generation *g = &w->generation[0];
	whole_ns reading[EXACT_CLOCKS];

	read_exactly(w, &world_page, g, world_position(w) - behind, "a reader behind", reading);
	for (int i = 0; i < EXACT_CLOCKS; i++)
		if (reading[i] > g->seen[i])
			world_fail("a reader behind: %s is ahead of one that is not", clock_name(i));
	tally[BEHIND_READINGS] += EXACT_CLOCKS;
}

void world_read_edges(struct world *w)
{
	const position half = (position)1 << (w->counter[w->current].cs.width - 1), at = w->exact.now.at;
	const position edge[] = { at - half, at - 1, at, at + 1, world_last(w) - 1, world_last(w) };

	for (unsigned int i = 0; i < sizeof(edge) / sizeof(edge[0]); i++) {
		whole_ns reading[EXACT_CLOCKS];

		read_exactly(w, &world_page, &w->generation[0], edge[i], "a reader at the edge", reading);
		tally[EDGE_READINGS] += EXACT_CLOCKS;
	}
}

void world_read_inside(struct world *w)
{
	struct generation *old = &w->generation[1];
	whole_ns reading[EXACT_CLOCKS];

	read_exactly(w, &world_page, old, world_position_of(w, old->counter), "a reader inside an update", reading);
	not_before(old, reading, "a reader inside an update");
	read_as_kernel(w, reading);
	tally[INSIDE_READINGS] += EXACT_CLOCKS;
}

void world_new_rate(struct world *w)
{
	whole_ns reading[EXACT_CLOCKS];

	w->rate_begin = world_position(w);
	read_exactly(w, &world_page, &w->generation[0], w->rate_begin, "a reader at a new rate", reading);
	w->rate_from = reading[1];
}

/* Readers while the writer is at each step of the latch: the same update once more, on a copy of the page, with the
 * slot that nobody is sent to full of anything. */
static void read_midway(struct world *w)
{
	static struct vdk_page copy;
	const struct vdk_slot *slot = &world_page.slot[0];
	struct generation *old = &w->generation[1], *new = &w->generation[0];
	struct vdk_slot anything;

	memset(&anything, 0xa5, sizeof(anything));
	copy = old->page;
	for (int step = 0; step < 5; step++) {
		struct generation *sent_to = step >= 2 ? new : old;
		whole_ns reading[EXACT_CLOCKS];

		if (step == 0 || step == 3) /* a write that is not finished */
			vdk_slot_store(&copy.slot[step == 0], &anything);
		else if (step == 1 || step == 4)
			vdk_latch_write(&copy, step == 1, slot);
		else
			vdk_latch_flip(&copy);
		read_exactly(w, &copy, sent_to, world_position_of(w, sent_to->counter), "a reader midway", reading);
		not_before(sent_to, reading, "a reader midway");
		tally[MIDWAY_READINGS] += EXACT_CLOCKS;
	}
	vdk_latch_flip(&copy);
	if (memcmp(&copy, &world_page, sizeof(copy)) != 0)
		world_fail("the page is not what the latch's steps make of it");
}

/* What clock `i` of exact_clocks is ahead of a clock that never steps. Only where that has become less, it may step
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

/* Who has this or an older publication reads it, now. */
static void probe(struct world *w)
{
	struct generation *g = w->generation;
	whole_ns new[EXACT_CLOCKS], old[EXACT_CLOCKS];

	read_exactly(w, &world_page, &g[0], world_position(w), "a reader after an update", new);
	for (int i = GENERATIONS - 1; i > 0; i--) {
		position at = world_position_of(w, g[i].counter);

		if (at > g[i].until)
			continue;
		read_exactly(w, &g[i].page, &g[i], at, "a reader of an old publication", old);
		not_before(&g[i], old, "a reader of an old publication");
		for (int c = 0; c < EXACT_CLOCKS; c++)
			if (ahead(&g[i].line, c) <= ahead(&g[0].line, c) && old[c] > g[0].seen[c])
				g[0].seen[c] = old[c];
		tally[OLD_READINGS] += EXACT_CLOCKS;
	}
	not_before(&g[0], new, "a reader after an update");
}

/* Another counter puts the clocks ahead, but by no more than vdk/clocksource.h says, with the bracket that was taken.
 * What the counters' rates differ from what they say is not the kit's. */
static void not_too_far_ahead(const struct world *w)
{
	const struct generation *old = &w->generation[1], *new = &w->generation[0];
	whole_ns was[EXACT_CLOCKS], is[EXACT_CLOCKS];
	double cycles = (double)w->bracket + (double)w->bound / 512 + 3;
	double elapsed_ns = (double)w->delay / 0x1p64 * 1e9 * 3;

	exact_read(&old->line, world_position_of(w, old->counter), was);
	exact_read(&new->line, world_position_of(w, new->counter), is);
	if ((double)(is[1] - was[1]) >
	    cycles * mpq_get_d(old->line.rate) + 2 * mpq_get_d(new->line.rate) + elapsed_ns * 1e-3 + 2)
		world_fail("another counter puts MONOTONIC ahead from %s to %s", world_text(was[1]), world_text(is[1]));
	tally[SWITCHES]++;
}

void world_after(struct world *w, unsigned int probes, uint64_t span)
{
	struct generation *g = w->generation;
	bool late = w->published && w->exact.deadline && w->last[g[1].counter] > w->exact.deadline;
	position old_position = world_position_of(w, g[1].counter);
	moment rest = 0;

	exact_line_copy(&g[0].line, &w->exact.now);
	/* CAVEATS.md makes no promise to who overlaps a late publication, but that it is counted. */
	for (int i = 0; i < EXACT_CLOCKS; i++)
		if (late || ahead(&g[0].line, i) < ahead(&g[1].line, i))
			g[0].seen[i] = NEVER;
	if (late) {
		w->late_publishes++;
		tally[LATE]++;
		world_alone(w);
	} else if (w->published) {
		read_midway(w);
		if (g[0].counter != g[1].counter)
			not_too_far_ahead(w);
	}
	tally[LEAPS] += w->exact.discipline.leaps;
	w->exact.discipline.leaps = 0;
	tally[SLEWS] += w->exact.discipline.slew_ns != 0;
	if (vdk_time_steps(&w->tk) != w->exact.discipline.steps)
		world_fail("vdk_time_steps() is %llu, there were %llu", (unsigned long long)vdk_time_steps(&w->tk),
			   (unsigned long long)w->exact.discipline.steps);
	if (w->tk.late_publishes != w->late_publishes)
		world_fail("late_publishes is %llu, late were %llu", (unsigned long long)w->tk.late_publishes,
			   (unsigned long long)w->late_publishes);
	if (w->published && g[1].until > old_position)
		rest = counter_time(&w->counter[g[1].counter], g[1].until - old_position);
	for (unsigned int i = 0; i < probes; i++) {
		probe(w);
		w->now += (moment)((unsigned _BitInt(256))(rest / probes) * span >> 64);
	}
	if (!exact_within_drift(&w->exact))
		world_fail("the reference is further from the unrounded history than rounding explains");
}
