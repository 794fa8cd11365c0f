/* SPDX-License-Identifier: MIT */
/* The console's serial line.
 * Owns: the 16550 at COM1.
 * Relies on: fs/console.c keeping writers apart; its console_input() for what is received.
 * Never: drops a byte that it sends; waits for the line as long as that takes. */
#include "uart.h"

#include "apic.h"
#include "arch/arch.h"
#include "core/spinlock.h"
#include "fs/file.h"
#include "trap/trap.h"
#include "x86.h"

#define COM1 0x3f8
#define COM1_ISA_IRQ 4
#define UART_DATA (COM1 + 0)
#define UART_IER (COM1 + 1)
#define UART_FCR (COM1 + 2)
#define UART_LCR (COM1 + 3)
#define UART_MCR (COM1 + 4)
#define UART_LSR (COM1 + 5)

#define IER_RECEIVE 1
#define FCR_ENABLE 1
#define FCR_CLEAR 6
#define FCR_TRIGGER_14 0xc0
#define LCR_8N1 3
#define LCR_DIVISOR 0x80
#define MCR_DTR_RTS_OUT2 0xb
#define LSR_DATA 1
#define LSR_FIFO_EMPTY 0x20
#define LSR_SENT 0x40
#define LSR_ABSENT 0xff
#define FIFO_SIZE 16

static bool present, started;
static struct spinlock receive_lock; /* the interrupt enable register; taken before the console's locks */

void uart_init(void)
{
	outb(UART_IER, 0);
	outb(UART_LCR, LCR_DIVISOR);
	outb(UART_DATA, 1); /* 115200 baud */
	outb(UART_IER, 0);
	outb(UART_LCR, LCR_8N1);
	outb(UART_FCR, FCR_ENABLE | FCR_CLEAR | FCR_TRIGGER_14);
	outb(UART_MCR, MCR_DTR_RTS_OUT2);
	present = inb(UART_LSR) != LSR_ABSENT;
}

void arch_console_write(const char *bytes, size_t n)
{
	while (present && n > 0) {
		while (!(inb(UART_LSR) & LSR_FIFO_EMPTY))
			arch_cpu_relax();
		for (size_t i = 0; i < FIFO_SIZE && n > 0; i++, n--)
			outb(UART_DATA, (uint8_t)*bytes++);
	}
}

void uart_drain(void)
{
	for (int i = 0; present && i < 100000 && !(inb(UART_LSR) & LSR_SENT); i++)
		arch_cpu_relax();
}

void arch_console_start(void)
{
	if (!present)
		return;
	apic_enable_isa_irq(COM1_ISA_IRQ);
	started = true;
	arch_console_resume();
}

/* The 16550 interrupts at once if the FIFO holds something. */
void arch_console_resume(void)
{
	unsigned long flags = spin_lock(&receive_lock);

	if (started)
		outb(UART_IER, IER_RECEIVE);
	spin_unlock(&receive_lock, flags);
}

/* Without room, bytes stay in the FIFO, and QEMU, which looks at it, waits. */
static bool uart_interrupt(struct trap_info *info)
{
	unsigned long flags;

	if (info->irq != apic_isa_irq(COM1_ISA_IRQ))
		return true;
	flags = spin_lock(&receive_lock);
	while (inb(UART_LSR) & LSR_DATA) {
		if (!console_room()) {
			outb(UART_IER, 0);
			break;
		}
		console_input(inb(UART_DATA));
	}
	spin_unlock(&receive_lock, flags);
	return true;
}
TRAP_HANDLER(TRAP_IRQ, uart_interrupt);
