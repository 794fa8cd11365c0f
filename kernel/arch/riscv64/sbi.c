/* SPDX-License-Identifier: MIT */
/* Calls the firmware.
 * Owns: nothing.
 * Relies on: OpenSBI or another implementation of the specification, versions 0.1 to 2.0.
 * Never: needs an extension: each call has its predecessor of version 0.1 behind it. */
#include "sbi.h"

#define EXT_SET_TIMER_0_1 0
#define EXT_CONSOLE_PUT_0_1 1
#define EXT_SHUTDOWN_0_1 8
#define EXT_BASE 0x10
#define BASE_PROBE 3
#define BASE_VENDOR_ID 4
#define BASE_ARCHITECTURE_ID 5
#define BASE_IMPLEMENTATION_ID 6
#define EXT_TIME 0x54494d45
#define EXT_RESET 0x53525354
#define RESET_SHUTDOWN 0
#define REASON_NONE 0
#define REASON_FAILURE 1

struct result {
	long error;
	uint64_t value;
};

static struct result call(uint64_t extension, uint64_t function, uint64_t arg0, uint64_t arg1)
{
	register uint64_t a0 __asm__("a0") = arg0;
	register uint64_t a1 __asm__("a1") = arg1;
	register uint64_t a6 __asm__("a6") = function;
	register uint64_t a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
	return (struct result){ (long)a0, a1 };
}

static bool has(uint64_t extension)
{
	struct result r = call(EXT_BASE, BASE_PROBE, extension, 0);

	return !r.error && r.value;
}

void sbi_console_put(char c)
{
	call(EXT_CONSOLE_PUT_0_1, 0, (uint8_t)c, 0);
}

void sbi_set_timer(uint64_t at)
{
	static enum { UNKNOWN, OLD, NEW } version;

	if (version == UNKNOWN)
		version = has(EXT_TIME) ? NEW : OLD;
	call(version == NEW ? EXT_TIME : EXT_SET_TIMER_0_1, 0, at, 0);
}

/* Firmware of version 0.1 has no such call: 0, "not said". */
static uint64_t base_value(uint64_t function)
{
	struct result r = call(EXT_BASE, function, 0, 0);

	return r.error ? 0 : r.value;
}

uint64_t sbi_vendor_id(void)
{
	return base_value(BASE_VENDOR_ID);
}

uint64_t sbi_architecture_id(void)
{
	return base_value(BASE_ARCHITECTURE_ID);
}

uint64_t sbi_implementation_id(void)
{
	return base_value(BASE_IMPLEMENTATION_ID);
}

void sbi_power_off(bool failed)
{
	if (has(EXT_RESET))
		call(EXT_RESET, 0, RESET_SHUTDOWN, failed ? REASON_FAILURE : REASON_NONE);
	call(EXT_SHUTDOWN_0_1, 0, 0, 0);
}
