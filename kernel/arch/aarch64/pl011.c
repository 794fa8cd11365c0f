/* SPDX-License-Identifier: MIT */
/* The console's serial line.
 * Owns: the PL011's registers.
 * Relies on: fs/console.c keeping writers apart; its console_input() for what is received.
 * Never: drops a byte that it sends; waits for the line as long as that takes. */
#include "pl011.h"

#include "arch/arch.h"
#include "boot/fdt.h"
#include "core/spinlock.h"
#include "fs/file.h"
#include "gic.h"
#include "layout.h"
#include "mm/kmap.h"
#include "trap/trap.h"

#define VIRT_UART 0x09000000UL
#define REGISTERS_SIZE 0x1000

/* Registers, in words. */
enum { DR = 0, FR = 6, LCRH = 11, CR = 12, IFLS = 13, IMSC = 14, ICR = 17 };

#define FR_BUSY 0x08u
#define FR_RECEIVE_EMPTY 0x10u
#define FR_SEND_FULL 0x20u
#define LCRH_FIFO 0x10u
#define LCRH_8BIT 0x60u
#define CR_ENABLE 0x301u /* the UART, sending, receiving */
#define IFLS_HALF 0x12u
#define INT_RECEIVE 0x50u /* so many bytes, or fewer and a pause */
#define INT_ALL 0x7ffu
#define PATIENCE 100000

static volatile uint32_t *uart;
static unsigned int irq;
static bool started;
static struct spinlock receive_lock; /* IMSC; taken before the console's locks */

static void init(void)
{
	uart[IMSC] = 0;
	uart[ICR] = INT_ALL;
	uart[CR] = 0;
	uart[LCRH] = LCRH_8BIT | LCRH_FIFO;
	uart[IFLS] = IFLS_HALF;
	uart[CR] = CR_ENABLE;
}

void pl011_init_early(void)
{
	uart = arch_phys_to_virt(VIRT_UART);
	init();
}

/* Firmware has set the line's speed. */
void pl011_init(void)
{
	fdt_node_t node = fdt_find_compatible("arm,pl011", NULL);
	paddr_t base;
	uint64_t size;

	if (!fdt_reg(node, 0, &base, &size))
		base = VIRT_UART;
	uart = kmap_device(base, REGISTERS_SIZE);
	init();
}

void arch_console_write(const char *bytes, size_t n)
{
	while (n-- > 0) {
		while (uart[FR] & FR_SEND_FULL)
			arch_cpu_relax();
		uart[DR] = (uint8_t)*bytes++;
	}
}

void pl011_drain(void)
{
	for (int i = 0; i < PATIENCE && uart[FR] & FR_BUSY; i++)
		arch_cpu_relax();
}

void arch_console_start(void)
{
	if (!gic_device_irq(fdt_find_compatible("arm,pl011", NULL), 0, &irq))
		return;
	gic_enable(irq);
	started = true;
	arch_console_resume();
}

/* What the FIFO holds keeps the interrupt asserted behind its mask. */
void arch_console_resume(void)
{
	unsigned long flags = spin_lock(&receive_lock);

	if (started)
		uart[IMSC] = INT_RECEIVE;
	spin_unlock(&receive_lock, flags);
}

/* Without room, bytes stay in the FIFO, and QEMU, which looks at it, waits. */
static bool pl011_interrupt(struct trap_info *info)
{
	unsigned long flags;

	if (!started || info->irq != irq)
		return true;
	flags = spin_lock(&receive_lock);
	while (!(uart[FR] & FR_RECEIVE_EMPTY)) {
		if (!console_room()) {
			uart[IMSC] = 0;
			break;
		}
		console_input((uint8_t)uart[DR]);
	}
	spin_unlock(&receive_lock, flags);
	return true;
}
TRAP_HANDLER(TRAP_IRQ, pl011_interrupt);
