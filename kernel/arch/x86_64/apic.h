/* SPDX-License-Identifier: MIT */
/* Owns: the local APIC, its timer, and the I/O APICs.
 * Relies on: acpi.h.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_APIC_H
#define VDK_KERNEL_ARCH_X86_64_APIC_H

#include "core/types.h"

void apic_init(void);                  /* the I/O APICs, all inputs masked; the old PICs silenced */
void apic_init_cpu(void);              /* the local APIC of the CPU that runs this */
void apic_enable_isa_irq(unsigned int isa_irq); /* to the boot CPU */
unsigned int apic_isa_irq(unsigned int isa_irq); /* what trap_info.irq will be */
bool apic_vector_irq(unsigned int vector, unsigned int *irq);
void apic_end_of_interrupt(void);

/* The timer as a down-counter from 2^32 - 1, for calibration. */
void apic_timer_run_free(void);
uint32_t apic_timer_count(void);
void apic_timer_set_hz(uint64_t hz);   /* of the count; stops it */
void apic_timer_use_deadline(uint64_t tsc_hz);

#endif
