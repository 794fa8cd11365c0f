/* SPDX-License-Identifier: MIT */
/* Owns: what tests/host/tools/throw.cc does for catch.c.
 * Relies on: nothing. Who may include: those two. */
#ifndef VDK_TESTS_HOST_TOOLS_THROW_H
#define VDK_TESTS_HOST_TOOLS_THROW_H

#ifdef __cplusplus
extern "C" {
#endif

/* From a signal handler that interrupted call_stepped()'s function. */
__attribute__((noreturn)) void throw_from_handler(int number);

enum outcome { RETURNED, CAUGHT, WRONG };

/* Calls fn(args[0], ..., args[4]) with a SIGTRAP after each instruction. CAUGHT: an exception came out, of that number, and
 * destructors and registers are right. */
enum outcome call_stepped(long (*fn)(long, long, long, long, long), const long *args, int number);

#ifdef __cplusplus
}
#endif

#endif
