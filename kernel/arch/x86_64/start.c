/* SPDX-License-Identifier: MIT */
/* What the boot loader told, in the kernel's terms: from hvm_start_info to kernel_main().
 * Owns: struct bootinfo, the boot CPU's arch_cpu.
 * Relies on: the PVH boot protocol as QEMU and Xen speak it.
 * Never: trusts that what it reads lies in RAM: everything is mapped explicitly. */
#include "start.h"

#include "arch/arch.h"
#include "core/bootinfo.h"
#include "core/log.h"
#include "core/string.h"
#include "fpu.h"
#include "kmap.h"
#include "percpu.h"
#include "uart.h"
#include "x86.h"

#define HVM_START_MAGIC 0x336ec578u
#define HVM_MEMMAP_RAM 1

struct hvm_start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modlist_paddr, cmdline_paddr, rsdp_paddr;
	uint64_t memmap_paddr; /* from here on: version 1 */
	uint32_t memmap_entries, reserved;
};

struct hvm_module {
	uint64_t paddr, size, cmdline_paddr, reserved;
};

struct hvm_memmap_entry {
	uint64_t addr, size;
	uint32_t type, reserved;
};

struct smap_site {
	uint8_t *at;
	uint64_t last;
};

extern const char kernel_start[], kernel_end[];
extern const struct smap_site smap_sites_start[], smap_sites_end[];

static struct arch_cpu boot_cpu;
static uint8_t boot_ist[IST_COUNT][IST_STACK_SIZE] __attribute__((aligned(16)));
static struct bootinfo bootinfo;
static struct memmap ram, usable;
static paddr_t rsdp;
static size_t cmdline_size;

paddr_t start_rsdp(void) { return rsdp; }

/* The boot tables still let the text be written. */
static void patch_smap(void)
{
	for (const struct smap_site *s = smap_sites_start; s < smap_sites_end && cpu_features.smap; s++) {
		s->at[1] = 0x01;
		s->at[2] = (uint8_t)s->last;
		s->at[0] = 0x0f;
	}
}

static void read_memmap(const struct hvm_start_info *si)
{
	const struct hvm_memmap_entry *e = arch_phys_to_virt(si->memmap_paddr);

	if (si->version < 1 || si->memmap_entries == 0)
		panic("the boot loader gave no memory map");
	if (si->memmap_paddr + si->memmap_entries * sizeof(*e) > 4UL << 30)
		panic("the boot loader's memory map lies above 4 GiB");
	for (unsigned int i = 0; i < si->memmap_entries; i++)
		if (e[i].type == HVM_MEMMAP_RAM)
			memmap_add(&ram, ALIGN_UP(e[i].addr, PAGE_SIZE), ALIGN_DOWN(e[i].addr + e[i].size, PAGE_SIZE));
	for (unsigned int i = 0; i < si->memmap_entries; i++)
		if (e[i].type != HVM_MEMMAP_RAM)
			memmap_remove(&ram, ALIGN_DOWN(e[i].addr, PAGE_SIZE), ALIGN_UP(e[i].addr + e[i].size, PAGE_SIZE));
	usable = ram;
}

static void reserve(paddr_t pa, uint64_t size)
{
	if (size)
		memmap_remove(&usable, ALIGN_DOWN(pa, PAGE_SIZE), ALIGN_UP(pa + size, PAGE_SIZE));
}

/* Before the first page is taken, for tables or else. The boot tables map the first 4 GiB, where every known loader puts
 * what is read here. */
static void reserve_loader_data(paddr_t info, const struct hvm_start_info *si)
{
	const struct hvm_module *module = arch_phys_to_virt(si->modlist_paddr);
	const char *cmdline = arch_phys_to_virt(si->cmdline_paddr);

	reserve(0, 1UL << 20); /* firmware's; the start-up code of other CPUs must lie here */
	reserve(arch_virt_to_phys(kernel_start), kernel_end - kernel_start);
	reserve(info, sizeof(*si));
	reserve(si->memmap_paddr, si->memmap_entries * sizeof(struct hvm_memmap_entry));
	if (si->nr_modules > 0) {
		if (si->modlist_paddr >= 4UL << 30)
			panic("the boot loader's module list lies above 4 GiB");
		reserve(si->modlist_paddr, si->nr_modules * sizeof(*module));
		for (unsigned int i = 0; i < si->nr_modules; i++)
			reserve(module[i].paddr, module[i].size);
		bootinfo.initrd = module[0].paddr;
		bootinfo.initrd_size = module[0].size;
	}
	if (si->cmdline_paddr >= 4UL << 30)
		panic("the command line lies above 4 GiB");
	bootinfo.cmdline = "";
	if (si->cmdline_paddr) {
		cmdline_size = strlen(cmdline) + 1;
		reserve(si->cmdline_paddr, cmdline_size);
		bootinfo.cmdline = cmdline;
	}
}

static void fill_ram(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < usable.count; i++) {
		if (n == ARRAY_SIZE(bootinfo.ram)) {
			usable.dropped += usable.range[i].end - usable.range[i].base;
			continue;
		}
		bootinfo.ram[n].base = usable.range[i].base;
		bootinfo.ram[n++].size = usable.range[i].end - usable.range[i].base;
	}
	bootinfo.ram_count = n;
	if (usable.dropped)
		log_warn("memory: %lu KiB in too many pieces are left unused", usable.dropped / 1024);
}

_Noreturn void start64(paddr_t info)
{
	const struct hvm_start_info *si = arch_phys_to_virt(info);

	cpu_detect();
	uart_init();
	for (unsigned int i = 0; i < IST_COUNT; i++)
		boot_cpu.ist_stack[i] = boot_ist[i];
	desc_init();
	desc_load(&boot_cpu);
	patch_smap();
	if (si->magic != HVM_START_MAGIC)
		panic("no PVH start info: magic %x", si->magic);
	if (!cpu_features.nx)
		panic("the CPU has no NX bit");
	rsdp = si->rsdp_paddr;
	read_memmap(si);
	reserve_loader_data(info, si);
	kmap_init(&ram, &usable);
	cpu_setup();
	fpu_setup();
	kmap_table(bootinfo.initrd, bootinfo.initrd_size);
	kmap_table(arch_virt_to_phys(bootinfo.cmdline), cmdline_size);
	kmap_early_end();
	fill_ram();
	kernel_main(&bootinfo);
}
