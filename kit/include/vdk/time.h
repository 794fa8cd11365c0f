/* SPDX-License-Identifier: MIT */
/* Owns: the kernel side: the timekeeper, which turns a clocksource into clocks.
 * Relies on: vdk/page.h, and on the caller's lock: one call that changes a timekeeper at a time. vdk_time_now() and
 * vdk_time_res() need no lock and run anywhere, inside an update and in an NMI too.
 * Who may include: every kernel. */
#ifndef VDK_TIME_H
#define VDK_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "vdk/clocksource.h"
#include "vdk/page.h"
#include "vdk/timex.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The latest wall time that can be set: int64_t nanoseconds, less 30 years of uptime; Linux's limit. */
#define VDK_WALL_SEC_MAX 8277292035ll
/* Limit of vdk_time_set_freq() either way: 100000 ppm. */
#define VDK_FREQ_MAX (100000ll * 65536)

/* Constants of a page: what vdk_time_init() is told beside the counter. */
struct vdk_time_config {
	struct vdk_timespec wall; /* REALTIME at the start */
	/* The others at the start: 0 for a kernel that boots; what another timekeeper said for one that takes over. tv_sec from 0
	 * to VDK_WALL_SEC_MAX. */
	struct vdk_timespec monotonic, boottime, raw;
	int32_t tai_offset_sec;   /* TAI - REALTIME; 0 where nobody has said */
	uint32_t tick_ns;         /* the longest regular time between ticks: the resolution of the coarse clocks */
	unsigned int cpu_mode;    /* VDK_CPU_* */
	/* How long one vdk_time_*() call may take from its reading of the counter until readers see its result, in ns; a
	 * slower rate starts that much in the future (docs/decisions/rate-change.md). 0: 10 microseconds. */
	uint32_t publish_bound_ns;
};

/* What a timekeeper knows of sleeps, see vdk_time_suspend(). */
struct vdk_sleep {
	bool asleep;
	bool persistent;         /* a persistent clock was read when this sleep began */
	bool ahead_known;
	int64_t ahead_ns;        /* REALTIME - the persistent clock */
	int64_t began_ns;        /* what the persistent clock would have said, were it as fine as REALTIME */
	uint64_t mult, raw_mult; /* to go on with */
};

struct vdk_timekeeper;

/* Another page that is to say what the native one says: called at the end of each publication, under its lock. */
struct vdk_follower {
	void (*publish)(struct vdk_follower *follower, const struct vdk_timekeeper *tk);
	struct vdk_follower *next; /* the kit's */
};

/* Everything a timekeeper knows. The caller owns the memory; the fields are the kit's. */
struct vdk_timekeeper {
	struct vdk_slot now; /* the truth; the page is a copy */
	const struct vdk_clocksource *cs;
	const struct vdk_clocksource *sources[2]; /* by a slot's `source`: cs, and the one before, for who still reads that snapshot */
	struct vdk_page *kpage;
	uint32_t tick_ns, publish_bound_ns;
	uint64_t nominal_mult;   /* of cs->hz */
	uint64_t bound_cycles;   /* publish_bound_ns in cycles */
	uint64_t late_publishes; /* how often a change to a slower rate took longer than that */
	struct vdk_sleep sleep;
	struct vdk_discipline discipline;
	bool slowed;             /* the snapshot has a slower rate than the readers' */
	struct vdk_follower *followers;
};

/* Start a timekeeper, its clocks where `config` says, and publish for the first time.
 * `kpage`, aligned to VDK_PAGE_SIZE, is the kernel's writable view of the page that user mode reads; what was in it is lost.
 * -VDK_EINVAL, with nothing changed: hz, width, a start, tick_ns or a mode out of range; a tick or publish bound of half a
 * wrap of the counter or more; a counter for user mode that is not VDK_USER_WIDTH wide; `kpage` not aligned. */
int vdk_time_init(struct vdk_timekeeper *tk, const struct vdk_clocksource *cs, struct vdk_page *kpage,
		  const struct vdk_time_config *config);

/* Call `follower` now and from now on, until vdk_time_init(). Once for each; under the lock of who publishes. */
void vdk_time_follow(struct vdk_timekeeper *tk, struct vdk_follower *follower);

/* Move the snapshot to the counter's present value and publish it: the coarse clocks advance, no fine clock moves. Where a second
 * of REALTIME has begun, the discipline (vdk/timex.h) may change the rate for it, and insert or delete a leap second. Call it
 * from the timer interrupt, interrupts off. How late or seldom it comes costs no accuracy, as long as it comes within
 * half a wrap of the counter. O(1), but for the seconds that adjtimex's loop slews: one short step each. */
void vdk_time_tick(struct vdk_timekeeper *tk);

/* How long ticks may stay away, in ns of the nominal rate: an idle CPU can stop its tick for that long, and ticks once before
 * anything runs on it again, for the coarse clocks. */
uint64_t vdk_time_max_idle_ns(const struct vdk_timekeeper *tk);

/* The machine is about to sleep: no clock moves until vdk_time_resume(). `persistent`: what a clock that goes on in
 * sleep says now, whatever its epoch, tv_sec from 0 to VDK_WALL_SEC_MAX; NULL: there is none. Nothing runs in user
 * mode until the clocks were resumed; vdk_time_now() says the time of this call, ticks and settings are accepted.
 * -VDK_EINVAL: asleep already, or *persistent out of range. */
int vdk_time_suspend(struct vdk_timekeeper *tk, const struct vdk_timespec *persistent);

/* It is awake: MONOTONIC and RAW go on from where they stood; BOOTTIME and REALTIME (with TAI) have moved on by the
 * sleep. How long that was, the clocksource says if it counts in suspend, else the persistent clock; where both were
 * not there it was nothing, and a persistent clock that went back slept for nothing. The persistent clock's
 * granularity is an error of each sleep, but not of their sum, as long as nobody sets the clock. The counter may
 * have stopped, gone on, or begun anew. Timers on BOOTTIME, REALTIME and TAI have to be looked at again.
 * -VDK_EINVAL: not asleep, or *persistent out of range; it sleeps on. */
int vdk_time_resume(struct vdk_timekeeper *tk, const struct vdk_timespec *persistent);

/* What clock_gettime answers for `clock_id`: the image's own read path with the clocksource's counter. After vdk_time_init()
 * has returned 0. False: the page does not hold that clock. */
bool vdk_time_now(const struct vdk_timekeeper *tk, int clock_id, struct vdk_timespec *ts);

/* What clock_getres answers, in ns. False: the page does not hold that clock. */
bool vdk_time_res(const struct vdk_timekeeper *tk, int clock_id, uint32_t *res_ns);

/* Set REALTIME, and TAI with it (their difference stays), as of now. As on Linux this ends what adjtimex has under
 * way, slews and leap seconds; frequency and tick stay; the state is unsynchronised, with the greatest error.
 * -VDK_EINVAL: tv_nsec outside 0 to 1e9 - 1, or tv_sec outside 0 to VDK_WALL_SEC_MAX. */
int vdk_time_set_wall(struct vdk_timekeeper *tk, const struct vdk_timespec *wall);

/* All clocks move on by `ns` at once: by time that the counter has not counted. */
void vdk_time_skip(struct vdk_timekeeper *tk, uint64_t ns);

/* Run all clocks but MONOTONIC_RAW faster or slower than the counter's nominal rate by `freq`, in units of 2^-16
 * parts per million: what adjtimex calls tick and freq, together, and for whom a loop of his own steers. It ends
 * adjtimex's slews. No clock steps back for any reader if the publication keeps its bound, see late_publishes.
 * -VDK_EINVAL: beyond +-VDK_FREQ_MAX. */
int vdk_time_set_freq(struct vdk_timekeeper *tk, int64_t freq);

/* The same for MONOTONIC_RAW alone: for who learns the counter's frequency, or another's RAW that is to be followed, after the
 * start. A kernel that knows its counter leaves RAW at the nominal rate. */
int vdk_time_set_raw_freq(struct vdk_timekeeper *tk, int64_t freq);

/* gettimeofday's time zone, kept for programs; no clock depends on it. */
void vdk_time_set_zone(struct vdk_timekeeper *tk, int32_t minutes_west, int32_t dst_time);
void vdk_time_zone(const struct vdk_timekeeper *tk, int32_t *minutes_west, int32_t *dst_time);

/* How user mode learns its CPU, from now on. -VDK_EINVAL: not a VDK_CPU_*. */
int vdk_time_set_cpu_mode(struct vdk_timekeeper *tk, unsigned int cpu_mode);

/* riscv64: what riscv_hwprobe answers in user mode, for the keys 0 to count - 1, all that the kernel's own call knows. `value` is
 * what that says for all online CPUs together. `cpus` is n if CPUs 0 to n - 1 are online and each for itself has the same values,
 * else 0: the answer for a set of CPUs is then the kernel's. Once, after vdk_time_init(); what changes with a CPU that comes
 * or goes is not for the page. -VDK_EINVAL: told before, or a count of 0 or above VDK_HWPROBE_MAX. */
int vdk_time_set_hwprobe(struct vdk_timekeeper *tk, const uint64_t *value, unsigned int count, unsigned int cpus);

#ifdef __cplusplus
}
#endif
#endif
