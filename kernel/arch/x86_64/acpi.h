/* SPDX-License-Identifier: MIT */
/* Owns: what the kernel wants to know from the ACPI tables.
 * Relies on: the direct map.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_ACPI_H
#define VDK_KERNEL_ARCH_X86_64_ACPI_H

#include "core/types.h"

#define ACPI_IOAPIC_MAX 8
#define ISA_IRQS 16

struct acpi_info {
	bool found;
	unsigned int ioapic_count;
	struct {
		paddr_t address;
		unsigned int gsi_base;
	} ioapic[ACPI_IOAPIC_MAX];
	struct {
		unsigned int gsi;
		bool active_low, level;
	} isa[ISA_IRQS];
	paddr_t hpet;               /* 0: none */
	uint16_t pm1a_control;      /* 0: none */
	uint16_t pm_timer;          /* 0: none */
	unsigned int pm_timer_width; /* 24 or 32 */
	uint8_t rtc_century;        /* CMOS register; 0: none */
	uint16_t s5_type;           /* SLP_TYPa of \_S5, in place */
};
extern struct acpi_info acpi;

/* Read the tables. Without any, `acpi` holds what a PC of old has. After page_init(). */
void acpi_init(paddr_t rsdp);

#endif
