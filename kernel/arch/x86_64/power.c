/* SPDX-License-Identifier: MIT */
/* Switches the machine off.
 * Owns: nothing.
 * Relies on: ACPI for the port, or else QEMU's debug exit device, or else a triple fault.
 * Never: returns. */
#include "acpi.h"
#include "arch/arch.h"
#include "uart.h"
#include "x86.h"

#define SLEEP_ENABLE 0x2000
#define SLEEP_TYPE_SHIFT 10
#define DEBUG_EXIT 0xf4
#define PORT_DELAY 0x80 /* a write takes about a microsecond and does nothing */
#define PATIENCE 100000

_Noreturn void arch_power_off(int status)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) no_idt = {0};

	arch_irq_save();
	uart_drain();
	if (acpi.pm1a_control)
		outw(acpi.pm1a_control, (uint16_t)(acpi.s5_type << SLEEP_TYPE_SHIFT | SLEEP_ENABLE));
	for (int i = 0; i < PATIENCE; i++)
		outb(PORT_DELAY, 0);
	outb(DEBUG_EXIT, (uint8_t)status);
	for (;;)
		__asm__ volatile("lidt %0\n\tint3" : : "m"(no_idt));
}
