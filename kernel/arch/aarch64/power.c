/* SPDX-License-Identifier: MIT */
/* Switches the machine off.
 * Owns: nothing.
 * Relies on: PSCI 0.2 or later; the device tree for how it is called.
 * Never: returns. */
#include "arch/arch.h"
#include "boot/fdt.h"
#include "core/string.h"
#include "pl011.h"

#define PSCI_SYSTEM_OFF 0x84000008UL

_Noreturn void arch_power_off(int status)
{
	fdt_node_t node = fdt_find_compatible("arm,psci-0.2", NULL);
	const char *method = fdt_string(node, "method");
	register uint64_t function __asm__("x0") = PSCI_SYSTEM_OFF;

	(void)status;
	arch_irq_save();
	pl011_drain();
	if (method && !strcmp(method, "smc"))
		__asm__ volatile("smc #0" : "+r"(function) : : "x1", "x2", "x3", "memory");
	else
		__asm__ volatile("hvc #0" : "+r"(function) : : "x1", "x2", "x3", "memory");
	for (;;)
		__asm__ volatile("wfi");
}
