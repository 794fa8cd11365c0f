/* SPDX-License-Identifier: MIT */
/* The generic timer: the virtual counter, its timer, and wall time.
 * Owns: CNTV and the PL031's registers, which it only reads.
 * Relies on: firmware having written the counter's frequency to CNTFRQ_EL0.
 * Never: arms the timer for longer than LONGEST_NS: the caller arms it again. */
#include <vdk/time.h>

#include "arch/arch.h"
#include "boot/fdt.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "gic.h"
#include "mm/kmap.h"
#include "sysreg.h"
#include "timer.h"

#define TIMER_ENABLE 1
#define TIMER_VIRTUAL 2 /* which of the device tree's interrupts */
#define TIMER_VIRTUAL_IRQ 27
#define HZ_MAX 1800000000UL
#define LONGEST_NS 10000000000UL /* times HZ_MAX, below 2^64 */
#define PL031_SIZE 0x1000

static uint64_t counter_cs_read(const struct vdk_clocksource *cs)
{
	(void)cs;
	return counter_read();
}

static struct vdk_clocksource counter = {
	.name = "arch_sys_counter",
	.read = counter_cs_read,
	.width = 64,
	.rating = 400,
};
static struct vdk_clocksource *const clocksources[] = { &counter, NULL };
static unsigned int irq = TIMER_VIRTUAL_IRQ;

struct vdk_clocksource *const *arch_clocksources(void)
{
	return clocksources;
}

void arch_time_init(void)
{
	fdt_node_t node = fdt_find_compatible("arm,armv8-timer", NULL);

	counter.hz = SYSREG_READ(cntfrq_el0);
	if (counter.hz == 0 || counter.hz > HZ_MAX)
		panic("timer: CNTFRQ_EL0 says %lu Hz", (unsigned long)counter.hz);
	counter.user_mode = cpu_features.ecv ? VDK_MODE_COUNTER_ALT : VDK_MODE_COUNTER;
	log_info("timer: %lu.%03lu MHz, from CNTFRQ_EL0%s", counter.hz / 1000000, counter.hz / 1000 % 1000,
		 cpu_features.ecv ? "; read by CNTVCTSS_EL0 in user mode" : "");
	gic_device_irq(node, TIMER_VIRTUAL, &irq);
	timer_stop();
	gic_enable(irq);
}

bool timer_is(unsigned int which)
{
	return which == irq;
}

void timer_stop(void)
{
	SYSREG_WRITE(cntv_ctl_el0, 0);
	isb();
}

void arch_timer_arm(uint64_t ns)
{
	uint64_t cycles = MIN(ns, LONGEST_NS) * counter.hz / (uint64_t)NSEC_PER_SEC + 1;

	SYSREG_WRITE(cntv_cval_el0, counter_read() + cycles);
	SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
	isb();
}

/* The PL031's first register counts seconds. */
bool arch_wall_time(int64_t *sec)
{
	static const volatile uint32_t *data;
	paddr_t base;
	uint64_t size;

	if (!data) {
		if (!fdt_reg(fdt_find_compatible("arm,pl031", NULL), 0, &base, &size))
			return false;
		data = kmap_device(base, PL031_SIZE);
	}
	*sec = *data;
	return *sec != 0;
}

unsigned int arch_getcpu_mode(void)
{
	return VDK_CPU_SYSCALL;
}
