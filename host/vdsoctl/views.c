/* SPDX-License-Identifier: MIT */
/* Commands that go on.
 * Owns: SIGINT and SIGTERM; the terminal's screen, where views go to one.
 * Relies on: raw system calls for the time: the vDSO may be what is watched.
 * Never: leaves a view half printed. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "views.h"

const struct clock_name clock_names[CLOCKS] = {
	{ CLOCK_REALTIME, "REALTIME" },
	{ CLOCK_MONOTONIC, "MONOTONIC" },
	{ CLOCK_MONOTONIC_RAW, "MONOTONIC_RAW" },
	{ CLOCK_REALTIME_COARSE, "REALTIME_COARSE" },
	{ CLOCK_MONOTONIC_COARSE, "MONOTONIC_COARSE" },
	{ CLOCK_BOOTTIME, "BOOTTIME" },
	{ CLOCK_TAI, "TAI" },
};

static volatile sig_atomic_t stopped;
static int64_t begin_ns;

int64_t system_clock_ns(int id)
{
	struct timespec ts;

	if (syscall(SYS_clock_gettime, id, &ts) != 0)
		return INT64_MIN;
	return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

void views_begin(void)
{
	struct sigaction action = { .sa_handler = stop };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	begin_ns = system_clock_ns(CLOCK_MONOTONIC);
}

double views_elapsed(void)
{
	return (double)(system_clock_ns(CLOCK_MONOTONIC) - begin_ns) * 1e-9;
}

bool views_over(const struct options *options)
{
	return stopped || (options->seconds > 0 && views_elapsed() >= options->seconds);
}

bool views_wait(const struct options *options, double until)
{
	double left;

	if (options->seconds > 0 && until > options->seconds)
		until = options->seconds;
	while (!stopped && (left = until - views_elapsed()) > 0) {
		struct timespec ts = { (time_t)left, (long)((left - (double)(time_t)left) * 1e9) };

		/* A signal between the look at `stopped` and the sleep would be seen only after it: sleep in short pieces. */
		if (ts.tv_sec > 0 || ts.tv_nsec > 100000000)
			ts = (struct timespec){ 0, 100000000 };
		nanosleep(&ts, NULL);
	}
	return !views_over(options);
}

bool views_print(const struct options *options, unsigned long view, json_t *result)
{
	if (!options->json && isatty(STDOUT_FILENO))
		printf("\033[H\033[J");
	else if (!options->json && view > 0)
		putchar('\n');
	output(result, options->json);
	return output_flush() && !views_over(options) && (options->count == 0 || view + 1 < options->count);
}
