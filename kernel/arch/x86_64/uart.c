/* SPDX-License-Identifier: MIT */
/* The console: a 16550 at COM1.
 * Owns: which ports, and which interrupt.
 * Relies on: dev/ns16550.h.
 * Never: touches a register itself. */
#include "uart.h"

#include "apic.h"
#include "arch/arch.h"
#include "dev/ns16550.h"
#include "trap/trap.h"
#include "x86.h"

#define COM1 0x3f8
#define COM1_ISA_IRQ 4

static uint8_t port_read(const struct ns16550 *u, unsigned int reg)
{
	return inb((uint16_t)(u->base + reg));
}

static void port_write(const struct ns16550 *u, unsigned int reg, uint8_t v)
{
	outb((uint16_t)(u->base + reg), v);
}

static struct ns16550 com1 = { .read = port_read, .write = port_write, .base = COM1 };

void uart_init(void)
{
	ns16550_init(&com1);
}

void uart_drain(void)
{
	ns16550_drain(&com1);
}

void arch_console_write(const char *bytes, size_t n)
{
	ns16550_send(&com1, bytes, n);
}

void arch_console_start(void)
{
	com1.irq = apic_isa_irq(COM1_ISA_IRQ);
	if (com1.present)
		apic_enable_isa_irq(COM1_ISA_IRQ);
	ns16550_start(&com1);
}

void arch_console_resume(void)
{
	ns16550_resume(&com1);
}

static bool uart_interrupt(struct trap_info *info)
{
	return ns16550_interrupt(&com1, info->irq);
}
TRAP_HANDLER(TRAP_IRQ, uart_interrupt);
