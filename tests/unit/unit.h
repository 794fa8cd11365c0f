/* SPDX-License-Identifier: MIT */
/* Owns: what the unit tests share: assertions, exact wide integers, random numbers.
 * Relies on: tests/tap.h; clang's _BitInt.
 * Who may include: tests/unit and tests/page. */
#ifndef VDK_TESTS_UNIT_H
#define VDK_TESTS_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

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

struct unit_test {
	const char *name;
	void (*run)(void);
};

#define UNIT_TEST(function) { #function, function }

static const struct unit_test *unit_running;
static const char *unit_skipped; /* why the running test can't run here */

/* One that fails ends the program, from whichever thread: the plan tells what has not run. */
static inline void unit_check(bool good, const char *file, int line, const char *what)
{
	if (good)
		return;
	ok(false, "%s", unit_running->name);
	diag("%s:%d: %s", file, line, what);
	exit(1);
}

static inline void unit_check_equal(uint64_t got, uint64_t want, const char *file, int line, const char *what)
{
	if (got != want)
		diag("0x%llx != 0x%llx", (unsigned long long)got, (unsigned long long)want);
	unit_check(got == want, file, line, what);
}

#define assert_true(condition) unit_check(condition, __FILE__, __LINE__, #condition)
#define assert_false(condition) unit_check(!(condition), __FILE__, __LINE__, "not " #condition)
#define assert_int_equal(got, want) \
	unit_check_equal((uint64_t)(got), (uint64_t)(want), __FILE__, __LINE__, #got " is " #want)

static inline void unit_run(const struct unit_test *tests, unsigned int count)
{
	const char *seed = getenv("VDK_SEED");

	random_state = seed ? strtoull(seed, NULL, 0) : 20250701;
	plan(count);
	for (unit_running = tests; unit_running < tests + count; unit_running++) {
		unit_skipped = NULL;
		unit_running->run();
		if (unit_skipped)
			skip(unit_skipped, "%s", unit_running->name);
		else
			ok(true, "%s", unit_running->name);
	}
}

#define RUN(tests)                                                                    \
	int main(void)                                                                \
	{                                                                             \
		unit_run(tests, (unsigned int)(sizeof(tests) / sizeof((tests)[0])));  \
		return done();                                                        \
	}

#endif
