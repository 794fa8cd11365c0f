/* SPDX-License-Identifier: MIT */
/* The tables on the screen.
 *
 * Owns: what is shown of the results; bench.json has all. Relies on: a screen of 100 columns.
 * Never: says that a number is good. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench.h"

#define NAME_WIDTH 18

static const char *label(const struct series *s)
{
	return *s->clock ? s->clock : s->function;
}

static const char *floor_label(const struct bench *b, int k)
{
	static char text[64];

	snprintf(text, sizeof(text), "floor %s", b->series[k].clock);
	return text;
}

static const char *row_label(const struct bench *b, int k)
{
	return k < FLOOR ? label(&b->series[k]) : floor_label(b, k);
}

/* The floor of a function: does it read the counter? */
static int floor_of(const struct series *s)
{
	return strstr(s->clock, "_COARSE") || strcmp(s->function, "time") == 0 || strcmp(s->function, "clock_getres") == 0 ?
		FLOOR_STORES : FLOOR;
}

/* Median and minimum, or nothing for what does not exist. */
static void cell(const struct series *s, const struct summary *r)
{
	if (s->calls)
		printf("  %8.1f (%7.1f)", r->median_ns, r->min_ns);
	else
		printf("  %18s", "-");
}

static void ratio(double a, double b)
{
	if (isfinite(a / b))
		printf("  %6.2f", a / b);
	else
		printf("  %6s", "-");
}

static const char *writer_name(const struct setting *setting)
{
	return setting->writer_hz == 0 ? "none" : setting->writer_hz == 1000 ? "1 kHz" : "100 kHz";
}

/* The first setting, in full. */
static void calls_table(const struct bench *b)
{
	const struct summary *r = b->result[0];

	printf("\nns per call, one thread, back to back, no writer: median (minimum); ratios of medians\n");
	printf("%-*s  %18s  %18s  %18s  %6s  %6s\n", NAME_WIDTH, "", "vdk", "host's vDSO", "system call", "/host",
	       "/floor");
	for (int f = 0; f < FUNCTIONS; f++) {
		const struct series *s = &b->series[f * SUBJECTS];

		if (!s->call)
			continue;
		printf("%-*s", NAME_WIDTH, label(s));
		for (int subject = 0; subject < SUBJECTS; subject++)
			cell(&s[subject], &r[f * SUBJECTS + subject]);
		ratio(r[f * SUBJECTS + VDK].median_ns, s[HOST].call ? r[f * SUBJECTS + HOST].median_ns : NAN);
		ratio(r[f * SUBJECTS + VDK].median_ns, r[floor_of(s)].median_ns);
		putchar('\n');
	}
	for (int k = FLOOR; k <= FLOOR_STORES; k++)
		if (b->series[k].call) {
			printf("%-*s", NAME_WIDTH, floor_label(b, k));
			cell(&b->series[k], &r[k]);
			putchar('\n');
		}
}

/* Half of the settings: back to back, or amid work. */
static void settings_table(const struct bench *b, int first)
{
	const struct setting *setting = &b->setting[first];
	const int last = first + SETTINGS / 2;

	if (setting->amid_work)
		printf("\nns that a call adds to %.0f ns of other work, vdk, and in brackets the host's vDSO: "
		       "medians\n",
		       b->result[first][WORK].median_ns);
	else
		printf("\nns per call, back to back, vdk, and in brackets the host's vDSO: medians\n");
	printf("%-*s", NAME_WIDTH, "threads, writer");
	for (int i = first; i < last; i++)
		printf("  %2u, %-7s ", b->setting[i].threads, writer_name(&b->setting[i]));
	putchar('\n');
	for (int f = 0; f <= FUNCTIONS; f++) {
		const int k = f * SUBJECTS; /* the floor comes last */

		if (!b->series[k].call)
			continue;
		printf("%-*s", NAME_WIDTH, row_label(b, k));
		for (int i = first; i < last; i++) {
			const struct summary *r = b->result[i];
			double work = setting->amid_work ? r[WORK].median_ns : 0;

			if (k != FLOOR && b->series[k + HOST].call)
				printf(" %5.1f (%5.1f)", r[k].median_ns - work, r[k + HOST].median_ns - work);
			else
				printf(" %5.1f        ", r[k].median_ns - work);
		}
		putchar('\n');
	}
}

static void cold_table(const struct bench *b)
{
	printf("\nInstructions per call, and ns of a call whose lines were flushed before: medians\n");
	printf("%-*s  %12s  %22s  %22s\n", NAME_WIDTH, "", "instructions", "data flushed", "data and code flushed");
	printf("%-*s  %6s%6s", NAME_WIDTH, "", "vdk", "host");
	for (int flushed = 0; flushed < FLUSHED; flushed++)
		printf("  %8s%7s%7s", "vdk", "host", "/host");
	putchar('\n');
	for (int f = 0; f <= FUNCTIONS; f++) {
		const int k = f * SUBJECTS;
		bool pair = k != FLOOR && b->series[k + HOST].call;

		if (!b->series[k].call)
			continue;
		printf("%-*s  %6u", NAME_WIDTH, row_label(b, k), b->instructions[k]);
		if (pair)
			printf("%6u", b->instructions[k + HOST]);
		else
			printf("%6s", "");
		for (int flushed = 0; flushed < FLUSHED; flushed++) {
			const struct summary *c = b->cold[flushed];

			printf("  %8.0f", c[k].median_ns);
			if (pair)
				printf("%7.0f%7.2f", c[k + HOST].median_ns, c[k].median_ns / c[k + HOST].median_ns);
			else
				printf("%14s", "");
		}
		putchar('\n');
	}
}

/* Calls that took `ns` or longer. */
static uint64_t calls_from(const struct bench *b, const struct worst_result *w, double ns)
{
	uint64_t count = 0;

	for (int k = 8; k < BUCKETS; k++)
		if (ticks_to_ns(b, (double)((8ull + (unsigned int)k % 8) << (k / 8 - 3))) >= ns)
			count += w->bucket[k];
	return count;
}

static void worst_table(const struct bench *b)
{
	printf("\nThe worst of %llu calls of MONOTONIC, the writer stopped in mid-update %u times for %.0f ms\n",
	       (unsigned long long)b->worst_calls, b->stops, b->stopped_ms);
	printf("%-*s  %14s  %12s  %12s  %12s\n", NAME_WIDTH, "", "worst, us", "over 10 us", "over 1 ms", "over 9 ms");
	for (int i = 0; i < WORSTS; i++) {
		const struct worst_result *w = &b->worst[i];

		printf("%-*s  %14.1f  %12llu  %12llu  %12llu\n", NAME_WIDTH, w->subject,
		       ticks_to_ns(b, (double)w->worst_ticks) / 1e3, (unsigned long long)calls_from(b, w, 1e4),
		       (unsigned long long)calls_from(b, w, 1e6), (unsigned long long)calls_from(b, w, 9e6));
	}
	printf("The floor waits for nobody: its long calls are the machine's own interruptions.\n");
}

static void publish_table(const struct bench *b)
{
	printf("\nns per publication, back to back: median (minimum)\n");
	for (int i = 0; i < PUBLISHES; i++) {
		const struct publish_result *p = &b->publish[i];

		printf("%-8s %5u mapping%-32s %8.1f (%.1f)\n", p->what, p->mappings,
		       p->reader          ? ", read on another CPU meanwhile"
		       : p->mappings == 1 ? ""
					  : "s",
		       p->summary.median_ns, p->summary.min_ns);
	}
}

void print_tables(const struct bench *b)
{
	struct utsname names;

	uname(&names);
	printf("%s, %u CPU%s, counter %.3f MHz read by %s, Linux %s; %u rounds\n", names.machine, b->cpus,
	       b->cpus == 1 ? "" : "s", b->counter_hz / 1e6, b->series[FLOOR].clock, names.release, b->rounds);
	calls_table(b);
	settings_table(b, 0);
	settings_table(b, SETTINGS / 2);
	cold_table(b);
	worst_table(b);
	publish_table(b);
}
