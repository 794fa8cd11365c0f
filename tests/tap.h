/* SPDX-License-Identifier: MIT */
/* Owns: the Test Anything Protocol, as every C test of the project prints it.
 * Relies on: stdio of any libc, static ones too.
 * Who may include: the one .c file of a test program. Its main() ends with `return done();`. */
#ifndef VDK_TESTS_TAP_H
#define VDK_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define TAP_FORMAT(string, first) __attribute__((format(printf, string, first), unused))

static struct {
	unsigned int run, failed, planned;
} tap;

/* Flushed line by line: a test that crashes has told what it did, and a fork() repeats nothing. */
static inline void tap_line(const char *start, const char *format, va_list args, const char *end)
{
	fputs(start, stdout);
	vprintf(format, args);
	puts(end);
	fflush(stdout);
}

static inline bool tap_result(bool passed, const char *format, va_list args, const char *end)
{
	char start[32];

	snprintf(start, sizeof(start), "%sok %u - ", passed ? "" : "not ", ++tap.run);
	tap_line(start, format, args, end);
	tap.failed += !passed;
	return passed;
}

/* Announce the number of tests; without it, done() prints how many there were. */
static inline void plan(unsigned int tests)
{
	tap.planned = tests;
	printf("1..%u\n", tests);
	fflush(stdout);
}

TAP_FORMAT(1, 2) static inline void diag(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_line("# ", format, args, "");
	va_end(args);
}

/* One test, named after its claim. */
TAP_FORMAT(2, 3) static inline bool ok(bool passed, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	tap_result(passed, name, args, "");
	va_end(args);
	return passed;
}

TAP_FORMAT(3, 4) static inline bool is_int(long long got, long long want, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	tap_result(got == want, name, args, "");
	va_end(args);
	if (got != want)
		diag("got %lld, want %lld", got, want);
	return got == want;
}

/* One test that cannot run here, and why. */
TAP_FORMAT(2, 3) static inline void skip(const char *reason, const char *name, ...)
{
	char end[256];
	va_list args;

	snprintf(end, sizeof(end), " # SKIP %s", reason);
	va_start(args, name);
	tap_result(true, name, args, end);
	va_end(args);
}

/* The whole program cannot run here. Call it before any test. */
_Noreturn static inline void skip_all(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	exit(0);
}

/* No test can go on. */
_Noreturn TAP_FORMAT(1, 2) static inline void bail(const char *reason, ...)
{
	va_list args;

	va_start(args, reason);
	tap_line("Bail out! ", reason, args, "");
	va_end(args);
	exit(255);
}

/* The exit status: 0 if all tests passed, and as many ran as were planned, and at least one. */
static inline int done(void)
{
	if (tap.planned == 0)
		plan(tap.run);
	return tap.failed > 0 || tap.run == 0 || tap.run != tap.planned;
}

#endif
