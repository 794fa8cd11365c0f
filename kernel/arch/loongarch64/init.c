/* SPDX-License-Identifier: MIT */
/* The architecture's part of the boot list.
 * Owns: the order of its steps. Relies on: start.c having made the first ones. Never: enables interrupts. */
#include "arch/arch.h"
#include "core/log.h"
#include "csr.h"
#include "trap_entry.h"

void arch_init(const struct bootinfo *info)
{
	(void)info;
	log_info("cpu: id %lx, features %lx %lx, hwcap %lx", cpucfg(0), cpucfg(1), cpucfg(2), arch_hwcap());
	interrupts_init();
}
