/* SPDX-License-Identifier: MIT */
/* Owns: the 16550 UART, wherever a machine has it.
 * Relies on: how the machine reads and writes a register.
 * Who may include: kernel/arch. */
#ifndef VDK_KERNEL_DEV_NS16550_H
#define VDK_KERNEL_DEV_NS16550_H

#include "core/spinlock.h"
#include "core/types.h"

/* Filled by the machine, up to `irq`; at rest zero. */
struct ns16550 {
	uint8_t (*read)(const struct ns16550 *u, unsigned int reg);
	void (*write)(const struct ns16550 *u, unsigned int reg, uint8_t v);
	uint64_t base; /* a port, or an address that the two functions understand */
	unsigned int irq; /* trap_info.irq of its interrupt */

	bool present, started;
	struct spinlock receive_lock; /* the interrupt enable register; taken before the console's locks */
};

/* Registers as bytes in memory: base is a virtual address. */
uint8_t ns16550_read_memory(const struct ns16550 *u, unsigned int reg);
void ns16550_write_memory(const struct ns16550 *u, unsigned int reg, uint8_t v);

/* 115200 baud, 8N1, FIFOs on, interrupts off; false: there is no such device. */
bool ns16550_init(struct ns16550 *u);
/* As arch_console_write() and the like; they do nothing without a device. */
void ns16550_send(struct ns16550 *u, const char *bytes, size_t n);
void ns16550_drain(struct ns16550 *u); /* until all is sent, or for a while */
void ns16550_start(struct ns16550 *u); /* the interrupt controller lets `irq` through */
void ns16550_resume(struct ns16550 *u);
/* For a handler of TRAP_IRQ: true. */
bool ns16550_interrupt(struct ns16550 *u, unsigned int irq);

#endif
