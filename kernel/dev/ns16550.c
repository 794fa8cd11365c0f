/* SPDX-License-Identifier: MIT */
/* The console's serial line, where it is a 16550.
 * Owns: the device's registers.
 * Relies on: fs/console.c keeping writers apart; its console_input() for what is received.
 * Never: drops a byte that it sends; waits for the line as long as that takes. */
#include "dev/ns16550.h"

#include "arch/arch.h"
#include "fs/file.h"

enum { DATA = 0, IER = 1, FCR = 2, LCR = 3, MCR = 4, LSR = 5 };

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
#define PATIENCE 100000

uint8_t ns16550_read_memory(const struct ns16550 *u, unsigned int reg)
{
	return ((const volatile uint8_t *)u->base)[reg];
}

void ns16550_write_memory(const struct ns16550 *u, unsigned int reg, uint8_t v)
{
	((volatile uint8_t *)u->base)[reg] = v;
}

bool ns16550_init(struct ns16550 *u)
{
	u->write(u, IER, 0);
	u->write(u, LCR, LCR_DIVISOR);
	u->write(u, DATA, 1);
	u->write(u, IER, 0);
	u->write(u, LCR, LCR_8N1);
	u->write(u, FCR, FCR_ENABLE | FCR_CLEAR | FCR_TRIGGER_14);
	u->write(u, MCR, MCR_DTR_RTS_OUT2);
	u->present = u->read(u, LSR) != LSR_ABSENT;
	return u->present;
}

void ns16550_send(struct ns16550 *u, const char *bytes, size_t n)
{
	while (u->present && n > 0) {
		while (!(u->read(u, LSR) & LSR_FIFO_EMPTY))
			arch_cpu_relax();
		for (size_t i = 0; i < FIFO_SIZE && n > 0; i++, n--)
			u->write(u, DATA, (uint8_t)*bytes++);
	}
}

void ns16550_drain(struct ns16550 *u)
{
	for (int i = 0; u->present && i < PATIENCE && !(u->read(u, LSR) & LSR_SENT); i++)
		arch_cpu_relax();
}

void ns16550_start(struct ns16550 *u)
{
	u->started = u->present;
	ns16550_resume(u);
}

/* The 16550 interrupts at once if the FIFO holds something. */
void ns16550_resume(struct ns16550 *u)
{
	unsigned long flags = spin_lock(&u->receive_lock);

	if (u->started)
		u->write(u, IER, IER_RECEIVE);
	spin_unlock(&u->receive_lock, flags);
}

/* Without room, bytes stay in the FIFO, and QEMU, which looks at it, waits. */
bool ns16550_interrupt(struct ns16550 *u, unsigned int irq)
{
	unsigned long flags;

	if (irq != u->irq || !u->started)
		return true;
	flags = spin_lock(&u->receive_lock);
	while (u->read(u, LSR) & LSR_DATA) {
		if (!console_room()) {
			u->write(u, IER, 0);
			break;
		}
		console_input(u->read(u, DATA));
	}
	spin_unlock(&u->receive_lock, flags);
	return true;
}
