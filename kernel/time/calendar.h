/* SPDX-License-Identifier: MIT */
/* Owns: the calendar, for clocks that show a date.
 * Relies on: nothing.
 * Who may include: kernel/arch. */
#ifndef VDK_KERNEL_TIME_CALENDAR_H
#define VDK_KERNEL_TIME_CALENDAR_H

#include "core/types.h"

/* Days from 1970-01-01 to a date of the Gregorian calendar; month and day from 1. */
int64_t calendar_days(int64_t year, unsigned int month, unsigned int day);

#endif
