/* SPDX-License-Identifier: MIT */
/* From the boot tables to the kernel's own.
 * Owns: the boot CPU's arch_cpu.
 * Relies on: boot.S.
 * Never: comes back to boot.S's tables or to 32-bit code. */
#include "start.h"

#include "arch/arch.h"
#include "core/log.h"
#include "core/string.h"
#include "fpu.h"
#include "percpu.h"
#include "uart.h"
#include "x86.h"

#define FIRST_MIB (1UL << 20)

struct smap_site {
	uint8_t *at;
	uint64_t last;
};

extern const struct smap_site smap_sites_start[], smap_sites_end[];

static struct arch_cpu boot_cpu;
static uint8_t boot_ist[IST_COUNT][IST_STACK_SIZE] __attribute__((aligned(16)));
static struct loader_info loader;

paddr_t start_rsdp;

/* The boot tables still let the text be written. */
static void patch_smap(void)
{
	for (const struct smap_site *s = smap_sites_start; s < smap_sites_end && cpu_features.smap; s++) {
		s->at[0] = 0x0f;
		s->at[1] = 0x01;
		s->at[2] = (uint8_t)s->last;
	}
}

static void read_loader(paddr_t info)
{
	static struct loader_info blank;

	if (pvh_read(&loader, info))
		return;
	loader = blank;
	if (!fw_cfg_read(&loader))
		panic("boot loader: the PVH start info is damaged or missing");
}

_Noreturn void start64(paddr_t info)
{
	cpu_detect();
	uart_init();
	for (unsigned int i = 0; i < IST_COUNT; i++)
		boot_cpu.ist_stack[i] = boot_ist[i];
	desc_init();
	desc_load(&boot_cpu);
	patch_smap();
	if (!cpu_features.nx)
		panic("the CPU has no NX bit");
	read_loader(info);
	/* Firmware's tables, and the start-up code of other CPUs must lie there. */
	memmap_add(&loader.ram, 0, FIRST_MIB);
	loader_reserve(&loader, 0, FIRST_MIB);
	loader_memory(&loader);
	cpu_setup();
	fpu_setup();
	loader_start_kernel(&loader);
}
