/* SPDX-License-Identifier: MIT */
/* The counters that are slow to read but whose frequency is known.
 * Owns: HPET, PM timer, channel 2 of the PIT.
 * Relies on: ACPI for the first two.
 * Never: uses HPET's or the PIT's interrupts. */
#include "timers.h"

#include "acpi.h"
#include "arch/arch.h"
#include "core/log.h"
#include "mm/kmap.h"
#include "x86.h"

#define FS_PER_SEC 1000000000000000UL

#define HPET_PERIOD 1
#define HPET_CONFIG 4
#define HPET_COUNTER 60
#define HPET_SIZE 0x400
#define HPET_CONFIG_ENABLE 1u
#define HPET_CONFIG_LEGACY 2u
#define HPET_PERIOD_MAX_FS 100000000u

#define PM_TIMER_HZ 3579545
#define PIT_PERIOD_FS 838095345 /* 1193182 Hz */
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CHANNEL2_MODE0 0xb0
#define PIT_READ_BACK_CHANNEL2 0xc8
#define PIT_STATUS_OUT 0x80
#define PIT_START 65535
#define PORT_B 0x61
#define PORT_B_GATE2 1
#define PORT_B_SPEAKER 2

/* By register, in words: QEMU's HPET knows accesses of 32 bits only. */
static volatile uint32_t *hpet;

static struct cal_reference hpet_reference, pm_reference;

static bool hpet_start(void)
{
	if (hpet)
		return true;
	if (!acpi.hpet)
		return false;
	hpet = kmap_device(acpi.hpet, HPET_SIZE);
	if (hpet[HPET_PERIOD] == 0 || hpet[HPET_PERIOD] > HPET_PERIOD_MAX_FS) {
		log_warn("hpet: a period of %u fs makes no sense", hpet[HPET_PERIOD]);
		hpet = NULL;
		acpi.hpet = 0;
		return false;
	}
	hpet[HPET_CONFIG] = (hpet[HPET_CONFIG] & ~HPET_CONFIG_LEGACY) | HPET_CONFIG_ENABLE;
	hpet_reference.period_fs = hpet[HPET_PERIOD];
	return true;
}

static bool hpet_sample(struct cal_sample *s)
{
	s->before = rdtsc_ordered();
	s->reference = hpet[HPET_COUNTER];
	s->after = rdtsc_ordered();
	return true;
}

/* The lower half only: one access instead of three. At 100 MHz it wraps after 43 s; the tick comes every 4 ms. */
static uint64_t hpet_read(const struct vdk_clocksource *cs)
{
	(void)cs;
	return hpet[HPET_COUNTER];
}

const struct vdk_clocksource *hpet_clocksource(void)
{
	static struct vdk_clocksource cs = {
		.name = "hpet",
		.read = hpet_read,
		.width = 32,
		.user_mode = VDK_MODE_SYSCALL,
	};

	if (!hpet_start())
		return NULL;
	cs.hz = (FS_PER_SEC + hpet_reference.period_fs / 2) / hpet_reference.period_fs;
	return &cs;
}

static bool pm_start(void)
{
	pm_reference.mask = (1UL << acpi.pm_timer_width) - 1;
	return acpi.pm_timer != 0;
}

static bool pm_sample(struct cal_sample *s)
{
	s->before = rdtsc_ordered();
	s->reference = inl(acpi.pm_timer);
	s->after = rdtsc_ordered();
	return true;
}

/* Some chips latch the counter badly: two readings that agree but for a few counts are good. */
static uint64_t pm_read(const struct vdk_clocksource *cs)
{
	uint32_t mask = (uint32_t)((1UL << cs->width) - 1), a = inl(acpi.pm_timer), b;

	for (int i = 0; i < 4; i++) {
		b = inl(acpi.pm_timer);
		if (((b - a) & mask) < 0x10000)
			return b & mask;
		a = b;
	}
	return a & mask;
}

const struct vdk_clocksource *pm_timer_clocksource(void)
{
	static struct vdk_clocksource cs = {
		.name = "acpi_pm",
		.read = pm_read,
		.hz = PM_TIMER_HZ,
		.user_mode = VDK_MODE_SYSCALL,
	};

	if (!acpi.pm_timer)
		return NULL;
	cs.width = acpi.pm_timer_width;
	return &cs;
}

/* Mode 0 counts down once; OUT goes high at the end and tells that the count is worth nothing any more. */
static bool pit_start(void)
{
	outb(PORT_B, (uint8_t)((inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2));
	outb(PIT_COMMAND, PIT_CHANNEL2_MODE0);
	outb(PIT_CHANNEL2, PIT_START & 0xff);
	outb(PIT_CHANNEL2, PIT_START >> 8);
	return true;
}

static bool pit_sample(struct cal_sample *s)
{
	uint8_t status, low, high;

	s->before = rdtsc_ordered();
	outb(PIT_COMMAND, PIT_READ_BACK_CHANNEL2);
	s->after = rdtsc_ordered();
	status = inb(PIT_CHANNEL2);
	low = inb(PIT_CHANNEL2);
	high = inb(PIT_CHANNEL2);
	s->reference = (uint64_t)(PIT_START - (high << 8 | low)) & 0xffff;
	return !(status & PIT_STATUS_OUT);
}

static struct cal_reference hpet_reference = {
	.name = "hpet",
	.mask = UINT32_MAX,
	.longest_ms = 100,
	.start = hpet_start,
	.sample = hpet_sample,
};

static struct cal_reference pm_reference = {
	.name = "acpi_pm",
	.period_fs = FS_PER_SEC / PM_TIMER_HZ,
	.longest_ms = 100,
	.start = pm_start,
	.sample = pm_sample,
};

static const struct cal_reference pit_reference = {
	.name = "pit",
	.period_fs = PIT_PERIOD_FS,
	.mask = 0xffff,
	.longest_ms = 40,
	.start = pit_start,
	.sample = pit_sample,
};

const struct cal_reference *const cal_references[] = { &hpet_reference, &pm_reference, &pit_reference, NULL };
