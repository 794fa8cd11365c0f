/* SPDX-License-Identifier: MIT */
/* Owns: which of the ways to read the counter this CPU has.
 * Relies on: the C library's auxiliary vector, where there is a question.
 * Who may include: tests. */
#ifndef VDK_TESTS_COUNTER_MODE_H
#define VDK_TESTS_COUNTER_MODE_H

#include <stdbool.h>

#include "vdk/page.h"

#ifdef __aarch64__
#include <sys/auxv.h>
#endif

static inline bool has_counter_mode(unsigned int mode)
{
#ifdef __aarch64__
	return mode == VDK_MODE_COUNTER || getauxval(AT_HWCAP2) & 1ul << 19; /* HWCAP2_ECV */
#else
	return mode == VDK_MODE_COUNTER || mode == VDK_MODE_COUNTER_ALT;
#endif
}

#endif
