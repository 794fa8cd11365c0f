/* SPDX-License-Identifier: MIT */
/* What the device tree tells a kernel that boots: memory, and /chosen.
 * Owns: nothing.
 * Relies on: fdt.h; the Devicetree Specification 0.4, 3.4 to 3.6.
 * Never: calls memory usable that somebody reserved. */
#include "arch/arch.h"
#include "boot/fdt.h"
#include "boot/loader.h"
#include "core/log.h"
#include "core/string.h"
#include "layout.h"

#define RANGES_MAX 64

struct reservation { /* big endian; one of zero size ends the list */
	uint64_t base, size;
};

static void add_memory(struct loader_info *l, fdt_node_t node)
{
	const char *type = fdt_string(node, "device_type");
	paddr_t base;
	uint64_t size;

	if (!type || strcmp(type, "memory") || !fdt_usable(node))
		return;
	for (unsigned int i = 0; i < RANGES_MAX && fdt_reg(node, i, &base, &size); i++)
		memmap_add(&l->ram, ALIGN_UP(base, PAGE_SIZE), ALIGN_DOWN(base + size, PAGE_SIZE));
}

/* A node with `no-map` may not even be in the direct map: the firmware guards it. */
static void reserve_nodes(struct loader_info *l)
{
	fdt_node_t node = fdt_first_child(fdt_find("/reserved-memory"));
	paddr_t base;
	uint64_t size;
	uint32_t length;

	for (; node; node = fdt_next_sibling(node))
		for (unsigned int i = 0; i < RANGES_MAX && fdt_reg(node, i, &base, &size); i++) {
			loader_reserve(l, base, size);
			if (size && fdt_property(node, "no-map", &length))
				memmap_remove(&l->ram, ALIGN_DOWN(base, PAGE_SIZE), ALIGN_UP(base + size, PAGE_SIZE));
		}
}

static void reserve_list(struct loader_info *l, paddr_t fdt)
{
	const char *blob = arch_phys_to_virt(fdt);
	const uint32_t *header = (const uint32_t *)blob;
	uint32_t at = __builtin_bswap32(header[4]);
	const struct reservation *r;

	for (; at % 8 == 0 && at + sizeof(*r) <= fdt_size(); at += sizeof(*r)) {
		r = (const struct reservation *)(blob + at);
		if (!r->size)
			return;
		loader_reserve(l, __builtin_bswap64(r->base), __builtin_bswap64(r->size));
	}
	panic("device tree: damaged list of reservations");
}

/* One cell or two, as the loader likes. */
static bool address(fdt_node_t node, const char *name, paddr_t *pa)
{
	uint32_t high = 0, low;

	if (!fdt_cell(node, name, 0, &low))
		return false;
	if (fdt_cell(node, name, 1, &high)) {
		uint32_t first = low;

		low = high;
		high = first;
	}
	*pa = (uint64_t)high << 32 | low;
	return true;
}

static void read_chosen(struct loader_info *l)
{
	fdt_node_t chosen = fdt_find("/chosen");
	const char *bootargs = fdt_string(chosen, "bootargs");
	paddr_t start, end;

	if (address(chosen, "linux,initrd-start", &start) && address(chosen, "linux,initrd-end", &end) && start < end) {
		l->initrd = start;
		l->initrd_size = end - start;
	}
	if (bootargs) {
		l->cmdline = arch_virt_to_phys(bootargs);
		l->cmdline_size = strlen(bootargs) + 1;
	}
}

void loader_read_fdt(struct loader_info *l, paddr_t fdt)
{
	if (fdt >= BOOT_REACH)
		panic("device tree: %lx is out of reach", fdt);
	fdt_open(fdt);
	for (fdt_node_t node = fdt_first_child(fdt_root()); node; node = fdt_next_sibling(node))
		add_memory(l, node);
	if (!l->ram.count)
		panic("device tree: no memory");
	l->usable = l->ram;
	reserve_nodes(l);
	reserve_list(l, fdt);
	loader_reserve(l, fdt, fdt_size());
	read_chosen(l);
}

bool loader_seed(uint32_t *seed)
{
	static unsigned int used;

	return fdt_cell(fdt_find("/chosen"), "rng-seed", used, seed) && ++used;
}
