/* SPDX-License-Identifier: MIT */
/* Interrupt controllers and the timer interrupt.
 * Owns: local APIC, I/O APICs, and the old PICs, which stay silent.
 * Relies on: acpi.h for where they are.
 * Never: arms the timer for longer than it can count: it arms for less, and the caller arms it again. */
#include "apic.h"

#include "acpi.h"
#include "arch/arch.h"
#include "core/log.h"
#include "mm/kmap.h"
#include "x86.h"

#define LONGEST_SEC (1UL << 28) /* below 2^64 cycles up to 68 GHz */
#define APIC_BASE_ADDRESS 0x000ffffffffff000UL
#define APIC_ID 0x20
#define APIC_TPR 0x80
#define APIC_EOI 0xb0
#define APIC_SPURIOUS 0xf0
#define APIC_LVT_TIMER 0x320
#define APIC_LVT_LINT0 0x350
#define APIC_LVT_LINT1 0x360
#define APIC_LVT_ERROR 0x370
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE 0x3e0

#define APIC_BASE_ENABLE 0x800
#define APIC_BASE_X2APIC 0x400
#define APIC_SOFT_ENABLE 0x100
#define LVT_MASKED 0x10000
#define LVT_NMI 0x400
#define LVT_TSC_DEADLINE 0x40000
#define DIVIDE_BY_1 0xb
#define X2APIC_MSR 0x800

#define IOAPIC_VERSION 1
#define IOAPIC_REDIRECTION 0x10
#define REDIRECTION_MASKED 0x10000u
#define REDIRECTION_LEVEL 0x8000u
#define REDIRECTION_LOW 0x2000u
#define GSI_MAX (VECTOR_TIMER - VECTOR_IRQ)

#define PIC1 0x20
#define PIC2 0xa0

static volatile uint32_t *lapic; /* NULL: x2APIC */
static volatile uint32_t *ioapic[ACPI_IOAPIC_MAX];
static uint64_t timer_hz;
static bool timer_deadline;

static uint32_t apic_read(unsigned int reg)
{
	return lapic ? lapic[reg / 4] : (uint32_t)rdmsr(X2APIC_MSR + reg / 16);
}

static void apic_write(unsigned int reg, uint32_t v)
{
	if (lapic)
		lapic[reg / 4] = v;
	else
		wrmsr(X2APIC_MSR + reg / 16, v);
}

void apic_end_of_interrupt(void)
{
	apic_write(APIC_EOI, 0);
}

/* The PICs get vectors of their own first, so that a stray interrupt is not taken for an exception. */
static void silence_pics(void)
{
	outb(PIC1, 0x11);
	outb(PIC2, 0x11);
	outb(PIC1 + 1, 0x20);
	outb(PIC2 + 1, 0x28);
	outb(PIC1 + 1, 4);
	outb(PIC2 + 1, 2);
	outb(PIC1 + 1, 1);
	outb(PIC2 + 1, 1);
	outb(PIC1 + 1, 0xff);
	outb(PIC2 + 1, 0xff);
}

static uint32_t ioapic_read(unsigned int n, unsigned int reg)
{
	ioapic[n][0] = reg;
	return ioapic[n][4];
}

static void ioapic_write(unsigned int n, unsigned int reg, uint32_t v)
{
	ioapic[n][0] = reg;
	ioapic[n][4] = v;
}

static unsigned int ioapic_inputs(unsigned int n)
{
	return (ioapic_read(n, IOAPIC_VERSION) >> 16 & 0xff) + 1;
}

void apic_init(void)
{
	silence_pics();
	for (unsigned int i = 0; i < acpi.ioapic_count; i++) {
		ioapic[i] = kmap_device(acpi.ioapic[i].address, 0x20);
		for (unsigned int pin = 0; pin < ioapic_inputs(i); pin++)
			ioapic_write(i, IOAPIC_REDIRECTION + 2 * pin, REDIRECTION_MASKED);
	}
}

void apic_init_cpu(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (cpu_features.x2apic)
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	else {
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
		lapic = kmap_device(base & APIC_BASE_ADDRESS, PAGE_SIZE);
	}
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_SPURIOUS, APIC_SOFT_ENABLE | VECTOR_SPURIOUS);
	log_info("apic: %s at %lx, %u I/O APIC", lapic ? "xAPIC" : "x2APIC", base & APIC_BASE_ADDRESS, acpi.ioapic_count);
}

static uint32_t apic_id(void)
{
	return lapic ? apic_read(APIC_ID) >> 24 : apic_read(APIC_ID);
}

unsigned int apic_isa_irq(unsigned int isa_irq)
{
	return acpi.isa[isa_irq].gsi;
}

void apic_enable_isa_irq(unsigned int isa_irq)
{
	unsigned int gsi = acpi.isa[isa_irq].gsi;
	uint32_t low = VECTOR_IRQ + gsi;

	if (acpi.isa[isa_irq].level)
		low |= REDIRECTION_LEVEL;
	if (acpi.isa[isa_irq].active_low)
		low |= REDIRECTION_LOW;
	for (unsigned int i = 0; i < acpi.ioapic_count; i++) {
		unsigned int pin = gsi - acpi.ioapic[i].gsi_base;

		if (gsi >= GSI_MAX || gsi < acpi.ioapic[i].gsi_base || pin >= ioapic_inputs(i))
			continue;
		ioapic_write(i, IOAPIC_REDIRECTION + 2 * pin + 1, apic_id() << 24);
		ioapic_write(i, IOAPIC_REDIRECTION + 2 * pin, low);
		return;
	}
	log_warn("apic: no I/O APIC has interrupt %u", gsi);
}

bool apic_vector_irq(unsigned int vector, unsigned int *irq)
{
	*irq = vector - VECTOR_IRQ;
	return vector >= VECTOR_IRQ && vector < VECTOR_TIMER;
}

void apic_timer_run_free(void)
{
	apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
}

uint32_t apic_timer_count(void)
{
	return apic_read(APIC_TIMER_CURRENT);
}

void apic_timer_set_hz(uint64_t hz)
{
	timer_hz = hz;
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
}

void apic_timer_use_deadline(uint64_t tsc_hz)
{
	timer_hz = tsc_hz;
	timer_deadline = true;
	apic_write(APIC_LVT_TIMER, LVT_TSC_DEADLINE | VECTOR_TIMER);
	/* The mode is changed through memory, the deadline is set through an MSR: only a fence orders the two. */
	__asm__ volatile("mfence" : : : "memory");
}

void arch_timer_arm(uint64_t ns)
{
	uint64_t sec = MIN(ns / NSEC_PER_SEC, LONGEST_SEC);
	uint64_t cycles = sec * timer_hz + ns % NSEC_PER_SEC * timer_hz / (uint64_t)NSEC_PER_SEC + 1;

	if (timer_deadline)
		wrmsr(MSR_TSC_DEADLINE, rdtsc_ordered() + cycles);
	else
		apic_write(APIC_TIMER_INITIAL, (uint32_t)MIN(cycles, UINT32_MAX));
}
