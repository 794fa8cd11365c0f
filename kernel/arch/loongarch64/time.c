/* SPDX-License-Identifier: MIT */
/* The stable counter, and the timer that counts with it.
 * Owns: TCFG and TID; the clocksource.
 * Relies on: CPUCFG words 4 and 5 for the frequency; MISC leaving RDTIME to user mode, as after reset.
 * Never: measures: the frequency is defined. */
#include <vdk/time.h>

#include "arch/arch.h"
#include "core/log.h"
#include "csr.h"

#define TCFG_ENABLE 1
#define TCFG_STEP 4 /* the timer counts down from a multiple of it */
#define TCFG_MAX (1UL << 47)
#define HZ_MAX 1000000000UL
#define MISC_NO_RDTIME 0xe0 /* for levels 1 to 3 */

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	(void)cs;
	return counter_read();
}

static struct vdk_clocksource stable = {
	.name = "stable",
	.read = read_counter,
	.width = 64,
	.user_mode = VDK_MODE_COUNTER,
	.rating = 400,
};

struct vdk_clocksource *const *arch_clocksources(void)
{
	static struct vdk_clocksource *const list[] = { &stable, NULL };

	return list;
}

void arch_time_init(void)
{
	uint64_t base = cpucfg(4), scale = cpucfg(5), multiplier = scale & 0xffff, divisor = scale >> 16;

	if (!base || !multiplier || !divisor)
		panic("counter: the CPU does not tell its frequency");
	stable.hz = base * multiplier / divisor;
	if (stable.hz == 0 || stable.hz > HZ_MAX)
		panic("counter: %lu Hz", stable.hz);
	csr_write(CSR_TID, 0); /* the CPU's number, which RDTIME gives too */
	/* Not without need: QEMU 7.2 has the register, but not the write. */
	if (csr_read(CSR_MISC) & MISC_NO_RDTIME)
		(void)csr_exchange(CSR_MISC, 0, MISC_NO_RDTIME);
	log_info("counter: %lu.%03lu MHz, from cpucfg", stable.hz / 1000000, stable.hz / 1000 % 1000);
}

/* Rounded up. Neither product overflows: hz is no more than HZ_MAX. */
void arch_timer_arm(uint64_t ns)
{
	uint64_t sec = ns / NSEC_PER_SEC, part = ns % NSEC_PER_SEC;
	uint64_t ticks = sec * stable.hz + (part * stable.hz + NSEC_PER_SEC - 1) / NSEC_PER_SEC;
	uint64_t count = MIN(ALIGN_UP(ticks, TCFG_STEP), TCFG_MAX);

	csr_write(CSR_TCFG, MAX(count, TCFG_STEP) | TCFG_ENABLE);
}

unsigned int arch_getcpu_mode(void)
{
	return VDK_CPU_COUNTER_ID;
}
