/* SPDX-License-Identifier: MIT */
/* Suspend to idle: the CPU halts with the clocks standing, and looks at the battery-backed clock until that says the wake-up time.
 * Owns: the wake-up time. Relies on: one CPU, whose other threads don't run while this one does not schedule.
 * Never: puts a device to sleep; what QEMU's machines have needs none of it. */
#include "time/suspend.h"

#include "abi/errno.h"
#include "arch/arch.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "proc/process.h"
#include "time/clock.h"
#include "time/timekeeping.h"

static struct spinlock lock;
/* lock */
static int64_t wakeup_sec;

/* One that has passed is none. */
static int64_t wakeup(int64_t now)
{
	unsigned long flags = spin_lock(&lock);
	int64_t at;

	if (wakeup_sec <= now)
		wakeup_sec = 0;
	at = wakeup_sec;
	spin_unlock(&lock, flags);
	return at;
}

int64_t suspend_wakeup(void)
{
	int64_t now;

	return arch_wall_time(&now) ? wakeup(now) : 0;
}

int suspend_set_wakeup(int64_t sec, bool relative)
{
	unsigned long flags;
	int64_t now;
	int rc = 0;

	if (!arch_wall_time(&now))
		return -ENODEV;
	if (relative && __builtin_add_overflow(now, sec, &sec))
		return -EINVAL;
	wakeup(now);
	flags = spin_lock(&lock);
	if (sec > now && wakeup_sec)
		rc = -EBUSY;
	else
		wakeup_sec = sec > now ? sec : 0;
	spin_unlock(&lock, flags);
	return rc;
}

void suspend(void)
{
	struct vdk_timespec persistent = { 0 };
	struct thread *t = current_thread();
	bool has_clock = arch_wall_time(&persistent.tv_sec), alarm = has_clock && wakeup(persistent.tv_sec);
	unsigned long flags = arch_irq_save();

	log_info("suspend: asleep%s", alarm ? "" : ", until a signal");
	timekeeping_suspend(has_clock ? &persistent : NULL);
	do {
		arch_cpu_idle(); /* the tick ends it, too */
		if (has_clock)
			arch_wall_time(&persistent.tv_sec);
	} while (!signal_pending(t) && !(alarm && !wakeup(persistent.tv_sec)));
	timekeeping_resume(has_clock ? &persistent : NULL);
	arch_irq_restore(flags);
	clock_was_set();
	log_info("suspend: awake");
}
