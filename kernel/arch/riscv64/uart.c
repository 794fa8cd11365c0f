/* SPDX-License-Identifier: MIT */
/* The console: the 16550 that the device tree names; without one, and before, the SBI's.
 * Owns: which device, and which interrupt.
 * Relies on: dev/ns16550.h.
 * Never: touches a register itself. */
#include "uart.h"

#include "arch/arch.h"
#include "boot/fdt.h"
#include "dev/ns16550.h"
#include "mm/kmap.h"
#include "plic.h"
#include "sbi.h"
#include "trap/trap.h"

static struct ns16550 uart = { .read = ns16550_read_memory, .write = ns16550_write_memory };
static paddr_t registers;
static uint64_t registers_size;

static bool is_uart(fdt_node_t node)
{
	return fdt_compatible(node, "ns16550a") || fdt_compatible(node, "ns16550");
}

static fdt_node_t find(void)
{
	const char *path = fdt_string(fdt_find("/chosen"), "stdout-path");
	fdt_node_t node = path ? fdt_find(path) : NULL;

	if (!is_uart(node))
		node = fdt_find_compatible("ns16550a", NULL);
	return node ? node : fdt_find_compatible("ns16550", NULL);
}

/* The boot table has the direct map's address too. */
void uart_init(void)
{
	fdt_node_t node = find();

	if (!fdt_reg(node, 0, &registers, &registers_size) || !fdt_cell(node, "interrupts", 0, &uart.irq))
		return;
	uart.base = (uint64_t)arch_phys_to_virt(registers);
	ns16550_init(&uart);
}

void uart_map(void)
{
	if (registers_size)
		kmap_device(registers, registers_size);
}

void uart_drain(void)
{
	ns16550_drain(&uart);
}

void arch_console_write(const char *bytes, size_t n)
{
	ns16550_send(&uart, bytes, n);
	while (!uart.present && n-- > 0)
		sbi_console_put(*bytes++);
}

void arch_console_start(void)
{
	if (uart.present)
		plic_enable(uart.irq);
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
