/* SPDX-License-Identifier: MIT */
/* From the boot tables to the kernel's own, and from what the loader told to kernel_main().
 * Owns: struct bootinfo, the boot CPU's arch_cpu.
 * Relies on: boot.S.
 * Never: comes back to boot.S's tables or to 32-bit code. */
#include "start.h"

#include "arch/arch.h"
#include "core/bootinfo.h"
#include "core/log.h"
#include "core/string.h"
#include "fpu.h"
#include "kmap.h"
#include "loader.h"
#include "percpu.h"
#include "uart.h"
#include "x86.h"

#define FIRST_MIB (1UL << 20)

struct smap_site {
	uint8_t *at;
	uint64_t last;
};

extern const char kernel_start[], kernel_end[];
extern const struct smap_site smap_sites_start[], smap_sites_end[];

static struct arch_cpu boot_cpu;
static uint8_t boot_ist[IST_COUNT][IST_STACK_SIZE] __attribute__((aligned(16)));
static struct bootinfo bootinfo;
static struct loader_info loader;

paddr_t start_rsdp(void)
{
	return loader.rsdp;
}

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

	if (loader_read_pvh(&loader, info))
		return;
	loader = blank;
	if (!loader_read_fw_cfg(&loader))
		panic("boot loader: the PVH start info is damaged or missing");
}

static void reserve(paddr_t pa, uint64_t size)
{
	if (size)
		memmap_remove(&loader.usable, ALIGN_DOWN(pa, PAGE_SIZE), ALIGN_UP(pa + size, PAGE_SIZE));
}

static void fill_bootinfo(void)
{
	unsigned int n = 0;

	bootinfo.initrd = loader.initrd;
	bootinfo.initrd_size = loader.initrd_size;
	bootinfo.cmdline = loader.cmdline_size ? arch_phys_to_virt(loader.cmdline) : "";
	for (unsigned int i = 0; i < loader.usable.count; i++) {
		const struct memmap_range *r = &loader.usable.range[i];

		if (n == ARRAY_SIZE(bootinfo.ram)) {
			loader.usable.dropped += r->end - r->base;
			continue;
		}
		bootinfo.ram[n].base = r->base;
		bootinfo.ram[n++].size = r->end - r->base;
	}
	bootinfo.ram_count = n;
	if (loader.usable.dropped)
		log_warn("memory: %lu KiB in too many pieces are left unused", loader.usable.dropped / 1024);
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
	reserve(0, FIRST_MIB); /* firmware's; the start-up code of other CPUs must lie there */
	reserve(arch_virt_to_phys(kernel_start), (uint64_t)(kernel_end - kernel_start));
	reserve(loader.initrd, loader.initrd_size);
	reserve(loader.cmdline, loader.cmdline_size);
	kmap_init(&loader.ram, &loader.usable);
	cpu_setup();
	fpu_setup();
	kmap_table(loader.initrd, loader.initrd_size);
	kmap_table(loader.cmdline, loader.cmdline_size);
	kmap_early_end();
	fill_bootinfo();
	kernel_main(&bootinfo);
}
