/* SPDX-License-Identifier: MIT */
/* The counters that are slow to read but whose frequency is known.
 * Owns: HPET, PM timer, channel 2 of the PIT.
 * Relies on: ACPI for the first two.
 * Never: uses their interrupts. */
#include "timers.h"

#include "acpi.h"
#include "arch/arch.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "mm/kmap.h"
#include "x86.h"

#define FS_PER_SEC 1000000000000000UL

#define HPET_CAPABILITIES 0
#define HPET_CAPABILITY_64 0x2000u
#define HPET_PERIOD 1
#define HPET_CONFIG 4
#define HPET_COUNTER 60
#define HPET_COUNTER_HIGH 61
#define HPET_SIZE 0x400
#define HPET_CONFIG_ENABLE 1u
#define HPET_CONFIG_LEGACY 2u
#define HPET_PERIOD_MAX_FS 100000000u

#define PM_TIMER_HZ 3579545
#define PIT_PERIOD_FS 838095345 /* 1193182 Hz */
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CHANNEL2_MODE0 0xb0
#define PIT_CHANNEL2_MODE2 0xb4
#define PIT_LATCH_CHANNEL2 0x80
#define PIT_HZ 1193182
#define PIT_BACK 0xff00u
#define PIT_TRIES 100 /* a reading takes longer than a count, on hardware; and emulated not much less */
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
	if (!acpi.hpet || cmdline_is("hpet", "off"))
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

static uint64_t hpet_read32(const struct vdk_clocksource *cs)
{
	(void)cs;
	return hpet[HPET_COUNTER];
}

static uint64_t hpet_read64(const struct vdk_clocksource *cs)
{
	uint32_t high = hpet[HPET_COUNTER_HIGH], low, before;

	(void)cs;
	do {
		before = high;
		low = hpet[HPET_COUNTER];
		high = hpet[HPET_COUNTER_HIGH];
	} while (high != before);
	return (uint64_t)high << 32 | low;
}

struct vdk_clocksource *hpet_clocksource(void)
{
	static struct vdk_clocksource cs = { .name = "hpet", .read = hpet_read32, .width = 32, .rating = 250 };

	if (!hpet_start())
		return NULL;
	cs.hz = (FS_PER_SEC + hpet_reference.period_fs / 2) / hpet_reference.period_fs;
	if (hpet[HPET_CAPABILITIES] & HPET_CAPABILITY_64 && !cmdline_is("hpet", "32")) {
		cs.read = hpet_read64;
		cs.width = 64;
	}
	return &cs;
}

static bool pm_start(void)
{
	pm_reference.mask = (1UL << acpi.pm_timer_width) - 1;
	return acpi.pm_timer && !cmdline_is("acpi_pm", "off");
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

struct vdk_clocksource *pm_timer_clocksource(void)
{
	static struct vdk_clocksource cs = { .name = "acpi_pm", .read = pm_read, .hz = PM_TIMER_HZ, .rating = 200 };

	if (!pm_start())
		return NULL;
	cs.width = acpi.pm_timer_width;
	return &cs;
}

/* Mode 0 counts down once; OUT goes high at the end and tells that the count is worth nothing any more. */
static bool pit_start(void)
{
	if (cmdline_is("pit", "off"))
		return false;
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

/* Mode 2 counts down from 65536 to 1, again and again. Latched, the count stays until both its bytes are read. */
static void pit_run_free(void)
{
	outb(PORT_B, (uint8_t)((inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2));
	outb(PIT_COMMAND, PIT_CHANNEL2_MODE2);
	outb(PIT_CHANNEL2, 0);
	outb(PIT_CHANNEL2, 0);
}

/* Its 16 bits wrap in 55 ms, and a virtual CPU may come to run later than after half of that: then the clocks would
 * step back. So the wraps are counted; one that is missed is lost time. Some chips' counts go back a little now and
 * then. */
static uint64_t pit_read(const struct vdk_clocksource *cs)
{
	static struct spinlock lock;
	static uint64_t count;
	unsigned long flags = spin_lock(&lock);
	uint64_t now;
	uint32_t left, since;

	(void)cs;
	outb(PIT_COMMAND, PIT_LATCH_CHANNEL2);
	left = inb(PIT_CHANNEL2);
	left |= (uint32_t)inb(PIT_CHANNEL2) << 8;
	since = (-left - (uint32_t)count) & 0xffff;
	if (since < PIT_BACK)
		count += since;
	now = count;
	spin_unlock(&lock, flags);
	return now;
}

struct vdk_clocksource *pit_clocksource(void)
{
	static struct vdk_clocksource cs = {
		.name = "pit",
		.read = pit_read,
		.hz = PIT_HZ,
		.width = 64,
		.read_within = PIT_BACK,
		.rating = 100,
	};
	uint64_t first;

	if (cmdline_is("pit", "off"))
		return NULL;
	pit_run_free();
	first = pit_read(&cs);
	for (int i = 0; i < PIT_TRIES; i++)
		if (pit_read(&cs) != first)
			return &cs;
	return NULL;
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
