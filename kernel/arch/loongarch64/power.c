/* SPDX-License-Identifier: MIT */
/* Switches the machine off.
 * Owns: the sleep and reset registers of the ACPI generic event device.
 * Relies on: ACPI 6.4, 4.8.3.7, for the sleep control register; QEMU's S5 being type 5.
 * Never: returns. */
#include "arch/arch.h"
#include "machine.h"
#include "mm/kmap.h"
#include "trap_entry.h"

#define RESET 2 /* after sleep control and sleep status */
#define RESET_VALUE 0x42
#define SLEEP_TYPE_SHIFT 2
#define SLEEP_ENABLE 0x20
#define S5_TYPE 5

_Noreturn void arch_power_off(int status)
{
	volatile uint8_t *ged = kmap_device(MACHINE_GED_SLEEP, RESET + 1);

	(void)status;
	arch_irq_save();
	uart_drain();
	ged[0] = S5_TYPE << SLEEP_TYPE_SHIFT | SLEEP_ENABLE;
	ged[RESET] = RESET_VALUE;
	for (;;)
		__asm__ volatile("idle 0");
}
