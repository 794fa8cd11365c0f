/* SPDX-License-Identifier: MIT */
/* From what the boot loader told to kernel_main().
 * Owns: struct bootinfo.
 * Relies on: the architecture having filled struct loader_info.
 * Never: comes back to the boot page tables. */
#include "boot/loader.h"

#include "arch/arch.h"
#include "core/bootinfo.h"
#include "core/log.h"
#include "mm/kmap.h"

extern const char kernel_start[], kernel_end[];

void loader_reserve(struct loader_info *l, paddr_t pa, uint64_t size)
{
	if (size)
		memmap_remove(&l->usable, ALIGN_DOWN(pa, PAGE_SIZE), ALIGN_UP(pa + size, PAGE_SIZE));
}

void loader_memory(struct loader_info *l)
{
	loader_reserve(l, arch_virt_to_phys(kernel_start), (uint64_t)(kernel_end - kernel_start));
	loader_reserve(l, l->initrd, l->initrd_size);
	loader_reserve(l, l->cmdline, l->cmdline_size);
	kmap_init(&l->ram, &l->usable);
}

static void fill(struct bootinfo *info, struct loader_info *l)
{
	unsigned int n = 0;

	info->initrd = l->initrd;
	info->initrd_size = l->initrd_size;
	info->cmdline = l->cmdline_size ? arch_phys_to_virt(l->cmdline) : "";
	for (unsigned int i = 0; i < l->usable.count; i++) {
		const struct memmap_range *r = &l->usable.range[i];

		if (n == ARRAY_SIZE(info->ram)) {
			l->usable.dropped += r->end - r->base;
			continue;
		}
		info->ram[n].base = r->base;
		info->ram[n++].size = r->end - r->base;
	}
	info->ram_count = n;
	if (l->usable.dropped)
		log_warn("memory: %lu KiB in too many pieces are left unused", l->usable.dropped / 1024);
}

_Noreturn void loader_start_kernel(struct loader_info *l)
{
	static struct bootinfo info;

	kmap_table(l->initrd, l->initrd_size);
	kmap_table(l->cmdline, l->cmdline_size);
	kmap_early_end();
	fill(&info, l);
	kernel_main(&info);
}
