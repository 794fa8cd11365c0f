/* SPDX-License-Identifier: MIT */
/* Owns: nothing. Relies on: nothing. Never: checks its arguments: the caller has. */
#include "time/calendar.h"

/* Years begin in March, so that the leap day is the last one. The months from March on have 153 days in each five:
 * (153 m + 2) / 5 days precede month m. */
int64_t calendar_days(int64_t year, unsigned int month, unsigned int day)
{
	int64_t y = month > 2 ? year : year - 1;
	unsigned int m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}
