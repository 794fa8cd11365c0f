/* SPDX-License-Identifier: MIT */
/* Device interrupts.
 * Owns: the PLIC's registers.
 * Relies on: the RISC-V PLIC specification 1.0.0.
 * Never: uses the context of another hart, or of M-mode. */
#include "plic.h"

#include "arch/arch.h"
#include "core/log.h"
#include "cpu.h"
#include "csr.h"
#include "mm/kmap.h"

#define PRIORITY(irq) (4UL * (irq))
#define ENABLE(context, irq) (0x2000 + 0x80UL * (context) + (irq) / 32 * 4UL)
#define THRESHOLD(context) (0x200000 + 0x1000UL * (context))
#define CLAIM(context) (THRESHOLD(context) + 4)

static volatile uint8_t *base; /* NULL: there is no PLIC */
static unsigned int context, sources;

static volatile uint32_t *reg(uint64_t offset)
{
	return (volatile uint32_t *)(base + offset);
}

/* The place among the contexts is the place of the pair {hart's interrupt controller, cause} in the property. */
static bool find_context(fdt_node_t plic, uint32_t controller)
{
	uint32_t phandle, cause;

	for (unsigned int i = 0; fdt_cell(plic, "interrupts-extended", 2 * i, &phandle) &&
				 fdt_cell(plic, "interrupts-extended", 2 * i + 1, &cause); i++)
		if (phandle == controller && cause == IRQ_EXTERNAL) {
			context = i;
			return true;
		}
	return false;
}

void plic_init(uint64_t hart)
{
	fdt_node_t plic = fdt_find_compatible("riscv,plic0", NULL), child = fdt_first_child(cpu_node(hart));
	uint32_t controller = 0, length;
	paddr_t pa;
	uint64_t size;

	while (child && !fdt_property(child, "interrupt-controller", &length))
		child = fdt_next_sibling(child);
	if (!plic)
		plic = fdt_find_compatible("sifive,plic-1.0.0", NULL);
	if (!fdt_cell(child, "phandle", 0, &controller) || !find_context(plic, controller) ||
	    !fdt_reg(plic, 0, &pa, &size) || !fdt_cell(plic, "riscv,ndev", 0, &sources)) {
		log_warn("plic: the device tree has none for hart %lu: no device interrupts", hart);
		return;
	}
	base = kmap_device(pa, size);
	for (unsigned int irq = 1; irq <= sources; irq++)
		*reg(PRIORITY(irq)) = 0;
	for (unsigned int irq = 0; irq <= sources; irq += 32)
		*reg(ENABLE(context, irq)) = 0;
	*reg(THRESHOLD(context)) = 0;
}

void plic_enable(unsigned int irq)
{
	unsigned long flags;

	if (!base || irq == 0 || irq > sources)
		return;
	flags = arch_irq_save();
	*reg(PRIORITY(irq)) = 1;
	*reg(ENABLE(context, irq)) |= 1u << irq % 32;
	arch_irq_restore(flags);
}

bool plic_claim(unsigned int *irq)
{
	*irq = base ? *reg(CLAIM(context)) : 0;
	return *irq != 0;
}

void plic_complete(unsigned int irq)
{
	*reg(CLAIM(context)) = irq;
}
