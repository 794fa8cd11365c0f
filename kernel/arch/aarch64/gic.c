/* SPDX-License-Identifier: MIT */
/* The interrupt controller.
 * Owns: the distributor and the CPU interfaces: GICv2's in memory; GICv3's redistributors and system registers.
 * Relies on: the device tree for where they are.
 * Never: uses groups, priorities or preemption: every interrupt has the same priority, in the group that is the
 * kernel's. */
#include "gic.h"

#include "arch/arch.h"
#include "core/log.h"
#include "mm/kmap.h"
#include "sysreg.h"

/* Distributor: byte offsets. */
#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICD_IROUTER 0x6000
#define GICD_SIZE 0x10000
#define CTLR_ENABLE 1u
#define CTLR_V3_ENABLE_GROUP1 2u
#define CTLR_V3_AFFINITY 0x10u
#define CTLR_V3_PENDING 0x80000000u
#define PRIORITIES_MIDDLE 0xa0a0a0a0u

/* CPU interface of GICv2. */
#define GICC_CTLR 0x00
#define GICC_PMR 0x04
#define GICC_IAR 0x0c
#define GICC_EOIR 0x10
#define GICC_SIZE 0x1000
#define PMR_ALL 0xffu

/* Redistributor of GICv3: a frame for control, and one that looks like a distributor's first registers. */
#define GICR_CTLR 0x00000
#define GICR_TYPER 0x00008
#define GICR_WAKER 0x00014
#define GICR_FRAME 0x20000
#define GICR_SGI 0x10000
#define GICR_TYPER_LAST 0x10u
#define GICR_TYPER_VIRTUAL 0x2u
#define WAKER_SLEEP 2u
#define WAKER_ASLEEP 4u

#define IRQ_FIRST_SHARED 32u
#define IRQ_FIRST_PRIVATE 16u
#define IRQ_FIRST_SPECIAL 1020u
#define IRQ_MASK 1023u /* above, a GICv2 has the sender of an interrupt between CPUs: there are none */
#define SRE_ENABLE 1
#define FDT_CELLS 3 /* of an interrupt: type, number, flags */
#define PATIENCE 1000000

static volatile uint8_t *dist, *cpu_interface, *redist; /* redist NULL: GICv2 */
static uint64_t redist_size;
static unsigned int irq_count;

static uint32_t read32(const volatile uint8_t *base, unsigned int at)
{
	return *(const volatile uint32_t *)(base + at);
}

static void write32(volatile uint8_t *base, unsigned int at, uint32_t v)
{
	*(volatile uint32_t *)(base + at) = v;
}

static void wait_v3(const volatile uint8_t *base, unsigned int at)
{
	for (int i = 0; read32(base, at) & CTLR_V3_PENDING; i++)
		if (i == PATIENCE)
			panic("gic: a register write never ends");
}

static volatile uint8_t *map(fdt_node_t node, unsigned int index, uint64_t least, uint64_t *length)
{
	paddr_t base;
	uint64_t size;

	if (!fdt_reg(node, index, &base, &size) || size < least)
		panic("gic: the device tree does not say where range %u of %s is", index, fdt_name(node));
	if (length)
		*length = size;
	return kmap_device(base, size);
}

static fdt_node_t find(bool *v3)
{
	static const char *const names[] = { "arm,gic-v3", "arm,gic-400", "arm,cortex-a15-gic" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		fdt_node_t node = fdt_find_compatible(names[i], NULL);

		*v3 = i == 0;
		if (node)
			return node;
	}
	panic("gic: the device tree has neither a GICv2 nor a GICv3");
}

/* Registers of one bit, or eight, per interrupt, from `first` on. */
static void quiet(volatile uint8_t *base, unsigned int first, unsigned int end, bool v3)
{
	for (unsigned int i = first; i < end; i += 32) {
		write32(base, GICD_ICENABLER + i / 8, UINT32_MAX);
		if (v3)
			write32(base, GICD_IGROUPR + i / 8, UINT32_MAX);
	}
	for (unsigned int i = first; i < end; i += 4)
		write32(base, GICD_IPRIORITYR + i, PRIORITIES_MIDDLE);
}

void gic_init(void)
{
	bool v3;
	fdt_node_t node = find(&v3);

	dist = map(node, 0, GICC_SIZE, NULL);
	if (v3)
		redist = map(node, 1, GICR_FRAME, &redist_size);
	else
		cpu_interface = map(node, 1, GICC_SIZE, NULL);
	irq_count = MIN(32 * ((read32(dist, GICD_TYPER) & 31) + 1), IRQ_FIRST_SPECIAL);
	write32(dist, GICD_CTLR, 0);
	if (v3)
		wait_v3(dist, GICD_CTLR);
	quiet(dist, IRQ_FIRST_SHARED, irq_count, v3);
	if (v3) {
		write32(dist, GICD_CTLR, CTLR_V3_AFFINITY | CTLR_V3_ENABLE_GROUP1);
		wait_v3(dist, GICD_CTLR);
	} else {
		write32(dist, GICD_CTLR, CTLR_ENABLE);
	}
	log_info("gic: version %d, %u interrupts", v3 ? 3 : 2, irq_count);
}

/* This CPU's affinity as GICR_TYPER and GICD_IROUTER have it: Aff3 next to the others. */
static uint64_t affinity(void)
{
	uint64_t mpidr = SYSREG_READ(mpidr_el1);

	return (mpidr >> 8 & 0xff000000) | (mpidr & 0xffffff);
}

static volatile uint8_t *own_redistributor(void)
{
	for (uint64_t at = 0; at + GICR_FRAME <= redist_size;) {
		uint32_t type = read32(redist + at, GICR_TYPER);

		if (read32(redist + at, GICR_TYPER + 4) == affinity())
			return redist + at;
		if (type & GICR_TYPER_LAST)
			break;
		at += type & GICR_TYPER_VIRTUAL ? 2 * GICR_FRAME : GICR_FRAME;
	}
	panic("gic: this CPU has no redistributor");
}

static void init_cpu_v3(void)
{
	volatile uint8_t *r = own_redistributor();

	redist = r;
	write32(r, GICR_WAKER, read32(r, GICR_WAKER) & ~WAKER_SLEEP);
	for (int i = 0; read32(r, GICR_WAKER) & WAKER_ASLEEP; i++)
		if (i == PATIENCE)
			panic("gic: the redistributor does not wake up");
	quiet(r + GICR_SGI, 0, IRQ_FIRST_SHARED, true);
	SYSREG_WRITE(s3_0_c12_c12_5, SYSREG_READ(s3_0_c12_c12_5) | SRE_ENABLE); /* ICC_SRE_EL1 */
	isb();
	SYSREG_WRITE(s3_0_c4_c6_0, PMR_ALL);  /* ICC_PMR_EL1 */
	SYSREG_WRITE(s3_0_c12_c12_4, 0);      /* ICC_CTLR_EL1: one write ends an interrupt */
	SYSREG_WRITE(s3_0_c12_c12_7, 1);      /* ICC_IGRPEN1_EL1 */
	isb();
}

void gic_init_cpu(void)
{
	if (redist) {
		init_cpu_v3();
		return;
	}
	quiet(dist, 0, IRQ_FIRST_SHARED, false);
	write32(cpu_interface, GICC_PMR, PMR_ALL);
	write32(cpu_interface, GICC_CTLR, CTLR_ENABLE);
}

void gic_enable(unsigned int irq)
{
	volatile uint8_t *bank = redist && irq < IRQ_FIRST_SHARED ? redist + GICR_SGI : dist;
	unsigned int config = GICD_ICFGR + irq / 16 * 4;

	if (irq >= irq_count)
		panic("gic: there is no interrupt %u", irq);
	write32(bank, config, read32(bank, config) & ~(2u << irq % 16 * 2));
	if (irq >= IRQ_FIRST_SHARED) {
		if (redist)
			*(volatile uint64_t *)(dist + GICD_IROUTER + 8 * irq) = (SYSREG_READ(mpidr_el1) & 0xff00ffffff);
		else
			dist[GICD_ITARGETSR + irq] = dist[GICD_ITARGETSR];
	}
	write32(bank, GICD_ISENABLER + irq / 32 * 4, 1u << irq % 32);
}

unsigned int gic_acknowledge(void)
{
	uint32_t irq;

	if (redist) {
		irq = (uint32_t)SYSREG_READ(s3_0_c12_c12_0); /* ICC_IAR1_EL1 */
		__asm__ volatile("dsb sy" : : : "memory");
	} else {
		irq = read32(cpu_interface, GICC_IAR);
	}
	irq &= IRQ_MASK;
	return irq < IRQ_FIRST_SPECIAL ? irq : GIC_NONE;
}

void gic_end(unsigned int irq)
{
	if (redist) {
		SYSREG_WRITE(s3_0_c12_c12_1, irq); /* ICC_EOIR1_EL1 */
		isb();
	} else {
		write32(cpu_interface, GICC_EOIR, irq);
	}
}

bool gic_device_irq(fdt_node_t node, unsigned int index, unsigned int *irq)
{
	uint32_t type, number;

	if (!fdt_cell(node, "interrupts", index * FDT_CELLS, &type) ||
	    !fdt_cell(node, "interrupts", index * FDT_CELLS + 1, &number) || type > 1)
		return false;
	*irq = number + (type ? IRQ_FIRST_PRIVATE : IRQ_FIRST_SHARED);
	return true;
}
