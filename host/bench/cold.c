/* SPDX-License-Identifier: MIT */
/* What a call costs that finds nothing of its own in any cache.
 *
 * Owns: which lines are flushed: the data pages of both vDSOs, or these and both images and the floor's code.
 * Relies on: a flush that user mode may ask for, on pages that it may only read.
 * Never: flushes the caller's code, its stack or the place of the results; nor what a system call uses. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/auxv.h>

#include "bench.h"

#define CALLS_PER_ROUND 25
#define MAX_PAGES 64

/* What there is to flush. */
static const char *data[MAX_PAGES], *code[MAX_PAGES];
static size_t data_pages, code_pages;

static void add(const char *page[MAX_PAGES], size_t *pages, const char *address)
{
	char copy[VDK_PAGE_SIZE];

	if (*pages < MAX_PAGES && copy_page(copy, address))
		page[(*pages)++] = address;
}

static void find_pages(const struct bench *b)
{
	const char *image = (const char *)getauxval(AT_SYSINFO_EHDR), *from, *to;

	add(data, &data_pages, b->vdk_page);
	for (size_t at = 0; at < b->vdk_image_size; at += VDK_PAGE_SIZE)
		add(code, &code_pages, b->vdk_image + at);
	for (host_range(&from, &to); from < to; from += VDK_PAGE_SIZE) {
		if (from < image)
			add(data, &data_pages, from);
		else
			add(code, &code_pages, from);
	}
}

static void flush(const char *from, size_t size)
{
	for (size_t at = 0; at < size; at += MACHINE_LINE)
		machine_flush(from + at);
}

static void flush_all(const struct bench *b, enum flushed flushed)
{
	for (size_t i = 0; i < data_pages; i++)
		flush(data[i], VDK_PAGE_SIZE);
	if (flushed == DATA_AND_CODE) {
		for (size_t i = 0; i < code_pages; i++)
			flush(code[i], VDK_PAGE_SIZE);
		for (int k = FLOOR; k <= FLOOR_STORES; k++)
			if (b->series[k].call)
				flush((const char *)(uintptr_t)b->series[k].call, MACHINE_LINE);
	}
	machine_flushed();
}

static __attribute__((noinline)) long nothing(long a, long b, long c)
{
	__asm__ volatile("" : : "r"(a), "r"(b), "r"(c));
	return 0;
}

/* Ticks of one call, the measuring included. */
static __attribute__((noinline)) uint64_t time_call(call_t *call, long x, long y)
{
	uint64_t start;

	machine_serialize();
	start = machine_counter();
	machine_serialize();
	call(x, y, 0);
	return machine_counter() - start;
}

/* What the measuring takes itself: the least that a call of nothing does. */
static double overhead(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 10000; i++) {
		uint64_t ticks = time_call(nothing, 0, 0);

		least = ticks < least ? ticks : least;
	}
	return (double)least;
}

void measure_cold(struct bench *b)
{
	size_t count = (size_t)b->rounds * CALLS_PER_ROUND;
	double(*sample)[SERIES][count] = calloc(FLUSHED, sizeof(*sample));
	double own = overhead();
	static struct place place;

	if (!sample)
		fail("calloc");
	find_pages(b);
	for (size_t n = 0; n < count; n++)
		for (int k = 0; k < SERIES; k++)
			for (enum flushed flushed = 0; flushed < FLUSHED; flushed++) {
				int i = (int)((n * 11 + (size_t)k) % SERIES); /* another order each time */
				const struct series *s = &b->series[i];
				long argument[2];
				uint64_t ticks;

				if (!s->call)
					continue;
				progress("cold", n, count);
				arguments(s, &place, argument);
				time_call(s->call, argument[0], argument[1]); /* warm, but for what is flushed */
				flush_all(b, flushed);
				ticks = time_call(s->call, argument[0], argument[1]);
				sample[flushed][i][n] = ticks_to_ns(b, (double)ticks - own);
			}
	for (enum flushed flushed = 0; flushed < FLUSHED; flushed++)
		for (int i = 0; i < SERIES; i++)
			b->cold[flushed][i] = summarize(sample[flushed][i], count);
	free(sample);
}
