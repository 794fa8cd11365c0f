/* SPDX-License-Identifier: MIT */
/* Owns: fake counters that show one real time, each in its own way, right or wrong.
 * Relies on: unit.h.
 * Who may include: tests/unit. */
#ifndef VDK_TESTS_UNIT_COUNTERS_H
#define VDK_TESTS_UNIT_COUNTERS_H

#include "unit.h"
#include "vdk/clocksource.h"

#define AS_PER_NS ((wide)1000000000)
#define AS_PER_SEC (AS_PER_NS * VDK_NS_PER_SEC)

/* The real time, in attoseconds; a reading of a counter takes some. */
static wide real;
static uint64_t read_cost_ns;
static uint64_t interruption_ns, interrupted; /* one reading of `interrupted` takes that much more */

struct fake {
	struct vdk_clocksource cs;
	int64_t ppm;     /* how much faster it runs than it says */
	uint64_t offset; /* what it shows at the real time 0 */
	bool stopped;
	uint64_t shown;
	uint64_t wobble; /* every second reading is that much behind */
	unsigned int reads;
	void (*hook)(void); /* in the next reading of it */
};

static struct fake fake[3];

static uint64_t show(const struct fake *f)
{
	wide cycles = real * f->cs.hz * (wide)(1000000 + f->ppm) / (AS_PER_SEC * 1000000);

	return (f->offset + (uint64_t)cycles) & (UINT64_MAX >> (64 - f->cs.width));
}

static uint64_t read_fake(const struct vdk_clocksource *cs)
{
	struct fake *f = (struct fake *)(uintptr_t)cs; /* the first member */
	void (*hook)(void) = f->hook;
	uint64_t value;

	f->reads++;
	if (interrupted && random_word() % interrupted == 0)
		real += (wide)interruption_ns * AS_PER_NS;
	real += (wide)(random_word() % (read_cost_ns + 1)) * AS_PER_NS;
	if (!f->stopped)
		f->shown = show(f);
	value = (f->shown - (f->reads & 1 ? f->wobble : 0)) & (UINT64_MAX >> (64 - cs->width));
	real += (wide)(random_word() % (read_cost_ns + 1)) * AS_PER_NS;
	f->hook = NULL;
	if (hook)
		hook();
	return value;
}

static void make(unsigned int i, uint64_t hz, unsigned int width, unsigned int user_mode)
{
	fake[i] = (struct fake){
		.cs = { .name = "fake", .read = read_fake, .hz = hz, .width = width, .user_mode = user_mode },
		.offset = random_word(),
	};
}

#endif
