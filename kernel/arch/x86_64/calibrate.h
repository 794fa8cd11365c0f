/* SPDX-License-Identifier: MIT */
/* Owns: how the frequency of one counter is measured against another.
 * Relies on: nothing.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_CALIBRATE_H
#define VDK_KERNEL_ARCH_X86_64_CALIBRATE_H

#include "core/types.h"

/* One reading of the reference, between two of the counter that is measured. */
struct cal_sample {
	uint64_t before, after, reference;
};

struct cal_reference {
	const char *name;
	uint64_t period_fs;        /* of one count */
	uint64_t mask;             /* of a difference between two readings, which must not wrap twice */
	unsigned int longest_ms;   /* that a measurement may take */
	bool (*start)(void);       /* false: it is not there */
	bool (*sample)(struct cal_sample *s); /* false: the measurement is spoiled, start again */
};

/* The figure, and how far it may be off: one count of the reference, and half of both brackets. */
struct cal_result {
	uint64_t hz;
	unsigned int ppm;
};

/* Of the counter between `a` and `b`, up to 18e9 counts. hz 0: they say nothing. */
struct cal_result cal_compute(const struct cal_reference *r, const struct cal_sample *a, const struct cal_sample *b);

/* The narrowest of some samples. False: one was spoiled. */
bool cal_narrowest(const struct cal_reference *r, struct cal_sample *best);

/* Measure until the figure is good enough, at most r->longest_ms or so. False if the reference is not there or does not
 * run. */
bool cal_measure(const struct cal_reference *r, struct cal_result *result);

#endif
