/* SPDX-License-Identifier: MIT */
/* Owns: random histories: what happens, in which order, to which counter.
 * Relies on: world.h.
 * Who may include: tests/model. */
#ifndef VDK_TESTS_MODEL_HISTORY_H
#define VDK_TESTS_MODEL_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

/* One thing that happens. What it is in detail is taken from `random`, whatever happened before: so a history stays one
 * when operations are left out. */
struct op {
	unsigned int kind;
	uint64_t random[6];
};

#define HISTORY_OPS 1000

struct history {
	uint64_t seed; /* of the counter, its frequency and the clocks' start */
	unsigned int ops;
	struct op op[HISTORY_OPS];
};

void history_init(void);
/* The `index`th of `seed`. */
void history_generate(struct history *h, uint64_t seed, unsigned int index, unsigned int ops);

/* True: every claim held. False: world_failure says which did not, *at the operation; `h->ops` if it was the start.
 * With `tell`, each operation is printed as it happens. */
bool history_run(const struct history *h, unsigned int *at, bool tell);

/* Leave out of a history that fails what can be left out. */
void history_shrink(struct history *h);

extern uint64_t tally_operations[32]; /* how many were done, by kind */

#endif
