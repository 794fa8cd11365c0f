/* SPDX-License-Identifier: MIT */
/* The kernel's clocks, kept by the kit.
 *
 * Owns: the timekeeper, its lock and its page. Relies on: clocksource.h, the timer trap, clock_was_set().
 * Never: computes a time. */
#include "time/timekeeping.h"

#include <vdk/image.h>
#include <vdk/linux_6_1.h>
#include <vdk/namespace.h>
#include <vdk/time.h>

#include "abi/errno.h"
#include "arch/arch.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "mm/page.h"
#include "time/clock.h"
#include "time/clocksource.h"
#include "time/timer.h"
#include "trap/trap.h"
#include "vdso-image.h"

/* A clock that is ahead by less can be slewed. */
#define PUT_BACK_NS (100 * 1000000)

static struct spinlock lock; /* the one writer */
static struct vdk_timekeeper tk;
/* A page of layout linux-6.1 is off by up to 2.5 ns for each tick that does not come. */
#define LINUX_6_1_IDLE_NS (16ull * TICK_NS)
static struct vdk_linux_6_1 linux_6_1; /* lock; not started: no process has such a page */
static uint64_t steps_seen; /* lock */
/* Interrupts when the discipline wants a tick: a leap second takes effect at its edge, also while the CPU idles. */
static struct timer event_timer;

static void event(struct timer *t)
{
	(void)t; /* the tick comes with each timer interrupt */
}
static paddr_t data_page;
static bool started;

#ifdef ARCH_HWPROBE_KEYS
static void tell_hwprobe(void)
{
	uint64_t value[ARCH_HWPROBE_KEYS];

	arch_hwprobe(value);
	if (vdk_time_set_hwprobe(&tk, value, ARCH_HWPROBE_KEYS, 1))
		panic("vdso: the kit refuses what riscv_hwprobe says");
}
#endif

void timekeeping_init(void)
{
	const struct vdk_clocksource *cs = clocksource_init();
	struct vdk_time_config config = { .tick_ns = TICK_NS, .cpu_mode = arch_getcpu_mode() };

	_Static_assert(VDK_IMAGE_DATA_SIZE <= PAGE_SIZE, "one data page");
	if (!arch_wall_time(&config.wall.tv_sec))
		log_warn("time: no wall clock: REALTIME starts at 1970");
	data_page = page_alloc(0);
	if (!data_page || vdk_time_init(&tk, cs, arch_phys_to_virt(data_page) + PAGE_SIZE - VDK_IMAGE_DATA_SIZE, &config))
		panic("time: clocksource %s: the kit refuses it", cs->name);
#ifdef ARCH_HWPROBE_KEYS
	tell_hwprobe();
#endif
	timer_setup(&event_timer, event);
	started = true;
	clocksource_watch(true);
	log_info("time: clocksource %s, %llu Hz, %s user mode", cs->name, (unsigned long long)cs->hz,
		 cs->user_mode == VDK_MODE_SYSCALL ? "not readable in" : "readable in");
}

paddr_t timekeeping_page(void)
{
	return data_page;
}

paddr_t timekeeping_linux_6_1(size_t offset)
{
	paddr_t page = page_alloc(0);
	unsigned long flags;
	char *kpage;

	if (!page)
		panic("time: no memory for a page of layout linux-6.1");
	kpage = arch_phys_to_virt(page);
	memset(kpage, 0, PAGE_SIZE);
	flags = spin_lock(&lock);
	vdk_linux_6_1_start(&linux_6_1, &tk, (struct vdk_linux_6_1_data *)(void *)(kpage + offset));
	spin_unlock(&lock, flags);
	return page;
}

/* The end of a change: whoever waits on a clock that was stepped looks again. */
static void changed(unsigned long flags)
{
	uint64_t event_ns = vdk_time_next_event_ns(&tk);
	bool stepped = vdk_time_steps(&tk) != steps_seen;

	steps_seen = vdk_time_steps(&tk);
	spin_unlock(&lock, flags);
	if (event_ns != UINT64_MAX && (!event_timer.armed || event_timer.expires_ns != event_ns))
		timer_arm(&event_timer, event_ns);
	if (event_ns == UINT64_MAX && event_timer.armed)
		timer_cancel(&event_timer);
	if (stepped)
		clock_was_set();
}

void timekeeping_tick(void)
{
	unsigned long flags = spin_lock(&lock);

	vdk_time_tick(&tk);
	changed(flags);
}

static bool timekeeping_timer(struct trap_info *info)
{
	(void)info;
	clocksource_check();
	timekeeping_tick();
	return true;
}
TRAP_HANDLER(TRAP_TIMER, timekeeping_timer);

void timekeeping_suspend(const struct vdk_timespec *persistent)
{
	unsigned long flags;

	clocksource_watch(false);
	flags = spin_lock(&lock);
	ASSERT(!vdk_time_suspend(&tk, persistent));
	spin_unlock(&lock, flags);
}

void timekeeping_resume(const struct vdk_timespec *persistent)
{
	unsigned long flags = spin_lock(&lock);

	ASSERT(!vdk_time_resume(&tk, persistent));
	changed(flags);
	clocksource_watch(true);
}

const struct vdk_clocksource *timekeeping_clocksource(void)
{
	return __atomic_load_n(&tk.cs, __ATOMIC_RELAXED);
}

/* REALTIME goes back where no discipline would find the way. */
static void put_back(int64_t ahead_ns)
{
	struct vdk_timespec now;

	if (!vdk_time_now(&tk, VDK_CLOCK_REALTIME, &now))
		return;
	now.tv_sec -= ahead_ns / NSEC_PER_SEC;
	now.tv_nsec -= ahead_ns % NSEC_PER_SEC;
	if (now.tv_nsec < 0) {
		now.tv_sec--;
		now.tv_nsec += NSEC_PER_SEC;
	}
	if (vdk_time_set_wall(&tk, &now))
		log_warn("time: REALTIME can't be put back by %ld ns", ahead_ns);
}

int timekeeping_change(const struct vdk_clocksource *cs, int64_t ahead_ns)
{
	unsigned long flags = spin_lock(&lock);
	bool other = tk.cs != cs;
	int rc = vdk_time_set_clocksource(&tk, cs);

	if (!rc && ahead_ns < 0)
		vdk_time_skip(&tk, (uint64_t)-ahead_ns);
	else if (!rc && ahead_ns >= PUT_BACK_NS)
		put_back(ahead_ns);
	changed(flags);
	if (rc)
		return -EINVAL;
	if (other)
		log_info("time: clocksource %s from now on, %s user mode", cs->name,
			 cs->user_mode == VDK_MODE_SYSCALL ? "not readable in" : "readable in");
	return 0;
}

uint64_t timekeeping_max_idle_ns(void)
{
	unsigned long flags = spin_lock(&lock);
	uint64_t ns = vdk_time_max_idle_ns(&tk);

	spin_unlock(&lock, flags);
	return linux_6_1.kdata ? MIN(ns, LINUX_6_1_IDLE_NS) : ns;
}

int clock_now(int clock_id, struct vdk_timespec *ts)
{
	return vdk_time_now(&tk, clock_id, ts) ? 0 : -EINVAL;
}

int clock_now_in(const struct vdk_page *space, int clock_id, struct vdk_timespec *ts)
{
	return vdk_namespace_now(&tk, space, clock_id, ts) ? 0 : -EINVAL;
}

int clock_check_offsets(const struct vdk_time_offsets *offsets)
{
	return vdk_namespace_check(&tk, offsets);
}

int clock_set_offsets(struct vdk_page *space, const struct vdk_time_offsets *offsets)
{
	return vdk_namespace_set(space, &tk, offsets);
}

int clock_res_ns(int clock_id, uint32_t *ns)
{
	return vdk_time_res(&tk, clock_id, ns) ? 0 : -EINVAL;
}

static int64_t now_ns(int clock_id)
{
	struct vdk_timespec ts;

	return started && vdk_time_now(&tk, clock_id, &ts) ? ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec : 0;
}

uint64_t clock_now_ns(void)
{
	return (uint64_t)now_ns(VDK_CLOCK_MONOTONIC);
}

int64_t clock_raw_ns(void)
{
	return now_ns(VDK_CLOCK_MONOTONIC_RAW);
}

int64_t clock_realtime_ns(void)
{
	return now_ns(VDK_CLOCK_REALTIME);
}

/* clock_settime(2): REALTIME may not be earlier than MONOTONIC. */
static bool before_start(int64_t realtime_ns)
{
	return realtime_ns < now_ns(VDK_CLOCK_MONOTONIC);
}

int clock_set_wall(const struct vdk_timespec *ts)
{
	unsigned long flags;
	int rc;

	if (!timespec_valid(ts) || before_start((int64_t)timespec_ns(ts)))
		return -EINVAL;
	flags = spin_lock(&lock);
	rc = vdk_time_set_wall(&tk, ts);
	changed(flags);
	return rc;
}

/* The same for ADJ_SETOFFSET. What the kit refuses need not be right here. */
static bool steps_before_start(const struct vdk_timex *tx)
{
	int64_t sec = tx->time.tv_sec, unit = tx->modes & VDK_ADJ_NANO ? 1 : 1000;

	if (!(tx->modes & VDK_ADJ_SETOFFSET) || sec >= 0 || sec < -VDK_WALL_SEC_MAX || (uint64_t)tx->time.tv_usec > NSEC_PER_SEC)
		return false;
	return before_start(clock_realtime_ns() + sec * NSEC_PER_SEC + tx->time.tv_usec * unit);
}

int clock_adjust(struct vdk_timex *tx)
{
	unsigned long flags;
	int rc;

	if (steps_before_start(tx))
		return -EINVAL;
	flags = spin_lock(&lock);
	rc = vdk_time_adjust(&tk, tx);
	changed(flags);
	return rc;
}

void clock_set_zone(int32_t minutes_west, int32_t dst_time)
{
	unsigned long flags = spin_lock(&lock);

	vdk_time_set_zone(&tk, minutes_west, dst_time);
	spin_unlock(&lock, flags);
}

void clock_zone(int32_t *minutes_west, int32_t *dst_time)
{
	vdk_time_zone(&tk, minutes_west, dst_time);
}
