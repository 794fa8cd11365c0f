/* SPDX-License-Identifier: MIT */
/* The world of a history: time, counters, and what surrounds a call of the kit.
 *
 * Owns: struct world. Relies on: nothing but one thread. Never: judges a reading, which readers.c does. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef unsigned _BitInt(256) wide;

/* CAVEATS.md: readings are exact for 259 years after the last tick, or half a wrap if that is less. */
#define SPAN_SEC (259ull * 31557600)

struct vdk_page world_page __attribute__((aligned(VDK_PAGE_SIZE)));
char world_failure[600];
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

const char *world_text(whole_ns ns)
{
	static char buffer[4][48];
	static unsigned int next;
	char *to = buffer[next++ % 4];
	position magnitude = (position)(ns < 0 ? -ns : ns);

	snprintf(to, sizeof(buffer[0]), "%s%llu.%09llu", ns < 0 ? "-" : "",
		 (unsigned long long)(magnitude / VDK_NS_PER_SEC), (unsigned long long)(magnitude % VDK_NS_PER_SEC));
	return to;
}

position world_position_of(const struct world *w, unsigned int counter)
{
	const struct counter *c = &w->counter[counter];

	return c->phase + (position)((wide)w->now * c->rate >> 96);
}

position world_position(const struct world *w)
{
	return world_position_of(w, w->current);
}

uint64_t counter_shows(const struct counter *counter, position at)
{
	return (uint64_t)at & (UINT64_MAX >> (64 - counter->cs.width));
}

moment counter_time(const struct counter *counter, position cycles)
{
	return (cycles << 64) / (position)((counter->rate >> 32) + 1);
}

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	struct world *w = the_world;
	unsigned int counter = (unsigned int)((const struct counter *)cs - w->counter);
	position at = world_position_of(w, counter);

	if (!w->inside)
		return counter_shows(&w->counter[counter], at);
	w->last[counter] = at;
	if (world_page.slot[0].seq == w->generation[1].page.slot[0].seq) {
		/* Before the publication: what counts is the last reading. */
		at -= w->behind;
		if (counter == w->generation[1].counter)
			w->bracket = at - w->met[counter];
		w->met[counter] = at;
		w->inside = false;
		world_read_inside(w);
		w->inside = true;
		w->now += w->delay >> (w->unevenly & 3);
		w->unevenly >>= 2;
	}
	return counter_shows(&w->counter[counter], at);
}

whole_ns world_ns(const struct vdk_timespec *ts)
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

void world_begin(struct world *w, const struct vdk_time_config *config)
{
	struct counter *first = &w->counter[0];
	struct exact_start start = { .hz = first->cs.hz,
				     .at = first->phase,
				     .real = world_ns(&config->wall),
				     .mono = world_ns(&config->monotonic),
				     .boot = world_ns(&config->boottime),
				     .raw = world_ns(&config->raw),
				     .tai_sec = config->tai_offset_sec,
				     .bound_ns = config->publish_bound_ns ? config->publish_bound_ns : 10000 };

	w->now = 0;
	w->inside = w->asleep = false;
	w->late_publishes = 0;
	w->current = 0;
	for (unsigned int i = 0; i < COUNTERS; i++)
		w->counter[i].cs.read = read_counter;
	if (vdk_time_init(&w->tk, &first->cs, &world_page, config) != 0)
		world_fail("vdk_time_init refuses a counter of %llu Hz and %u bits", (unsigned long long)first->cs.hz,
			   first->cs.width);
	exact_begin(&w->exact, &start);
	for (int i = 0; i < GENERATIONS; i++) {
		struct generation *g = &w->generation[i];

		exact_line_copy(&g->line, &w->exact.now);
		g->page = world_page;
		g->counter = 0;
		g->until = 0;
		for (int c = 0; c < EXACT_CLOCKS; c++)
			g->seen[c] = NEVER;
	}
	world_new_rate(w);
}

position world_last(const struct world *w)
{
	const struct vdk_clocksource *cs = &w->counter[w->current].cs;
	position half_wrap = (position)1 << (cs->width - 1), years = (position)SPAN_SEC * cs->hz;

	return w->exact.now.at + (half_wrap < years ? half_wrap : years) - 1;
}

void world_pass(struct world *w, uint64_t ns, position limit)
{
	position here = world_position(w);
	moment step = ((moment)ns << 64) / VDK_NS_PER_SEC;
	moment most = limit > here ? counter_time(&w->counter[w->current], limit - here) : 0;

	w->now += step < most ? step : most;
}

/* --- Round an update --- */

void world_before(struct world *w, position behind, moment delay, uint64_t unevenly)
{
	struct generation *g = w->generation;

	for (int i = GENERATIONS - 1; i > 0; i--) {
		exact_line_copy(&g[i].line, &g[i - 1].line);
		memcpy(g[i].seen, g[i - 1].seen, sizeof(g[i].seen));
		g[i].counter = g[i - 1].counter;
		if (i > 1)
			g[i].page = g[i - 1].page, g[i].until = g[i - 1].until;
	}
	g[1].page = world_page;
	w->inside = true;
	w->alone = false;
	w->bound = w->exact.bound;
	w->behind = behind;
	w->delay = delay;
	w->unevenly = unevenly;
	for (unsigned int i = 0; i < COUNTERS; i++)
		w->met[i] = w->last[i] = world_position_of(w, i);
}

void world_called(struct world *w, bool published)
{
	struct generation *old = &w->generation[1];

	w->inside = false;
	w->published = published;
	if (!published && memcmp(&world_page, &old->page, sizeof(world_page)) != 0)
		world_fail("a call that is refused changes the page");
	old->until = w->met[old->counter] + w->bound;
	w->generation[0].counter = w->current;
	if (w->alone)
		world_alone(w);
}

void world_alone(struct world *w)
{
	for (int i = 1; i < GENERATIONS; i++)
		w->generation[i].until = 0;
}
