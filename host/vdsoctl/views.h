/* SPDX-License-Identifier: MIT */
/* Owns: the views of commands that go on: how often, until when, of which clocks.
 * Relies on: vdsoctl.h for the options.
 * Who may include: host/vdsoctl. */
#ifndef VDK_HOST_VDSOCTL_VIEWS_H
#define VDK_HOST_VDSOCTL_VIEWS_H

#include <jansson.h>

#include "vdsoctl.h"

/* The time starts, and ^C and SIGTERM from now on end the last view. */
void views_begin(void);

/* Seconds since then. */
double views_elapsed(void);

/* Wait until that many seconds since the beginning; false: the end came first. */
bool views_wait(const struct options *options, double until);

/* Is it over, by a signal or by --seconds? */
bool views_over(const struct options *options);

/* Print view number `view`, from 0 on; false: it was the last, or can't be printed. */
bool views_print(const struct options *options, unsigned long view, json_t *result);

/* The clocks that a vDSO serves. */
#define CLOCKS 7
extern const struct clock_name {
	int id;
	const char *name;
} clock_names[CLOCKS];

/* CLOCK_* `id` as the system call tells it, in ns; the vDSO has no part in it. INT64_MIN: it has no such clock. */
int64_t system_clock_ns(int id);

#endif
