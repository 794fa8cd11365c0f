/* SPDX-License-Identifier: MIT */
/* Owns: the operations of a history, and how they come from random words.
 * Relies on: world.h.
 * Who may include: tests/model. */
#ifndef VDK_TESTS_MODEL_OPERATIONS_H
#define VDK_TESTS_MODEL_OPERATIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "world.h"

#define DAY_NS 86400000000000ll

/* splitmix64. */
static inline uint64_t next_word(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline uint64_t between(uint64_t word, uint64_t low, uint64_t high)
{
	return low + word % (high - low + 1);
}

/* From `low` to `high`, each power of two as likely. */
static inline uint64_t any_size(uint64_t word, uint64_t low, uint64_t high)
{
	unsigned int least = 63 - (unsigned int)__builtin_clzll(low), most = 63 - (unsigned int)__builtin_clzll(high);
	unsigned int top = (unsigned int)between(word >> 58, least, most);
	uint64_t value = 1ull << top | (word & ((1ull << top) - 1));

	return value < low ? low : value > high ? high : value;
}

/* Say what happens: a history that fails is told. */
extern bool telling;
#define TELL(...)                            \
	do {                                 \
		if (telling)                 \
			printf(__VA_ARGS__); \
	} while (0)

/* One kind of operation, how often it comes, and what it does to the kit and to the reference; false: it was refused.
 * It takes what it needs to be told from `random`. */
struct operation {
	const char *name;
	unsigned int weight;
	bool (*run)(struct world *w, const uint64_t *random);
	bool alone;    /* nothing else runs meanwhile: no delay, and no other CPU */
	bool switches; /* it reads two counters, several times */
};
extern const struct operation operations[];
extern const unsigned int operation_kinds;

#endif
