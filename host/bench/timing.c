/* SPDX-License-Identifier: MIT */
/* How a call is timed: in batches, one function after the other.
 *
 * Owns: the loops. Relies on: the counter's rate, which subjects_init() has measured.
 * Never: subtracts the loop or the call: they are the same for all subjects, the floor included. */
#define _GNU_SOURCE
#include <math.h>
#include <sched.h>
#include <stdlib.h>

#include "bench.h"

#define BATCH_NS 250000.0 /* short, so that few batches are interrupted; REPEATS of them in each round */
#define WORK_NS 50.0

double ticks_to_ns(const struct bench *b, double ticks)
{
	return ticks * 1e9 / b->counter_hz;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct summary summarize(double *values, size_t count)
{
	struct summary s = { NAN, NAN };

	if (count) {
		qsort(values, count, sizeof(*values), ascending);
		s.min_ns = values[0];
		s.median_ns = (values[(count - 1) / 2] + values[count / 2]) / 2;
	}
	return s;
}

void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		fail("sched_setaffinity");
}

void arguments(const struct series *s, struct place *place, long argument[2])
{
	for (int i = 0; i < 2; i++)
		argument[i] = s->is_place[i] ? (long)place + s->argument[i] : s->argument[i];
}

/* Each step needs the one before: eight multiplications and additions in a row, `length` times. It does not need
 * the call's result, nor the call its own. */
static inline __attribute__((always_inline)) uint64_t work(uint64_t x, unsigned int length)
{
	for (; length; length--) {
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++) {
			x = x * 6364136223846793005u + 1;
			__asm__ volatile("" : "+r"(x));
		}
	}
	return x;
}

static __attribute__((noinline, aligned(64))) void calls(call_t *call, long a, long b, unsigned int count)
{
	for (; count; count--)
		call(a, b, 0);
}

static __attribute__((noinline, aligned(64))) uint64_t calls_amid_work(call_t *call, long a, long b, unsigned int count,
								       uint64_t x, unsigned int length)
{
	for (; count; count--) {
		x = work(x, length);
		call(a, b, 0);
	}
	return x;
}

static __attribute__((noinline, aligned(64))) uint64_t work_alone(unsigned int count, uint64_t x, unsigned int length)
{
	for (; count; count--)
		x = work(x, length);
	return x;
}

static double batch_of(const struct bench *b, const struct series *s, struct place *place, bool amid_work,
		       unsigned int count)
{
	long argument[2];
	uint64_t start;

	arguments(s, place, argument);
	start = machine_counter();
	if (!s->call)
		place->word[7] = work_alone(count, place->word[7], b->work);
	else if (amid_work)
		place->word[7] = calls_amid_work(s->call, argument[0], argument[1], count, place->word[7], b->work);
	else
		calls(s->call, argument[0], argument[1], count);
	return (double)(machine_counter() - start) / count;
}

double batch(const struct bench *b, const struct series *s, struct place *place, bool amid_work)
{
	return batch_of(b, s, place, amid_work, amid_work ? s->calls_amid_work : s->calls);
}

/* The least of some short batches. */
static double quick_ns(const struct bench *b, const struct series *s, struct place *place)
{
	double least = INFINITY;

	for (int i = 0; i < 20; i++)
		least = fmin(least, batch_of(b, s, place, false, 500));
	return ticks_to_ns(b, least);
}

void calibrate(struct bench *b)
{
	struct place place = { { 0 } };
	double step_ns;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		fail("sched_getaffinity");
	b->cpus = (unsigned int)CPU_COUNT(&set);
	for (unsigned int i = 0, cpu = 0, found = 0; cpu < CPU_SETSIZE && i < 3; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		found++;
		b->cpu[i++] = (int)cpu;
		if (found == b->cpus)
			while (i < 3)
				b->cpu[i++] = (int)cpu;
	}
	run_on(b->cpu[0]);

	b->work = 1;
	step_ns = quick_ns(b, &b->series[WORK], &place);
	while (b->work * step_ns < WORK_NS && b->work < 1000)
		b->work++;
	for (int i = 0; i < SERIES; i++) {
		struct series *s = &b->series[i];
		double ns;

		if (!s->call && i != WORK)
			continue;
		ns = quick_ns(b, s, &place);
		s->calls = 1 + (unsigned int)(BATCH_NS / ns);
		s->calls_amid_work = 1 + (unsigned int)(BATCH_NS / (s->call ? ns + WORK_NS : ns));
	}
}
