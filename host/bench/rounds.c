/* SPDX-License-Identifier: MIT */
/* Interleaved rounds: in each round every setting, in each setting some batches of every series in turn, so that
 * what disturbs the machine for a while disturbs all of them.
 *
 * Owns: the reading threads and the writer's. Relies on: timing.c.
 * Never: leaves a thread behind. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "bench.h"

#define MAX_THREADS 2
#define REPEATS 5

struct writer {
	struct bench *b;
	unsigned int hz;
	int cpu;
	bool sleeps, stop;
	uint64_t published;
};

struct meeting {
	unsigned int threads, arrived, round;
};

struct reader {
	struct bench *b;
	const struct setting *setting;
	struct meeting *meeting;
	int cpu;
	double ticks[REPEATS][SERIES];
	_Alignas(MACHINE_LINE) struct place place;
};

/* Publishes at `hz`, on a CPU of its own, or if there is none asleep in between. */
static void *write_at(void *arg)
{
	struct writer *w = arg;
	uint64_t period = (uint64_t)(w->b->counter_hz / w->hz), next = machine_counter();

	run_on(w->cpu);
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); /* ns: 50000 otherwise, five times the shortest period */
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		int64_t early = (int64_t)(next - machine_counter());

		if (early > 0) {
			struct timespec pause = { 0, (long)ticks_to_ns(w->b, (double)early) };

			if (w->sleeps)
				nanosleep(&pause, NULL);
			else
				machine_relax();
			continue;
		}
		vdk_time_tick(&w->b->tk);
		w->published++;
		next = -early > (int64_t)(10 * period) ? next - (uint64_t)early : next + period;
	}
	return NULL;
}

/* All threads arrive, then go on. */
static void meet(struct meeting *m)
{
	unsigned int round = __atomic_load_n(&m->round, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&m->arrived, 1, __ATOMIC_ACQ_REL) == m->threads) {
		__atomic_store_n(&m->arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&m->round, round + 1, __ATOMIC_RELEASE);
		return;
	}
	for (unsigned int spins = 0; __atomic_load_n(&m->round, __ATOMIC_ACQUIRE) == round; spins++) {
		machine_relax();
		if (spins % 1000 == 999)
			sched_yield();
	}
}

static void *read_all(void *arg)
{
	struct reader *r = arg;

	run_on(r->cpu);
	for (int repeat = 0; repeat < REPEATS; repeat++)
		for (int i = 0; i < SERIES; i++) {
			const struct series *s = &r->b->series[i];

			if (!s->calls || (i == WORK && !r->setting->amid_work))
				continue;
			meet(r->meeting);
			r->ticks[repeat][i] = batch(r->b, s, &r->place, r->setting->amid_work);
		}
	return NULL;
}

static void start(pthread_t *thread, void *(*function)(void *arg), void *arg)
{
	if (pthread_create(thread, NULL, function, arg) != 0)
		fail("pthread_create");
}

/* One round of one setting: ns per call, the mean of the threads. */
static void round_of(struct bench *b, int index, double ns[REPEATS][SERIES])
{
	static struct reader reader[MAX_THREADS];
	const struct setting *setting = &b->setting[index];
	struct meeting meeting = { .threads = setting->threads };
	struct writer writer = { .b = b, .hz = setting->writer_hz };
	pthread_t thread[MAX_THREADS], writing;
	uint64_t began;

	writer.cpu = b->cpu[setting->threads]; /* the last, if there is none for it alone */
	writer.sleeps = setting->threads >= b->cpus || setting->writer_hz <= 1000;
	if (setting->writer_hz)
		start(&writing, write_at, &writer);
	began = machine_counter();
	for (unsigned int t = 0; t < setting->threads; t++) {
		reader[t].b = b;
		reader[t].setting = setting;
		reader[t].meeting = &meeting;
		reader[t].cpu = b->cpu[t];
		start(&thread[t], read_all, &reader[t]);
	}
	for (unsigned int t = 0; t < setting->threads; t++)
		pthread_join(thread[t], NULL);
	if (setting->writer_hz) {
		__atomic_store_n(&writer.stop, true, __ATOMIC_RELAXED);
		pthread_join(writing, NULL);
		b->reached_hz[index] +=
			(double)writer.published * b->counter_hz / (double)(machine_counter() - began) / b->rounds;
	}
	for (int repeat = 0; repeat < REPEATS; repeat++)
		for (int i = 0; i < SERIES; i++) {
			ns[repeat][i] = 0;
			for (unsigned int t = 0; t < setting->threads; t++)
				ns[repeat][i] += ticks_to_ns(b, reader[t].ticks[repeat][i]) / setting->threads;
		}
}

void measure_rounds(struct bench *b)
{
	static const unsigned int rates[] = { 0, 1000, 100000 };
	double(*sample)[SERIES][b->rounds * REPEATS] = calloc(SETTINGS, sizeof(*sample));
	int settings = 0;

	if (!sample)
		fail("calloc");
	for (int amid_work = 0; amid_work < 2; amid_work++)
		for (unsigned int threads = 1; threads <= MAX_THREADS; threads++)
			for (int rate = 0; rate < 3; rate++)
				b->setting[settings++] = (struct setting){ threads, rates[rate], amid_work };
	for (unsigned int round = 0; round < b->rounds; round++)
		for (int setting = 0; setting < settings; setting++) {
			double ns[REPEATS][SERIES];

			progress("calls", (uint64_t)round * SETTINGS + (uint64_t)setting,
				 (uint64_t)b->rounds * SETTINGS);
			round_of(b, setting, ns);
			for (int repeat = 0; repeat < REPEATS; repeat++)
				for (int i = 0; i < SERIES; i++)
					sample[setting][i][round * REPEATS + (unsigned int)repeat] = ns[repeat][i];
		}
	for (int setting = 0; setting < settings; setting++)
		for (int i = 0; i < SERIES; i++)
			b->result[setting][i] = summarize(sample[setting][i], b->rounds * REPEATS);
	free(sample);
}
