/* SPDX-License-Identifier: MIT */
/* Owns: what the unit tests share: cmocka, exact wide integers, random numbers, TAP.
 * Relies on: libcmocka; clang's _BitInt.
 * Who may include: tests/unit and tests/page. */
#ifndef VDK_TESTS_UNIT_H
#define VDK_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Wide enough that nothing here can round or overflow. */
typedef unsigned _BitInt(256) wide;
typedef _BitInt(256) wide_signed;

/* splitmix64: one line, seeded, so that a failure can be run again (VDK_SEED). */
static uint64_t random_state;

static inline uint64_t random_word(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Random number of 0 to `bits` significant bits, each length as likely: edges come up often. */
static inline uint64_t random_bits(unsigned int bits)
{
	unsigned int n = (unsigned int)(random_word() % (bits + 1));

	return n ? random_word() >> (64 - n) : 0;
}

static inline uint64_t random_between(uint64_t low, uint64_t high)
{
	return low + random_word() % (high - low + 1);
}

#define RUN(tests)                                                                  \
	int main(void)                                                              \
	{                                                                           \
		const char *seed = getenv("VDK_SEED");                              \
		random_state = seed ? strtoull(seed, NULL, 0) : 20250701;           \
		cmocka_set_message_output(CM_OUTPUT_TAP);                           \
		return cmocka_run_group_tests(tests, NULL, NULL);                   \
	}

#endif
