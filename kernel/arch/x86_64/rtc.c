/* SPDX-License-Identifier: MIT */
/* Wall time from the CMOS clock.
 * Owns: the CMOS ports.
 * Relies on: ACPI for the century register; the clock running on UTC.
 * Never: sets the clock. */
#include "acpi.h"
#include "arch/arch.h"
#include "core/string.h"
#include "time/calendar.h"
#include "x86.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define RTC_A 10
#define RTC_B 11
#define RTC_A_UPDATING 0x80
#define RTC_B_24H 2
#define RTC_B_BINARY 4
#define RTC_HOUR_PM 0x80
#define TRIES 100000
#define DAY_SEC 86400

struct rtc {
	uint8_t sec, min, hour, day, month, year, century;
};

static uint8_t cmos(uint8_t index)
{
	outb(CMOS_INDEX, index);
	return inb(CMOS_DATA);
}

static void read_once(struct rtc *t)
{
	*t = (struct rtc){
		.sec = cmos(0), .min = cmos(2), .hour = cmos(4), .day = cmos(7), .month = cmos(8), .year = cmos(9),
		.century = acpi.rtc_century ? cmos(acpi.rtc_century) : 0,
	};
}

/* Two readings that agree, none of them begun during an update. */
static bool read_stable(struct rtc *t)
{
	struct rtc before = {0};

	for (int i = 0; i < TRIES; i++) {
		if (cmos(RTC_A) & RTC_A_UPDATING)
			continue;
		read_once(t);
		if (i && !memcmp(&before, t, sizeof(*t)))
			return true;
		before = *t;
	}
	return false;
}

static uint8_t from_bcd(uint8_t v)
{
	return (uint8_t)((v >> 4) * 10 + (v & 15));
}

bool arch_wall_time(int64_t *sec)
{
	struct rtc t;
	uint8_t b = cmos(RTC_B);
	bool pm;
	int64_t year;

	if (!read_stable(&t))
		return false;
	pm = t.hour & RTC_HOUR_PM;
	t.hour &= (uint8_t)~RTC_HOUR_PM;
	if (!(b & RTC_B_BINARY))
		for (size_t i = 0; i < sizeof(t); i++)
			((uint8_t *)&t)[i] = from_bcd(((uint8_t *)&t)[i]);
	if (!(b & RTC_B_24H))
		t.hour = (uint8_t)(t.hour % 12 + (pm ? 12 : 0));
	if (t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31)
		return false;
	if (t.hour > 23 || t.min > 59 || t.sec > 59 || t.year > 99)
		return false;
	year = t.year + 100 * (t.century >= 19 && t.century <= 29 ? t.century : 20);
	if (year < 1970)
		return false;
	*sec = calendar_days(year, t.month, t.day) * DAY_SEC + t.hour * 3600 + t.min * 60 + t.sec;
	return true;
}
