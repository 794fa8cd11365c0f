/* SPDX-License-Identifier: MIT */
/* Chooses among the machine's counters, and watches the one that needs it.
 *
 * Owns: the list, the watchdog. Relies on: arch_clocksources(), timekeeping.c for the change itself.
 * Never: gives a counter that was found unstable another chance. */
#include "time/clocksource.h"

#include <vdk/clocksource.h>

#include "abi/errno.h"
#include "arch/arch.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "time/timekeeping.h"
#include "time/timer.h"

#define CHECK_NS (NSEC_PER_SEC / 2)
#define CHECK_INTERRUPTS (HZ / 2)
/* No machine stands still for longer between two interrupts and does not know it. */
#define LONGEST_NS (600ul * NSEC_PER_SEC)

static const struct vdk_clocksource *list[ARCH_CLOCKSOURCES_MAX + 1];
static struct vdk_clocksource *watched;           /* NULL: none has to be, or nothing is there to watch it by */
static const struct vdk_clocksource *reference;

static struct spinlock lock;
/* lock */
static struct vdk_watchdog watchdog;
static uint64_t next_check_ns, last_ns;
static unsigned int interrupts; /* since the last check */
static int64_t began_ns;        /* MONOTONIC_RAW when the watchdog's interval began */
static bool watching;

const struct vdk_clocksource *const *clocksource_list(void)
{
	return list;
}

static const struct vdk_clocksource *find(const char *name, size_t n)
{
	for (size_t i = 0; list[i]; i++)
		if (strlen(list[i]->name) == n && !memcmp(list[i]->name, name, n) && !list[i]->unstable)
			return list[i];
	return NULL;
}

/* A witness: not to be watched itself; nothing that user mode reads, since that is the CPU's counter or made of it;
 * nothing that has to be read often, since nobody does while it is not used. */
static bool is_witness(const struct vdk_clocksource *cs)
{
	return !cs->verify && cs->user_mode == VDK_MODE_SYSCALL && !cs->read_within;
}

const struct vdk_clocksource *clocksource_init(void)
{
	struct vdk_clocksource *const *found = arch_clocksources();
	const char *name = cmdline_get("clocksource");
	const struct vdk_clocksource *witness[ARCH_CLOCKSOURCES_MAX + 1] = { NULL }, *cs = NULL;
	bool unreadable = cmdline_is("counter", "unstable");
	size_t witnesses = 0;

	for (size_t i = 0; found[i]; i++) {
		ASSERT(i < ARCH_CLOCKSOURCES_MAX);
		if (is_witness(found[i]))
			witness[witnesses++] = found[i];
		if (unreadable)
			found[i]->user_mode = VDK_MODE_SYSCALL;
		if (found[i]->verify && !watched)
			watched = found[i];
		list[i] = found[i];
		log_info("time: found clocksource %s, %llu Hz, %u bits", list[i]->name, (unsigned long long)list[i]->hz,
			 list[i]->width);
	}
	reference = vdk_clocksource_best(witness);
	if (!reference)
		watched = NULL;
	if (name && !(cs = find(name, strlen(name))))
		log_warn("time: clocksource=%s: there is no such counter here", name);
	return cs ? cs : vdk_clocksource_best(list);
}

void clocksource_watch(bool on)
{
	unsigned long flags = spin_lock(&lock);

	watching = on && watched && !watched->unstable;
	if (watching && vdk_watchdog_start(&watchdog, watched, reference))
		panic("time: %s can't be watched by %s", watched->name, reference->name);
	began_ns = clock_raw_ns();
	next_check_ns = clock_now_ns() + CHECK_NS;
	spin_unlock(&lock, flags);
}

/* A clock that stands still would never say that it is time: then each interrupt is one to look. */
static bool due(void)
{
	uint64_t now = clock_now_ns();
	bool stands = now == last_ns;

	last_ns = now;
	if (!stands && now < next_check_ns && ++interrupts < CHECK_INTERRUPTS)
		return false;
	next_check_ns = now + CHECK_NS;
	interrupts = 0;
	return true;
}

/* `ahead_ns`: what the clocks made of the counter's last interval, against the reference. They have not gone back where
 * it did. */
static void replace(int64_t ahead_ns)
{
	const struct vdk_clocksource *best = vdk_clocksource_best(list);

	if (timekeeping_clocksource() != watched || !best)
		return;
	if (timekeeping_change(best, ahead_ns))
		panic("time: the kit refuses the clocksource %s", best->name);
	/* An idle CPU may have stopped the tick for longer than the new counter allows. */
	timer_restart_tick();
}

void clocksource_check(void)
{
	enum vdk_watchdog_verdict verdict = VDK_WATCHDOG_UNSURE;
	struct vdk_watchdog_result result;
	unsigned long flags = spin_lock(&lock);
	int64_t went_ns = 0;

	if (watching && due()) {
		int64_t now = clock_raw_ns();

		verdict = vdk_watchdog_check(&watchdog, LONGEST_NS, &result);
		went_ns = now - began_ns;
		if (result.begins)
			began_ns = now;
	}
	if (verdict == VDK_WATCHDOG_UNSTABLE) {
		watching = false;
		watched->unstable = true;
	}
	spin_unlock(&lock, flags);
	if (verdict != VDK_WATCHDOG_UNSTABLE)
		return;
	log_warn("time: clocksource %s is unstable: %lld ns off after %llu ns by %s, %lld ppm", watched->name,
		 (long long)result.skew_ns, (unsigned long long)result.interval_ns, reference->name, (long long)result.skew_ppm);
	replace(went_ns - (int64_t)result.interval_ns);
}

int clocksource_select(const char *name, size_t n)
{
	const struct vdk_clocksource *cs = find(name, n);

	return cs ? timekeeping_change(cs, 0) : -EINVAL;
}
