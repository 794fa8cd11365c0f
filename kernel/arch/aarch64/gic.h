/* SPDX-License-Identifier: MIT */
/* Owns: the interrupt controller, GICv2 or GICv3.
 * Relies on: the device tree.
 * Who may include: kernel/arch/aarch64. */
#ifndef VDK_KERNEL_ARCH_AARCH64_GIC_H
#define VDK_KERNEL_ARCH_AARCH64_GIC_H

#include "boot/fdt.h"
#include "core/types.h"

#define GIC_NONE 1023u

void gic_init(void);     /* all interrupts off; panics where there is no controller that it knows */
void gic_init_cpu(void); /* the interface of the CPU that runs this */
void gic_enable(unsigned int irq); /* to the boot CPU, level-triggered */

/* Take the interrupt that is pending, GIC_NONE if there is none; and end it, once its source is silent. */
unsigned int gic_acknowledge(void);
void gic_end(unsigned int irq);

/* Interrupt `index` of a device; false: it has none, or not one of the GIC's own. */
bool gic_device_irq(fdt_node_t node, unsigned int index, unsigned int *irq);

#endif
