/* SPDX-License-Identifier: MIT */
/* The PVH boot protocol: Xen's hvm_start_info.
 * Owns: nothing.
 * Relies on: arch_phys_to_virt() of what lies below BOOT_REACH.
 * Never: reads beyond that. */
#include "arch/arch.h"
#include "core/log.h"
#include "core/string.h"
#include "layout.h"
#include "start.h"

#define HVM_START_MAGIC 0x336ec578u
#define HVM_MEMMAP_RAM 1
/* QEMU's boot ROM writes a longer command line over the start info, which comes after its buffer. */
#define QEMU_CMDLINE_MAX 4096

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

static const void *reach(const char *what, paddr_t pa, uint64_t size)
{
	if (pa >= BOOT_REACH || size > BOOT_REACH - pa)
		panic("boot loader: the %s at %lx is out of reach", what, pa);
	return arch_phys_to_virt(pa);
}

static void read_memmap(struct loader_info *l, const struct hvm_start_info *si)
{
	uint64_t size = si->memmap_entries * sizeof(struct hvm_memmap_entry);
	const struct hvm_memmap_entry *e;

	if (si->version < 1 || size == 0)
		panic("boot loader: no memory map");
	e = reach("memory map", si->memmap_paddr, size);
	for (unsigned int i = 0; i < si->memmap_entries; i++)
		if (e[i].type == HVM_MEMMAP_RAM)
			memmap_add(&l->ram, ALIGN_UP(e[i].addr, PAGE_SIZE),
				   ALIGN_DOWN(e[i].addr + e[i].size, PAGE_SIZE));
	for (unsigned int i = 0; i < si->memmap_entries; i++)
		if (e[i].type != HVM_MEMMAP_RAM)
			memmap_remove(&l->ram, ALIGN_DOWN(e[i].addr, PAGE_SIZE),
				      ALIGN_UP(e[i].addr + e[i].size, PAGE_SIZE));
	l->usable = l->ram;
	loader_reserve(l, si->memmap_paddr, size);
}

bool pvh_read(struct loader_info *l, paddr_t start)
{
	const struct hvm_start_info *si = reach("start info", start, sizeof(*si));
	const struct hvm_module *module;

	if (si->magic != HVM_START_MAGIC)
		return false;
	if (si->cmdline_paddr) {
		l->cmdline = si->cmdline_paddr;
		l->cmdline_size = strlen(reach("command line", si->cmdline_paddr, 1)) + 1;
		if (l->cmdline_size > QEMU_CMDLINE_MAX)
			return false;
	}
	start_rsdp = si->rsdp_paddr;
	read_memmap(l, si);
	loader_reserve(l, start, sizeof(*si));
	if (si->nr_modules > 0) {
		module = reach("module list", si->modlist_paddr, si->nr_modules * sizeof(*module));
		loader_reserve(l, si->modlist_paddr, si->nr_modules * sizeof(*module));
		for (unsigned int i = 1; i < si->nr_modules; i++)
			loader_reserve(l, module[i].paddr, module[i].size);
		l->initrd = module[0].paddr;
		l->initrd_size = module[0].size;
	}
	return true;
}
