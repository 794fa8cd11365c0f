/* SPDX-License-Identifier: MIT */
/* Owns: what a kernel says of its counters.
 * Relies on: vdk/page.h for the ways in which user mode reads one.
 * Who may include: every kernel. */
#ifndef VDK_CLOCKSOURCE_H
#define VDK_CLOCKSOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "vdk/page.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VDK_HZ_MAX 1000000000000ull

/* A free-running counter. Constant while a timekeeper uses it. */
struct vdk_clocksource {
	const char *name;
	/* The counter now; the same on every CPU, but for small differences. Ordered after earlier loads. */
	uint64_t (*read)(const struct vdk_clocksource *cs);
	uint64_t hz;            /* 1 to VDK_HZ_MAX */
	unsigned int width;     /* bits, 2 to 64: the counter runs from 0 to 2^width - 1 and wraps */
	unsigned int user_mode; /* VDK_MODE_*: how user mode reads this very counter, if its width is VDK_USER_WIDTH;
				 * VDK_MODE_SYSCALL: it can't */
	bool counts_in_suspend; /* through a sleep of the machine, of less than half a wrap: it says how long that was */
};

#ifdef __cplusplus
}
#endif
#endif
