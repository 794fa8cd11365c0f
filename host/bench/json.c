/* SPDX-License-Identifier: MIT */
/* DIR/bench.json, and the .dat files there that plots.gp reads.
 *
 * Owns: the format, docs/bench.md. Relies on: jansson, which fails on what JSON can't hold.
 * Never: rounds. */
#define _GNU_SOURCE
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench.h"

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

static const char *const flushed_names[FLUSHED] = { "data", "data_and_code" };

/* The value of the first line of `path` that starts with `key`; the whole first line if `key` is "". */
static void line_of(const char *path, const char *key, char *value, size_t size)
{
	FILE *file = fopen(path, "re");
	char line[1024];

	snprintf(value, size, "unknown");
	while (file && fgets(line, sizeof(line), file)) {
		const char *at = line;

		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		if (*key && (at = strchr(line, ':')))
			at += 1 + strspn(at + 1, " \t");
		line[strcspn(line, "\n")] = '\0';
		snprintf(value, size, "%s", at ? at : line);
		break;
	}
	if (file)
		fclose(file);
}

static json_t *must(json_t *value)
{
	if (!value)
		fail_with("bench.json", "jansson: no memory, or a string that is not UTF-8, or a number that is none");
	return value;
}

static void add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, must(value)) != 0)
		fail_with("bench.json", "jansson: no memory");
}

static void set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, must(value)) != 0)
		fail_with("bench.json", "jansson: no memory");
}

static json_t *machine(const struct bench *b)
{
	char cpu[256], clocksource[64];
	struct utsname names;

	uname(&names);
	line_of("/proc/cpuinfo", "model name", cpu, sizeof(cpu));
	line_of(CLOCKSOURCE, "", clocksource, sizeof(clocksource));
	return must(json_pack("{s:s, s:s, s:i, s:f, s:s, s:s, s:s}", "arch", names.machine, "cpu", cpu, "cpus",
			      (int)b->cpus, "counter_hz", b->counter_hz, "counter_read_by", b->series[FLOOR].clock,
			      "linux", names.release, "host_clocksource", clocksource));
}

static json_t *with_series(const struct series *s, json_t *value)
{
	set(must(value), "function", json_string(s->function));
	if (*s->clock)
		set(value, "clock", json_string(s->clock));
	set(value, "subject", json_string(s->subject));
	return value;
}

static json_t *calls(const struct bench *b)
{
	json_t *array = must(json_array());

	for (int i = 0; i < SETTINGS; i++)
		for (int k = 0; k < SERIES; k++) {
			const struct setting *setting = &b->setting[i];
			const struct summary *r = &b->result[i][k], *work = &b->result[i][WORK];
			json_t *value;

			if (!b->series[k].calls || (k == WORK && !setting->amid_work))
				continue;
			value = json_pack("{s:i, s:i, s:s, s:f, s:f}", "threads", (int)setting->threads, "writer_hz",
					  (int)setting->writer_hz, "pace",
					  setting->amid_work ? "amid_work" : "back_to_back", "median_ns", r->median_ns,
					  "min_ns", r->min_ns);
			if (setting->amid_work && k != WORK) {
				set(must(value), "added_median_ns", json_real(r->median_ns - work->median_ns));
				set(value, "added_min_ns", json_real(r->min_ns - work->min_ns));
			}
			add(array, with_series(&b->series[k], value));
		}
	return array;
}

static json_t *writer(const struct bench *b)
{
	json_t *array = must(json_array());

	for (int i = 0; i < SETTINGS; i++)
		if (b->setting[i].writer_hz)
			add(array, json_pack("{s:i, s:i, s:s, s:f}", "threads", (int)b->setting[i].threads, "writer_hz",
					     (int)b->setting[i].writer_hz, "pace",
					     b->setting[i].amid_work ? "amid_work" : "back_to_back", "reached_hz",
					     b->reached_hz[i]));
	return array;
}

static json_t *instructions(const struct bench *b)
{
	json_t *array = must(json_array());

	for (int k = 0; k < SERIES; k++)
		if (b->series[k].call)
			add(array,
			    with_series(&b->series[k], json_pack("{s:i}", "instructions", (int)b->instructions[k])));
	return array;
}

static json_t *cold(const struct bench *b)
{
	json_t *array = must(json_array());

	for (int flushed = 0; flushed < FLUSHED; flushed++)
		for (int k = 0; k < SERIES; k++)
			if (b->series[k].call)
				add(array, with_series(&b->series[k],
						       json_pack("{s:s, s:f, s:f}", "flushed", flushed_names[flushed],
								 "median_ns", b->cold[flushed][k].median_ns, "min_ns",
								 b->cold[flushed][k].min_ns)));
	return array;
}

/* The least number of ticks that falls into a bucket. */
static double bucket_ticks(int bucket)
{
	return bucket < 8 ? bucket : (double)((8ull + (unsigned int)bucket % 8) << (bucket / 8 - 3));
}

static json_t *worst(const struct bench *b)
{
	json_t *array = must(json_array());

	for (int i = 0; i < WORSTS; i++) {
		const struct worst_result *w = &b->worst[i];
		json_t *histogram = must(json_array());

		for (int k = 0; k < BUCKETS; k++)
			if (w->bucket[k])
				add(histogram,
				    json_pack("[f, I]", ticks_to_ns(b, bucket_ticks(k)), (json_int_t)w->bucket[k]));
		add(array, json_pack("{s:s, s:I, s:f, s:o}", "subject", w->subject, "calls", (json_int_t)w->calls,
				     "worst_ns", ticks_to_ns(b, (double)w->worst_ticks), "histogram", histogram));
	}
	return array;
}

static json_t *publish(const struct bench *b)
{
	json_t *array = must(json_array());

	for (int i = 0; i < PUBLISHES; i++) {
		const struct publish_result *p = &b->publish[i];

		add(array,
		    json_pack("{s:s, s:i, s:b, s:f, s:f}", "what", p->what, "mappings", (int)p->mappings, "reader",
			      p->reader, "median_ns", p->summary.median_ns, "min_ns", p->summary.min_ns));
	}
	return array;
}

static FILE *create(const struct bench *b, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", b->out, name);
	file = fopen(path, "we");
	if (!file)
		fail(path);
	return file;
}

static void close_file(FILE *file, const char *name)
{
	int failed = ferror(file);

	if (fclose(file) != 0 || failed)
		fail(name);
}

void write_json(const struct bench *b)
{
	FILE *file = create(b, "bench.json");
	json_t *all =
		must(json_pack("{s:o, s:i, s:f, s:o, s:o, s:o, s:o, s:o, s:i, s:f, s:o}", "machine", machine(b),
			       "rounds", (int)b->rounds, "work_ns", b->result[SETTINGS / 2][WORK].median_ns, "calls",
			       calls(b), "writer", writer(b), "instructions", instructions(b), "cold", cold(b), "worst",
			       worst(b), "stops", (int)b->stops, "stopped_ms", b->stopped_ms, "publish", publish(b)));

	if (json_dumpf(all, file, JSON_INDENT(1) | JSON_SORT_KEYS) != 0)
		fail("bench.json");
	fputc('\n', file);
	close_file(file, "bench.json");
	json_decref(all);
}

static const char *label(const struct series *s)
{
	return *s->clock ? s->clock : s->function;
}

void write_plots(const struct bench *b)
{
	FILE *file = create(b, "calls.dat");

	fprintf(file, "# function vdk host floor cold-vdk cold-host cold-floor, ns\n");
	for (int f = 0; f < FUNCTIONS; f++) {
		const struct series *s = &b->series[f * SUBJECTS];
		const struct summary *r = &b->result[0][f * SUBJECTS], *c = &b->cold[DATA_AND_CODE][f * SUBJECTS];

		if (s->call)
			fprintf(file, "\"%s\" %g %g %g %g %g %g\n", label(s), r[VDK].median_ns, r[HOST].median_ns,
				b->result[0][FLOOR].median_ns, c[VDK].median_ns, c[HOST].median_ns,
				b->cold[DATA_AND_CODE][FLOOR].median_ns);
	}
	close_file(file, "calls.dat");

	file = create(b, "settings.dat");
	fprintf(file, "# setting, then for REALTIME, MONOTONIC and MONOTONIC_RAW: vdk / host\n");
	for (int i = 0; i < SETTINGS; i++) {
		const struct setting *setting = &b->setting[i];

		fprintf(file, "\"%u thread%s, %s%s\"", setting->threads, setting->threads == 1 ? "" : "s",
			setting->writer_hz == 0      ? "no writer"
			: setting->writer_hz == 1000 ? "1 kHz"
						     : "100 kHz",
			setting->amid_work ? ", work" : "");
		for (int f = 0; f < 3; f++)
			fprintf(file, " %g",
				b->result[i][f * SUBJECTS + VDK].median_ns /
					b->result[i][f * SUBJECTS + HOST].median_ns);
		fputc('\n', file);
	}
	close_file(file, "settings.dat");

	file = create(b, "worst.dat");
	fprintf(file, "# ns, the part of calls that took that or longer; one block for each reader\n");
	for (int i = 0; i < WORSTS; i++) {
		uint64_t left = b->worst[i].calls;

		fprintf(file, "\"%s\"\n", b->worst[i].subject);
		for (int k = 0; k < BUCKETS; k++) {
			if (b->worst[i].bucket[k])
				fprintf(file, "%g %g\n", ticks_to_ns(b, bucket_ticks(k)),
					(double)left / (double)b->worst[i].calls);
			left -= b->worst[i].bucket[k];
		}
		fprintf(file, "\n\n");
	}
	close_file(file, "worst.dat");
}
