/* SPDX-License-Identifier: MIT */
/* A machine that sleeps: the clocks stand, and how long it was is found out afterwards.
 *
 * Owns: struct vdk_sleep. Relies on: the caller's lock, see vdk/time.h, and that nothing runs in user mode meanwhile.
 * Never: believes that a sleep was shorter than nothing. */
#include "page/read.h"
#include "time/internal.h"

/* Two readings of the difference between REALTIME and the persistent clock that are less than this apart, in ns, can be one
 * difference read twice: a clock of whole seconds shows it up to a second too great. */
#define SAME_DIFFERENCE_NS (2ll * VDK_NS_PER_SEC)
/* The latest REALTIME, in ns: what VDK_WALL_SEC_MAX is made for, 64 bits hold it. */
#define WALL_NS_MAX (VDK_WALL_SEC_MAX * (int64_t)VDK_NS_PER_SEC)

static int64_t to_ns(int64_t sec, int64_t ns)
{
	return sec * (int64_t)VDK_NS_PER_SEC + ns;
}

static int64_t wall_ns(const struct vdk_slot *now)
{
	return to_ns(now->sec[VDK_CLOCK_REALTIME], now->ns[VDK_CLOCK_REALTIME]);
}

/* A clock that may be wrong by years moves REALTIME to the end of its range at most. */
static uint64_t within_range(const struct vdk_slot *now, int64_t slept)
{
	int64_t most = now->sec[VDK_CLOCK_REALTIME] < VDK_WALL_SEC_MAX ? WALL_NS_MAX - wall_ns(now) : 0;

	slept = slept < most ? slept : most;
	return slept < 0 ? 0 : (uint64_t)slept;
}

int vdk_time_suspend(struct vdk_timekeeper *tk, const struct vdk_timespec *persistent)
{
	struct vdk_sleep *sleep = &tk->sleep;

	if (sleep->asleep || (persistent && !vdk_tk_valid_time(persistent)))
		return -VDK_EINVAL;
	vdk_tk_advance(tk);
	sleep->persistent = persistent && tk->now.sec[VDK_CLOCK_REALTIME] < VDK_WALL_SEC_MAX;
	if (sleep->persistent) {
		int64_t ahead = wall_ns(&tk->now) - to_ns(persistent->tv_sec, persistent->tv_nsec);

		/* The first reading is kept as long as it can be true: then the errors of many sleeps do not add up. */
		if (!sleep->ahead_known || ahead <= sleep->ahead_ns - SAME_DIFFERENCE_NS ||
		    ahead >= sleep->ahead_ns + SAME_DIFFERENCE_NS)
			sleep->ahead_ns = ahead;
		sleep->ahead_known = true;
		sleep->began_ns = wall_ns(&tk->now) - sleep->ahead_ns;
	}
	sleep->mult = tk->now.mult;
	sleep->raw_mult = tk->now.raw_mult;
	sleep->asleep = true;
	tk->now.mult = tk->now.raw_mult = 0;
	vdk_tk_publish(tk);
	return 0;
}

static uint64_t slept_ns(const struct vdk_timekeeper *tk, uint64_t cycles, const struct vdk_timespec *persistent)
{
	const struct vdk_sleep *sleep = &tk->sleep;
	uint64_t fraction = 0;

	if (tk->cs->counts_in_suspend)
		return vdk_scaled_to_ns(cycles << tk->now.shift, sleep->mult, 0, &fraction);
	if (!sleep->persistent || !persistent)
		return 0;
	return within_range(&tk->now, to_ns(persistent->tv_sec, persistent->tv_nsec) - sleep->began_ns);
}

int vdk_time_resume(struct vdk_timekeeper *tk, const struct vdk_timespec *persistent)
{
	struct vdk_slot *now = &tk->now;
	uint64_t counter, slept;

	if (!tk->sleep.asleep || (persistent && !vdk_tk_valid_time(persistent)))
		return -VDK_EINVAL;
	counter = tk->cs->read(tk->cs);
	slept = slept_ns(tk, vdk_cycles_since(now->cycles, counter, now->width), persistent);
	vdk_tk_add_ns(&now->sec[VDK_CLOCK_REALTIME], &now->ns[VDK_CLOCK_REALTIME], slept);
	vdk_tk_add_ns(&now->boottime_sec, &now->boottime_ns, slept);
	now->cycles = vdk_tk_wrap(counter, now->width);
	now->mult = tk->sleep.mult;
	now->raw_mult = tk->sleep.raw_mult;
	tk->sleep.asleep = false;
	vdk_tk_publish(tk);
	return 0;
}
