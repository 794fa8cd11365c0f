/* SPDX-License-Identifier: MIT */
/* From the boot tables to the kernel's own, and the architecture's part of the boot list.
 * Owns: the order of its steps.
 * Relies on: boot.S.
 * Never: comes back to boot.S's tables; enables interrupts. */
#include "arch/arch.h"
#include "boot/loader.h"
#include "core/log.h"
#include "gic.h"
#include "pl011.h"
#include "sysreg.h"
#include "trap_entry.h"

static struct loader_info loader;

_Noreturn void start64(paddr_t fdt)
{
	arch_set_this_cpu(NULL);
	pl011_init_early();
	cpu_detect();
	cpu_setup();
	loader_read_fdt(&loader, fdt);
	loader_memory(&loader);
	pl011_init();
	loader_start_kernel(&loader);
}

void arch_init(const struct bootinfo *info)
{
	(void)info;
	log_info("cpu: midr %08lx, hwcap %lx %lx%s%s", SYSREG_READ(midr_el1), cpu_features.hwcap, cpu_features.hwcap2,
		 cpu_has_pan ? ", pan" : "", cpu_features.rng ? ", random numbers" : "");
	gic_init();
	gic_init_cpu();
}
