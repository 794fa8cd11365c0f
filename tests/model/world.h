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

/* A counter: at `t` its position is phase + t * rate, rounded down, of which it shows `cs.width` bits. Its rate need
 * not be the one that it says. */
struct counter {
	struct vdk_clocksource cs; /* first: the kit hands it back */
	position phase;
	position rate; /* in 2^-32 Hz */
};

uint64_t counter_shows(const struct counter *counter, position at);
/* Time for `cycles`, not more: never past the position that they lead to. */
moment counter_time(const struct counter *counter, position cycles);

/* What the readers of one publication have: the page as it was, and what the reference says of it. */
struct generation {
	struct vdk_page page;
	struct exact_line line;
	unsigned int counter;
	position until;              /* no reader has it any more beyond this */
	whole_ns seen[EXACT_CLOCKS]; /* the latest reading of each clock, or NEVER */
};

#define GENERATIONS 3
#define COUNTERS 4
#define NEVER INT64_MIN

struct world {
	moment now;
	struct counter counter[COUNTERS];
	unsigned int current; /* the timekeeper's counter */
	bool asleep;
	bool midnights; /* a history of leap seconds: short steps, close to the end of a day */
	uint32_t tick_ns;
	struct vdk_timekeeper tk;
	struct exact exact;
	struct generation generation[GENERATIONS]; /* [0] is the current one: its `page` and `until` are not used */
	uint64_t late_publishes;                   /* expected */
	whole_ns rate_from;                        /* MONOTONIC just after the last change of its rate, */
	position rate_begin;                       /* there */

	/* While the kit makes a call. */
	bool inside, published;
	bool alone;              /* nobody has an old publication after it */
	position behind;         /* it runs on a CPU whose counter is so much behind */
	moment delay;            /* that each reading of the counter takes, the most, */
	uint64_t unevenly;       /* bits that say of each how much less */
	position bracket;        /* cycles between the last two readings of the old counter */
	position bound;          /* for which readers of the old publication go on */
	position met[COUNTERS];  /* the last reading of a counter before the publication */
	position last[COUNTERS]; /* and the last one of all */
};

/* What was checked how often. */
enum tally {
	READINGS,
	OLD_READINGS,
	MIDWAY_READINGS,
	INSIDE_READINGS,
	BEHIND_READINGS,
	EDGE_READINGS,
	RATES,
	SWITCHES,
	LATE,
	LEAPS,
	SLEWS,
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
/* A time as text; four of them stay. */
const char *world_text(whole_ns ns);
whole_ns world_ns(const struct vdk_timespec *ts);

position world_position(const struct world *w);
position world_position_of(const struct world *w, unsigned int counter);
/* The last position at which readers of this publication have to be right. */
position world_last(const struct world *w);
/* Let time pass: `ns`, but not beyond the position `limit`. */
void world_pass(struct world *w, uint64_t ns, position limit);

/* Once for the memory; and the start of a history, on the first of the counters that are there. */
void world_init(struct world *w);
void world_begin(struct world *w, const struct vdk_time_config *config);

/* Readings of the current page, now, all clocks: each one the reference's. */
void world_read(struct world *w);
/* The same on a CPU whose counter is `behind` cycles behind. */
void world_read_behind(struct world *w, position behind);
/* The same at the counter values that are the first and the last to count. */
void world_read_edges(struct world *w);
/* Inside the kit's call, before it publishes. */
void world_read_inside(struct world *w);

/* Round a call of the kit that publishes. After world_before(), the call and the reference's operation at w->met. */
void world_before(struct world *w, position behind, moment delay, uint64_t unevenly);
/* The kit has made its call: from here on the counter is read as usual. Not `published`: it changed nothing. */
void world_called(struct world *w, bool published);
/* Nobody has an old publication any more. */
void world_alone(struct world *w);
/* `probes` readers, of old publications too, within `span` of the time for which a reader can have the old one. */
void world_after(struct world *w, unsigned int probes, uint64_t span);

/* From here on MONOTONIC's rate is to be measured anew. */
void world_new_rate(struct world *w);

#endif
