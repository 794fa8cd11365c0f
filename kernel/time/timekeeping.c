/* SPDX-License-Identifier: MIT */
/* The kernel's clocks, kept by the kit.
 *
 * Owns: the timekeeper, its lock and its page. Relies on: arch_clocksources(), the timer trap.
 * Never: computes a time. */
#include "time/timekeeping.h"

#include <vdk/image.h>
#include <vdk/time.h>

#include "abi/errno.h"
#include "arch/arch.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "mm/page.h"
#include "time/timer.h"
#include "trap/trap.h"
#include "vdso-image.h"

static struct spinlock lock; /* the one writer */
static struct vdk_timekeeper tk;
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
	static struct vdk_clocksource cs_copy;
	const struct vdk_clocksource *cs = &cs_copy;
	struct vdk_time_config config = { .tick_ns = TICK_NS, .cpu_mode = arch_getcpu_mode() };

	_Static_assert(VDK_IMAGE_DATA_SIZE <= PAGE_SIZE, "one data page");
	cs_copy = *arch_clocksources()[0];
	if (cmdline_is("counter", "unstable"))
		cs_copy.user_mode = VDK_MODE_SYSCALL;
	if (!arch_wall_time(&config.wall.tv_sec))
		log_warn("time: no wall clock: REALTIME starts at 1970");
	data_page = page_alloc(0);
	if (!data_page || vdk_time_init(&tk, cs, arch_phys_to_virt(data_page) + PAGE_SIZE - VDK_IMAGE_DATA_SIZE, &config))
		panic("time: clocksource %s: the kit refuses it", cs->name);
#ifdef ARCH_HWPROBE_KEYS
	tell_hwprobe();
#endif
	started = true;
	log_info("time: clocksource %s, %llu Hz, %s user mode", cs->name, (unsigned long long)cs->hz,
		 cs->user_mode == VDK_MODE_SYSCALL ? "not readable in" : "readable in");
}

paddr_t timekeeping_page(void)
{
	return data_page;
}

void timekeeping_tick(void)
{
	unsigned long flags = spin_lock(&lock);

	vdk_time_tick(&tk);
	spin_unlock(&lock, flags);
}

static bool timekeeping_timer(struct trap_info *info)
{
	(void)info;
	timekeeping_tick();
	return true;
}
TRAP_HANDLER(TRAP_TIMER, timekeeping_timer);

uint64_t timekeeping_max_idle_ns(void)
{
	unsigned long flags = spin_lock(&lock);
	uint64_t ns = vdk_time_max_idle_ns(&tk);

	spin_unlock(&lock, flags);
	return ns;
}

int clock_now(int clock_id, struct vdk_timespec *ts)
{
	return vdk_time_now(&tk, clock_id, ts) ? 0 : -EINVAL;
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

int64_t clock_realtime_ns(void)
{
	return now_ns(VDK_CLOCK_REALTIME);
}

int clock_set_wall(const struct vdk_timespec *ts)
{
	unsigned long flags = spin_lock(&lock);
	int rc = vdk_time_set_wall(&tk, ts);

	spin_unlock(&lock, flags);
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
