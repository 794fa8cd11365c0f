/* SPDX-License-Identifier: MIT */
/* What the writer pays: one publication, and one tick, with one mapping of the page and with 10,000, and while
 * another CPU reads.
 *
 * Owns: the mappings: 10,000 of this process, each of them touched, so that each has a page-table entry for the
 * one page.
 * Relies on: vm.max_map_count, 65530 by default. Never: counts the time to map. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bench.h"
#include "page/latch.h"

#define MAPPINGS 10000
#define PER_BATCH 2000

struct reading {
	const struct bench *b;
	bool started, stop;
};

static void *read_on(void *arg)
{
	struct reading *r = arg;
	struct place place;

	run_on(r->b->cpu[1]);
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED))
		for (int i = 0; i < 1000; i++) {
			r->b->series[VDK].call(VDK_CLOCK_MONOTONIC, (long)&place, 0);
			__atomic_store_n(&r->started, true, __ATOMIC_RELAXED);
		}
	return NULL;
}

static double batch_ns(struct bench *b, bool tick)
{
	uint64_t start = machine_counter();

	for (int i = 0; i < PER_BATCH; i++) {
		if (tick)
			vdk_time_tick(&b->tk);
		else
			vdk_latch_publish(b->kpage, &b->tk.now);
	}
	return ticks_to_ns(b, (double)(machine_counter() - start) / PER_BATCH);
}

/* The first batch is for the caches. */
static double ns_per(struct bench *b, bool tick)
{
	batch_ns(b, tick);
	return batch_ns(b, tick);
}

static void unmap(char **mapping)
{
	for (int i = 0; i < MAPPINGS && mapping[i]; i++) {
		munmap(mapping[i], VDK_PAGE_SIZE);
		mapping[i] = NULL;
	}
}

static void map(const struct bench *b, char **mapping)
{
	for (int i = 0; i < MAPPINGS; i++) {
		mapping[i] = mmap(NULL, VDK_PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_POPULATE, b->page_fd, 0);
		if (mapping[i] == MAP_FAILED)
			fail("mmap: 10,000 mappings");
		(void)*(volatile char *)mapping[i];
	}
}

void measure_publish(struct bench *b)
{
	double(*sample)[b->rounds] = calloc(PUBLISHES, sizeof(*sample));
	static char *mapping[MAPPINGS];

	if (!sample)
		fail("calloc");
	for (unsigned int round = 0; round < b->rounds; round++) {
		struct reading reading = { .b = b };
		pthread_t thread;

		progress("publish", round, b->rounds);
		sample[0][round] = ns_per(b, false);
		sample[1][round] = ns_per(b, true);
		map(b, mapping);
		sample[2][round] = ns_per(b, false);
		sample[3][round] = ns_per(b, true);
		unmap(mapping);
		if (pthread_create(&thread, NULL, read_on, &reading) != 0)
			fail("pthread_create");
		while (!__atomic_load_n(&reading.started, __ATOMIC_RELAXED))
			sched_yield();
		sample[4][round] = ns_per(b, false);
		sample[5][round] = ns_per(b, true);
		__atomic_store_n(&reading.stop, true, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
	}
	for (int i = 0; i < PUBLISHES; i++)
		b->publish[i] = (struct publish_result){
			.what = i & 1 ? "tick" : "publish",
			.mappings = i / 2 == 1 ? MAPPINGS : 1,
			.reader = i / 2 == 2,
			.summary = summarize(sample[i], b->rounds),
		};
	free(sample);
}
