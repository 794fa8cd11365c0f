/* SPDX-License-Identifier: MIT */
/* The time counter, the timer that goes by it, and the battery-backed clock.
 * Owns: STIMECMP, the goldfish RTC.
 * Relies on: the device tree's frequency: the architecture has no way to ask the hart.
 * Never: needs the firmware for the timer where the hart has Sstc. */
#include <vdk/time.h>

#include "arch/arch.h"
#include "boot/fdt.h"
#include "core/log.h"
#include "cpu.h"
#include "csr.h"
#include "mm/kmap.h"
#include "sbi.h"
#include "timer.h"
#include "trap_entry.h"

#define RTC_TIME_LOW 0 /* reading it latches the other half */
#define RTC_TIME_HIGH 1
#define NEVER UINT64_MAX
#define LONGEST_SEC (1UL << 30)

/* A read of the time is device input: FENCE R, I orders earlier loads before it. */
static uint64_t time_ordered(const struct vdk_clocksource *cs)
{
	uint64_t v;

	(void)cs;
	__asm__ volatile("fence r, i\n\trdtime %0" : "=r"(v) : : "memory");
	return v;
}

static struct vdk_clocksource riscv_time = { .name = "riscv", .read = time_ordered, .width = 64, .rating = 400 };
static struct vdk_clocksource *const clocksources[] = { &riscv_time, NULL };
static bool direct; /* the timer is the hart's */

struct vdk_clocksource *const *arch_clocksources(void)
{
	return clocksources;
}

static void set_timer(uint64_t at)
{
	if (direct)
		__asm__ volatile("csrw %0, %1" : : "i"(CSR_STIMECMP), "r"(at) : "memory");
	else
		sbi_set_timer(at);
}

void timer_stop(void)
{
	set_timer(NEVER);
}

void arch_timer_arm(uint64_t ns)
{
	uint64_t hz = riscv_time.hz, sec = MIN(ns / NSEC_PER_SEC, LONGEST_SEC);
	uint64_t cycles = sec * hz + (ns % NSEC_PER_SEC * hz + NSEC_PER_SEC - 1) / NSEC_PER_SEC;

	set_timer(csr_read(time) + cycles);
}

void arch_time_init(void)
{
	riscv_time.hz = cpu_features.time_hz;
	if (!riscv_time.hz)
		panic("time: the device tree has no timebase-frequency");
	riscv_time.user_mode = VDK_MODE_COUNTER;
	direct = cpu_features.sstc && csr_stimecmp_usable();
	timer_stop();
	log_info("time: %lu.%03lu MHz, from the device tree; timer: %s", riscv_time.hz / 1000000,
		 riscv_time.hz / 1000 % 1000, direct ? "the hart's (Sstc)" : "the firmware's (SBI)");
}

bool arch_wall_time(int64_t *sec)
{
	static const volatile uint32_t *rtc;
	paddr_t pa;
	uint64_t size, low, high;

	if (!rtc) {
		if (!fdt_reg(fdt_find_compatible("google,goldfish-rtc", NULL), 0, &pa, &size))
			return false;
		rtc = kmap_device(pa, size);
	}
	low = rtc[RTC_TIME_LOW];
	high = rtc[RTC_TIME_HIGH];
	*sec = (int64_t)((high << 32 | low) / NSEC_PER_SEC);
	return *sec > 0;
}
