/* SPDX-License-Identifier: MIT */
/* The interrupt controllers: the bridge's, PCH-PIC, sends a vector for each of its pins to the processor's, EIOINTC,
 * which raises a hardware line of the CPU. The vector of a pin is its number.
 * Owns: both; ECFG.
 * Relies on: Loongson 3A5000 manual, chapter on extended I/O interrupts; 7A1000 user manual, chapter 5. One CPU.
 * Never: lets a pin through before interrupts_enable_pin(). */
#include "arch/arch.h"
#include "csr.h"
#include "machine.h"
#include "mm/kmap.h"
#include "trap_entry.h"

/* In I/O CSR space. A bit for each of 256 vectors, or a byte where it says so. */
#define IOCSR_FUNCTIONS 0x420
#define FUNCTIONS_EXTENDED (1UL << 48)
#define EIO_NODE_TYPE 0x14a0
#define EIO_LINE_MAP 0x14c0 /* a byte for 32 vectors: bit n for hardware line n */
#define EIO_ENABLE 0x1600
#define EIO_BOUNCE 0x1680
#define EIO_PENDING 0x1800 /* of this CPU; write 1 to clear */
#define EIO_ROUTE 0x1c00   /* a byte for each vector: the node, the CPUs in it */
#define ROUTE_CPU0 1
#define LINE_MAP_LINE0 0x0101010101010101

/* In memory. */
#define PIC_MASK 0x20
#define PIC_MESSAGES 0x40 /* pins whose interrupts travel as vectors */
#define PIC_EDGE 0x60
#define PIC_VECTOR 0x200 /* a byte for each pin */
#define PIC_POLARITY 0x3e0
#define PIC_SIZE 0x400

static volatile uint8_t *pic;

static volatile uint64_t *reg(unsigned int at)
{
	return (volatile uint64_t *)(pic + at);
}

void interrupts_init(void)
{
	pic = kmap_device(MACHINE_PCH_PIC, PIC_SIZE);
	*reg(PIC_MASK) = ~0UL;
	*reg(PIC_EDGE) = 0;
	*reg(PIC_POLARITY) = 0;
	*reg(PIC_MESSAGES) = ~0UL;
	iocsr_write64(IOCSR_FUNCTIONS, iocsr_read64(IOCSR_FUNCTIONS) | FUNCTIONS_EXTENDED);
	iocsr_write64(EIO_NODE_TYPE, 1);
	iocsr_write64(EIO_LINE_MAP, LINE_MAP_LINE0);
	for (unsigned int at = 0; at < 32; at += 8) {
		iocsr_write64(EIO_ENABLE + at, 0);
		iocsr_write64(EIO_BOUNCE + at, 0);
	}
	csr_write(CSR_ECFG, INT_ALL);
}

void interrupts_enable_pin(unsigned int pin)
{
	pic[PIC_VECTOR + pin] = (uint8_t)pin;
	iocsr_write8(EIO_ROUTE + pin, ROUTE_CPU0);
	iocsr_write64(EIO_ENABLE, iocsr_read64(EIO_ENABLE) | 1UL << pin);
	*reg(PIC_MASK) &= ~(1UL << pin);
}

/* Cleared first: what comes while it is served is another one. */
bool interrupts_take(unsigned int *pin)
{
	uint64_t pending = iocsr_read64(EIO_PENDING);

	if (!pending)
		return false;
	*pin = (unsigned int)__builtin_ctzl(pending);
	iocsr_write64(EIO_PENDING, 1UL << *pin);
	return true;
}
