/* SPDX-License-Identifier: MIT */
/* The console: a 16550 in memory.
 * Owns: where it is, and which interrupt.
 * Relies on: dev/ns16550.h.
 * Never: touches a register itself. */
#include "arch/arch.h"
#include "dev/ns16550.h"
#include "machine.h"
#include "mm/kmap.h"
#include "trap/trap.h"
#include "trap_entry.h"

#define UART_SIZE 8

static struct ns16550 uart = {
	.read = ns16550_read_memory,
	.write = ns16550_write_memory,
	.irq = MACHINE_UART_PIN,
};

void uart_init(void)
{
	uart.base = (uint64_t)kmap_device(MACHINE_UART, UART_SIZE);
	ns16550_init(&uart);
}

void uart_drain(void)
{
	ns16550_drain(&uart);
}

void arch_console_write(const char *bytes, size_t n)
{
	ns16550_send(&uart, bytes, n);
}

void arch_console_start(void)
{
	interrupts_enable_pin(MACHINE_UART_PIN);
	ns16550_start(&uart);
}

void arch_console_resume(void)
{
	ns16550_resume(&uart);
}

static bool uart_interrupt(struct trap_info *info)
{
	return ns16550_interrupt(&uart, info->irq);
}
TRAP_HANDLER(TRAP_IRQ, uart_interrupt);
