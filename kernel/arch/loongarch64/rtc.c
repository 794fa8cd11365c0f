/* SPDX-License-Identifier: MIT */
/* Wall time from the LS7A bridge's clock.
 * Owns: its registers.
 * Relies on: Loongson 7A1000 user manual, the chapter on the RTC: the time-of-year counter; the clock running on UTC.
 * Never: sets the clock. */
#include "arch/arch.h"
#include "machine.h"
#include "mm/kmap.h"
#include "time/calendar.h"

#define TOY_READ0 0x2c /* month, day, hour, minute, second, tenth of a second */
#define TOY_READ1 0x30 /* years since 1900 */
#define CONTROL 0x40
#define CONTROL_OSCILLATOR 0x100
#define CONTROL_TOY 0x800
#define RTC_SIZE 0x100
#define TRIES 100
#define DAY_SEC 86400

static uint32_t rd(volatile void *rtc, unsigned int at)
{
	return *(volatile uint32_t *)((volatile uint8_t *)rtc + at);
}

static unsigned int field(uint32_t v, unsigned int at, unsigned int bits)
{
	return v >> at & ((1u << bits) - 1);
}

bool arch_wall_time(int64_t *sec)
{
	volatile void *rtc = kmap_device(MACHINE_RTC, RTC_SIZE); /* the device window: no mapping is made */
	uint32_t toy, year, again;
	unsigned int month, day, hour, minute, second;

	*(volatile uint32_t *)((volatile uint8_t *)rtc + CONTROL) = rd(rtc, CONTROL) | CONTROL_OSCILLATOR | CONTROL_TOY;
	again = rd(rtc, TOY_READ1);
	for (int i = 0; i < TRIES; i++) {
		year = again;
		toy = rd(rtc, TOY_READ0);
		again = rd(rtc, TOY_READ1);
		if (again == year)
			break;
	}
	month = field(toy, 26, 6);
	day = field(toy, 21, 5);
	hour = field(toy, 16, 5);
	minute = field(toy, 10, 6);
	second = field(toy, 4, 6);
	if (again != year || year < 70 || year > 400 || month < 1 || month > 12 || day < 1 || hour > 23 ||
	    minute > 59 || second > 59)
		return false;
	*sec = calendar_days(1900 + (int64_t)year, month, day) * DAY_SEC + hour * 3600 + minute * 60 + second;
	return true;
}
