/* SPDX-License-Identifier: MIT */
/* Owns: struct timex of adjtimex and clock_adjtime, as Linux programs know it.
 * Relies on: nothing.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_ABI_TIMEX_H
#define VDK_KERNEL_ABI_TIMEX_H

#include "core/types.h"

#define ADJ_ADJTIME 0x8000u           /* the modes are adjtime()'s */
#define ADJ_OFFSET_SINGLESHOT 0x0001u
#define ADJ_OFFSET_READONLY 0x2000u
#define STA_UNSYNC 0x0040
#define TIME_ERROR 5

struct timex {
	uint32_t modes, pad0;
	int64_t offset, freq, maxerror, esterror;
	int32_t status, pad1;
	int64_t constant, precision, tolerance, time_sec, time_usec, tick, ppsfreq, jitter;
	int32_t shift, pad2;
	int64_t stabil, jitcnt, calcnt, errcnt, stbcnt;
	int32_t tai, reserved[11];
};
_Static_assert(sizeof(struct timex) == 208, "struct timex of the 64-bit ABIs");

#endif
