/* SPDX-License-Identifier: MIT */
/* `vdsoctl watch`: the clocks of this process's vDSO against the system call, on every CPU in turn.
 * Owns: the CPU that the process runs on.
 * Relies on: libelf for the function's place; the vDSO that the kernel, or vdsorun, gave this process.
 * Never: reads through libc, which may go another way. */
#define _GNU_SOURCE
#include <gelf.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include "image.h"
#include "output.h"
#include "process.h"
#include "vdsoctl.h"
#include "views.h"

/* Readings of each clock in a burst on one CPU, and the rest after it, so that it takes a fifth of a CPU or less. */
#define BURST 100
#define REST 0.005

typedef int clock_function(clockid_t id, struct timespec *ts);

/* Of one clock, from the start on; the best and its error from the last view on. */
struct watched {
	const struct clock_name *clock;
	uint64_t readings, steps_back;
	int64_t last, worst_behind, worst_ahead, worst_step;
	int64_t best, error;
};

/* The function in this process's vDSO; null after a message. */
static clock_function *find(uint64_t base)
{
	size_t size = process_mapped(getpid(), base);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)base;
	const struct machine *machine;
	Elf *elf = size ? elf_memory((char *)base, size) : NULL;
	clock_function *found = NULL;
	GElf_Sym symbol;
	char name[64];

	if (!elf)
		return NULL;
	machine = machine_of(header->e_machine);
	snprintf(name, sizeof(name), "%sclock_gettime", machine ? machine->prefix : "__vdso_");
	if (find_symbol(elf, SHT_DYNSYM, name, &symbol) && inside(symbol.st_value, symbol.st_size, 0, size))
		found = (clock_function *)(base + symbol.st_value);
	elf_end(elf);
	if (!found)
		failed("this process's vDSO has no %s", name);
	return found;
}

static void read_once(struct watched *w, clock_function *vdso)
{
	int64_t before = system_clock_ns(w->clock->id), after, now;
	struct timespec ts;

	if (vdso(w->clock->id, &ts) != 0)
		return;
	after = system_clock_ns(w->clock->id);
	now = ts.tv_sec * 1000000000 + ts.tv_nsec;
	if (before - now > w->worst_behind)
		w->worst_behind = before - now;
	if (now - after > w->worst_ahead)
		w->worst_ahead = now - after;
	if (w->readings++ > 0 && now < w->last) {
		w->steps_back++;
		if (w->last - now > w->worst_step)
			w->worst_step = w->last - now;
	}
	w->last = now;
	/* The closer together the two system calls, the more their middle says. */
	if ((after - before + 1) / 2 < w->error) {
		w->error = (after - before + 1) / 2;
		w->best = now - before - (after - before) / 2;
	}
}

/* Move on to the next CPU of `all`. */
static void move(const cpu_set_t *all)
{
	static int cpu = -1;
	cpu_set_t one;

	do
		cpu = (cpu + 1) % CPU_SETSIZE;
	while (!CPU_ISSET(cpu, all));
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	/* It may have been taken away meanwhile: then this burst is on whichever CPU we are. */
	sched_setaffinity(0, sizeof(one), &one);
}

static json_t *row(struct watched *w)
{
	json_t *result = json_pack("{s:s, s:I, s:o, s:o, s:I, s:I, s:I, s:I}", "clock", w->clock->name, "readings",
				   (json_int_t)w->readings, "difference_ns",
				   w->error == INT64_MAX ? json_null() : json_integer(w->best), "error_ns",
				   w->error == INT64_MAX ? json_null() : json_integer(w->error), "worst_behind_ns",
				   (json_int_t)w->worst_behind, "worst_ahead_ns", (json_int_t)w->worst_ahead,
				   "steps_back", (json_int_t)w->steps_back, "worst_step_ns", (json_int_t)w->worst_step);

	w->error = INT64_MAX;
	return result;
}

bool watch(const struct options *options)
{
	struct watched all_watched[CLOCKS] = { 0 };
	uint64_t base = process_image(getpid(), getauxval(AT_SYSINFO_EHDR));
	clock_function *vdso = base ? find(base) : NULL;
	unsigned long views = 0;
	cpu_set_t all;
	json_t *rows;

	if (!vdso)
		return false;
	if (sched_getaffinity(0, sizeof(all), &all) != 0 || CPU_COUNT(&all) == 0)
		CPU_SET(0, &all);
	for (size_t i = 0; i < CLOCKS; i++)
		all_watched[i] = (struct watched){ .clock = &clock_names[i], .error = INT64_MAX };
	views_begin();
	do {
		do {
			move(&all);
			for (size_t i = 0; i < CLOCKS; i++)
				for (int n = 0; n < BURST; n++)
					read_once(&all_watched[i], vdso);
		} while (views_wait(options, views_elapsed() + REST) &&
			 views_elapsed() < (double)(views + 1) * options->interval);
		rows = json_array();
		for (size_t i = 0; i < CLOCKS; i++)
			json_array_append_new(rows, row(&all_watched[i]));
	} while (views_print(options, views++,
			     json_pack("{s:o, s:o}", "seconds", json_real(views_elapsed()), "clocks", rows)));
	return output_flush();
}
