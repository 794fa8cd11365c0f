/* SPDX-License-Identifier: MIT */
/* Owns: the discipline: adjtimex's structure and constants, and how a kernel adjusts its timekeeper by them.
 * Relies on: vdk/clock.h; Linux's ABI, see adjtimex(2) and ntp_adjtime(3).
 * Who may include: every kernel. */
#ifndef VDK_TIMEX_H
#define VDK_TIMEX_H

#include <stdbool.h>
#include <stdint.h>

#include "vdk/clock.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vdk_timekeeper;

/* timex.modes: what to change. */
#define VDK_ADJ_OFFSET 0x0001u
#define VDK_ADJ_FREQUENCY 0x0002u
#define VDK_ADJ_MAXERROR 0x0004u
#define VDK_ADJ_ESTERROR 0x0008u
#define VDK_ADJ_STATUS 0x0010u
#define VDK_ADJ_TIMECONST 0x0020u
#define VDK_ADJ_TAI 0x0080u
#define VDK_ADJ_SETOFFSET 0x0100u
#define VDK_ADJ_MICRO 0x1000u
#define VDK_ADJ_NANO 0x2000u
#define VDK_ADJ_TICK 0x4000u
#define VDK_ADJ_OFFSET_SINGLESHOT 0x8001u /* adjtime(3) */
#define VDK_ADJ_OFFSET_SS_READ 0xa001u    /* how much of that is left */

/* timex.status. */
#define VDK_STA_PLL 0x0001       /* ADJ_OFFSET disciplines phase and frequency */
#define VDK_STA_PPSFREQ 0x0002   /* kept, but there is no PPS signal to follow */
#define VDK_STA_PPSTIME 0x0004   /* the same */
#define VDK_STA_FLL 0x0008       /* ... a frequency-locked loop from 256 s between updates on, else from 2048 s on */
#define VDK_STA_INS 0x0010       /* insert a leap second at the end of the UTC day */
#define VDK_STA_DEL 0x0020       /* delete one */
#define VDK_STA_UNSYNC 0x0040
#define VDK_STA_FREQHOLD 0x0080  /* ADJ_OFFSET leaves the frequency alone */
/* Read-only. */
#define VDK_STA_PPSSIGNAL 0x0100
#define VDK_STA_PPSJITTER 0x0200
#define VDK_STA_PPSWANDER 0x0400
#define VDK_STA_PPSERROR 0x0800
#define VDK_STA_CLOCKERR 0x1000
#define VDK_STA_NANO 0x2000      /* offset and time are in ns, not us: ADJ_NANO, ADJ_MICRO */
#define VDK_STA_MODE 0x4000      /* the last update of the frequency was the frequency-locked loop's */
#define VDK_STA_CLK 0x8000
#define VDK_STA_RONLY 0xff00

/* What vdk_time_adjust() returns. */
#define VDK_TIME_OK 0
#define VDK_TIME_INS 1   /* a leap second will be inserted at the end of the day */
#define VDK_TIME_DEL 2   /* ... deleted ... */
#define VDK_TIME_OOP 3   /* the inserted one is in progress */
#define VDK_TIME_WAIT 4  /* it has happened; until STA_INS and STA_DEL are cleared */
#define VDK_TIME_ERROR 5 /* the clock is not synchronised: STA_UNSYNC, STA_CLOCKERR */

/* struct timex of the 64-bit ABIs. */
struct vdk_timex {
	uint32_t modes;
	uint32_t pad0;
	int64_t offset;          /* us, or ns with STA_NANO; us of ADJ_OFFSET_SINGLESHOT */
	int64_t freq;            /* 2^-16 ppm */
	int64_t maxerror, esterror; /* us */
	int32_t status;
	int32_t pad1;
	int64_t constant;        /* the loop's time constant; the offset of TAI for ADJ_TAI */
	int64_t precision;       /* us */
	int64_t tolerance;       /* 2^-16 ppm */
	struct vdk_timeval time; /* tv_usec is ns with STA_NANO; for ADJ_SETOFFSET, with ADJ_NANO */
	int64_t tick;            /* us per 1/100 s */
	int64_t ppsfreq, jitter;
	int32_t shift;
	int32_t pad2;
	int64_t stabil, jitcnt, calcnt, errcnt, stbcnt;
	int32_t tai;             /* s, TAI - UTC */
	int32_t reserved[11];
};

/* Part of a timekeeper; the fields are the kit's. A second is one of REALTIME. */
struct vdk_discipline {
	int32_t status, state; /* VDK_STA_*, VDK_TIME_* */
	int32_t constant, tick_us;
	int64_t maxerror_us, esterror_us;
	int64_t freq;          /* 2^-32 ns per second of the counter's nominal rate; `tick_us` comes on top */
	int64_t offset;        /* 2^-32 ns: what the loop has still to slew */
	int64_t reference_sec; /* REALTIME of the loop's last update */
	int64_t adjust_us;     /* what adjtime has still to slew */
	int64_t leap_sec;      /* the second at whose edge one is inserted or deleted; INT64_MAX: none */
	uint64_t base_mult;    /* the rate without any slew */
	int64_t slew_ns;       /* what to slew in this second; now.mult is the rate with it */
	int64_t owed_ns;       /* what should have been slewed, less what has been: ns and 2^-64 ns */
	uint64_t owed_frac;
	uint64_t passed;       /* seconds that have begun and are not played yet */
	uint64_t played_ns;    /* MONOTONIC when they last were */
	uint64_t steps;        /* see vdk_time_steps() */
};

/* Does the request change anything, so that it needs privilege? Linux answers EPERM before it looks at the request's
 * other fields, but after ADJ_OFFSET_SINGLESHOT's bits that make no sense: those are not privileged, and
 * vdk_time_adjust() refuses them. */
bool vdk_timex_changes(const struct vdk_timex *tx);

/* adjtimex: do what tx->modes says, then fill *tx. The clock's state, VDK_TIME_*; or -VDK_EINVAL, with nothing
 * changed: modes that exclude each other, a tick outside 9000 to 11000, an offset for ADJ_SETOFFSET whose tv_usec is
 * not within a second or that leads to a time that REALTIME can't be set to, a frequency outside +-2^63/65536000.
 * Other values out of range are clamped, as Linux does. Privilege is the caller's: vdk_timex_changes(). */
int vdk_time_adjust(struct vdk_timekeeper *tk, struct vdk_timex *tx);

/* Step REALTIME and TAI by *offset, of any sign: tv_nsec counts forwards, from 0 to 1e9 - 1. What clock_settime
 * ends, this ends (vdk_time_set_wall()). -VDK_EINVAL: tv_nsec out of range, or REALTIME would be out of its own. */
int vdk_time_step(struct vdk_timekeeper *tk, const struct vdk_timespec *offset);

/* How often REALTIME or TAI has been stepped, by leap seconds too: when a call has changed the number, wake who
 * waits on those clocks. The lock's holder may ask. */
uint64_t vdk_time_steps(const struct vdk_timekeeper *tk);

/* The MONOTONIC time, in ns, by when the discipline wants a tick: the next second while the clock is slewed or a
 * leap second is being prepared, and the leap second itself; UINT64_MAX: never. A kernel that has its ticks anyway
 * need not ask, but a leap second takes effect at the first tick after its edge. The lock's holder may ask, after
 * each call that changes the timekeeper. */
uint64_t vdk_time_next_event_ns(const struct vdk_timekeeper *tk);

#ifdef __cplusplus
}
#endif
#endif
