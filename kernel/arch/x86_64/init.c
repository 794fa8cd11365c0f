/* SPDX-License-Identifier: MIT */
/* The architecture's part of the boot list.
 * Owns: the order of its steps.
 * Relies on: start.c having made the first ones.
 * Never: enables interrupts. */
#include "acpi.h"
#include "apic.h"
#include "arch/arch.h"
#include "core/log.h"
#include "fpu.h"
#include "start.h"
#include "x86.h"

#include <vdk/page.h>

static void log_cpu(void)
{
	const struct cpu_features *f = &cpu_features;

	log_info("cpu:%s%s%s%s%s%s%s%s; vector state %zu bytes", f->smep ? " smep" : "", f->smap ? " smap" : "",
		 f->umip ? " umip" : "", f->fsgsbase ? " fsgsbase" : "", f->gbpages ? " 1gib-pages" : "",
		 f->rdtscp ? " rdtscp" : "", f->rdpid ? " rdpid" : "", f->xsave ? " xsave" : "", fpu_size());
}

void arch_init(const struct bootinfo *info)
{
	(void)info;
	log_cpu();
	acpi_init(start_rsdp);
	apic_init();
	apic_init_cpu();
}

unsigned int arch_getcpu_mode(void)
{
	return cpu_features.rdpid ? VDK_CPU_RDPID : VDK_CPU_LSL;
}
