/* SPDX-License-Identifier: MIT */
/* Owns: the world of a history: true time, counters, the real kit with its page, readers, and the reference beside it.
 * Relies on: exact.h; kit/page for the readers and for the writer's steps.
 * Who may include: tests/model. */
#ifndef VDK_TESTS_MODEL_WORLD_H
#define VDK_TESTS_MODEL_WORLD_H

#include "exact.h"
#include "vdk/time.h"

/* True time since the start of a history, in units of 2^-64 s. */
typedef unsigned __int128 moment;

/* A counter: at `t` it has the value phase + t * hz, rounded down, of which it shows `cs.width` bits. */
struct counter {
	struct vdk_clocksource cs; /* first: the kit hands it back */
	position phase;
};

/* What the readers of one publication have: the page as it was, and what the reference says of it. */
struct generation {
	struct vdk_page page;
	struct exact_line line;
	position until;              /* no reader has it any more beyond this */
	whole_ns seen[EXACT_CLOCKS]; /* the latest reading of each clock, or NEVER */
};

#define GENERATIONS 3
#define NEVER INT64_MIN

struct world {
	moment now;
	struct counter counter;
	struct vdk_timekeeper tk;
	struct exact exact;
	struct generation generation[GENERATIONS]; /* [0] the current one; its `page` and `until` are not used */
	uint64_t late_publishes;                   /* expected */
	whole_ns rate_from;                        /* MONOTONIC just after the last change of its rate, */
	position rate_begin;                       /* there */

	/* While the kit makes a call. */
	bool inside, published;
	unsigned int reads;   /* of the counter, so far */
	position behind;      /* the first one is that of a CPU whose counter is so much behind */
	position first, last; /* what the counter was at the first and the last of them */
	moment delay;         /* between the first and the next */
};

/* What was checked how often, and what happened how often. */
enum tally {
	READINGS,
	OLD_READINGS,
	MIDWAY_READINGS,
	NESTED_READINGS,
	BEHIND_READINGS,
	EDGE_READINGS,
	RATES,
	LATE,
	TALLIES
};
extern uint64_t tally[TALLIES];
extern const char *const tally_name[TALLIES];

extern struct vdk_page world_page;

/* A claim does not hold: what and where, printed into world_failure; control goes back to world_try(). */
extern char world_failure[600];
void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* `run` returned: true. A claim failed in it: false. */
bool world_try(void (*run)(void *), void *argument);

position world_position(const struct world *w);
/* The last position at which readers of this publication have to be right. */
position world_last(const struct world *w);
/* Let time pass: `ns`, but not beyond the position `limit`. */
void world_pass(struct world *w, uint64_t ns, position limit);

/* Once for the memory; and the start of a history. */
void world_init(struct world *w);
void world_begin(struct world *w, const struct vdk_clocksource *cs, uint64_t phase,
		 const struct vdk_time_config *config);

/* Readings of the current page, now, all clocks: each one the reference's. */
void world_read(struct world *w);
/* The same on a CPU whose counter is `behind` cycles behind. */
void world_read_behind(struct world *w, position behind);
/* The same at the counter values that are the first and the last to count. */
void world_read_edges(struct world *w);

/* Round a call of the kit that publishes. Between the two, the call and the reference's operation at w->first. */
void world_before(struct world *w, position behind, moment delay);
/* The kit has made its call: from here on the counter is read as usual. Not `published`: it is to have changed nothing.
 */
void world_called(struct world *w, bool published);
/* `probes` readers, of old publications too, within `span` of the time for which a reader can have the old one. */
void world_after(struct world *w, unsigned int probes, uint64_t span);

/* From here on MONOTONIC's rate is to be measured anew. */
void world_new_rate(struct world *w);

#endif
