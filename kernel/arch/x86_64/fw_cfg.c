/* SPDX-License-Identifier: MIT */
/* What QEMU tells by its fw_cfg device, for command lines that are too long for its boot ROM.
 * Owns: the fw_cfg device's ports.
 * Relies on: the boot ROM having put the initrd where fw_cfg says.
 * Never: is asked when the start info is sound. */
#include "arch/arch.h"
#include "core/log.h"
#include "core/string.h"
#include "dev/fw_cfg.h"
#include "layout.h"
#include "start.h"
#include "x86.h"

#define PORT_SELECT 0x510
#define PORT_DATA 0x511
#define KEY_INITRD_ADDRESS 0x0a
#define KEY_INITRD_SIZE 0x0b
#define KEY_CMDLINE_SIZE 0x14
#define KEY_CMDLINE_DATA 0x15
#define E820_RAM 1
/* The firmware's tables are at the end of the memory below 4 GiB; fw_cfg's map does not tell them. */
#define FIRMWARE_SIZE (2UL << 20)
#define RSDP_AREA 0xe0000
#define RSDP_AREA_END 0x100000
#define RSDP_SIZE 20

struct e820_entry {
	uint64_t base, size;
	uint32_t type;
} __attribute__((packed));

static void select_item(uint16_t key)
{
	outw(PORT_SELECT, key);
}

static void read_on(void *buf, size_t n)
{
	__asm__ volatile("rep insb" : "+D"(buf), "+c"(n) : "d"(PORT_DATA) : "memory");
}

static const struct fw_cfg device = { .select = select_item, .read = read_on };

static uint32_t read_number(uint16_t key)
{
	uint32_t v;

	fw_cfg_read_item(&device, key, &v, sizeof(v));
	return v;
}

static bool read_memmap(struct loader_info *l)
{
	struct e820_entry e;
	struct fw_cfg_file f;
	paddr_t low_end = 0;

	if (!fw_cfg_find(&device, "etc/e820", &f))
		return false;
	select_item(f.key);
	for (size_t i = 0; i < f.size / sizeof(e); i++) {
		read_on(&e, sizeof(e));
		if (e.type == E820_RAM)
			memmap_add(&l->ram, ALIGN_UP(e.base, PAGE_SIZE), ALIGN_DOWN(e.base + e.size, PAGE_SIZE));
	}
	for (unsigned int i = 0; i < l->ram.count && l->ram.range[i].end <= BOOT_REACH; i++)
		low_end = l->ram.range[i].end;
	l->usable = l->ram;
	memmap_remove(&l->usable, low_end - MIN(low_end, FIRMWARE_SIZE), low_end);
	return l->usable.count > 0;
}

/* Room at the end of the highest range that the boot tables reach. */
static paddr_t take(struct loader_info *l, uint64_t size)
{
	size = ALIGN_UP(size, PAGE_SIZE);
	for (unsigned int i = l->usable.count; i-- > 0;) {
		const struct memmap_range *r = &l->usable.range[i];

		if (r->end <= BOOT_REACH && r->end - r->base > size)
			return r->end - size;
	}
	panic("boot loader: no room for a command line of %lu bytes", size);
}

static paddr_t find_rsdp(void)
{
	for (paddr_t pa = RSDP_AREA; pa < RSDP_AREA_END; pa += 16) {
		const uint8_t *p = arch_phys_to_virt(pa);
		uint8_t sum = 0;

		for (int i = 0; i < RSDP_SIZE; i++)
			sum += p[i];
		if (!sum && !memcmp(p, "RSD PTR ", 8))
			return pa;
	}
	return 0;
}

bool fw_cfg_read(struct loader_info *l)
{
	if (!fw_cfg_present(&device) || !read_memmap(l))
		return false;
	start_rsdp = find_rsdp();
	l->initrd_size = read_number(KEY_INITRD_SIZE);
	l->initrd = l->initrd_size ? read_number(KEY_INITRD_ADDRESS) : 0;
	loader_reserve(l, l->initrd, l->initrd_size);
	l->cmdline_size = read_number(KEY_CMDLINE_SIZE);
	if (l->cmdline_size) {
		l->cmdline = take(l, l->cmdline_size);
		fw_cfg_read_item(&device, KEY_CMDLINE_DATA, arch_phys_to_virt(l->cmdline), l->cmdline_size);
	}
	return true;
}
