/* SPDX-License-Identifier: MIT */
/* The kernel's own mappings.
 * Owns: the kernel's part of all page tables.
 * Relies on: the boot tables while it builds the final ones; page_alloc() for what is added later.
 * Never: maps a page writable and executable, nor the kernel's text and constants writable anywhere. */
#include "mm/kmap.h"

#include "arch/arch.h"
#include "core/log.h"
#include "core/string.h"
#include "layout.h"
#include "mm/page.h"
#include "mm/table.h"

#define RO ARCH_PROT_READ
#define RW (ARCH_PROT_READ | ARCH_PROT_WRITE)
#define RX (ARCH_PROT_READ | ARCH_PROT_EXEC)

extern const char kernel_start[], kernel_rodata[], kernel_data[], kernel_end[];
extern const char boot_stack_guard[], boot_stack[];

static paddr_t root;
static struct memmap *early; /* NULL once page_alloc() serves */

void *arch_phys_to_virt(paddr_t pa)
{
	return (void *)(DIRECT_MAP + pa);
}

paddr_t arch_virt_to_phys(const void *va)
{
	uint64_t v = (uint64_t)va;

	return v >= KERNEL_BASE ? v - KERNEL_BASE : v - DIRECT_MAP;
}

paddr_t kmap_root(void)
{
	return root;
}

static paddr_t early_page(void)
{
	for (unsigned int i = early->count; i-- > 0;) {
		paddr_t end = MIN(early->range[i].end, BOOT_REACH);

		if (end <= early->range[i].base)
			continue;
		memmap_remove(early, end - PAGE_SIZE, end);
		memset(arch_phys_to_virt(end - PAGE_SIZE), 0, PAGE_SIZE);
		return end - PAGE_SIZE;
	}
	panic("no memory for the kernel's page tables");
}

static paddr_t table_page(unsigned int order)
{
	paddr_t pa = early ? early_page() : page_alloc(order);

	if (!pa)
		panic("no memory for the kernel's page tables");
	return pa;
}

static unsigned int largest_level(uint64_t va, paddr_t pa, uint64_t size)
{
	unsigned int level = pte_largest();

	while (level > 0 && (((va | pa) & (TABLE_SPAN(level) - 1)) || size < TABLE_SPAN(level)))
		level--;
	return level;
}

/* Bytes done: one page of the largest size that fits. */
static uint64_t map_one(uint64_t va, paddr_t pa, uint64_t size, unsigned int prot, bool device)
{
	unsigned int want = largest_level(va, pa, size);
	uint64_t *entry = &table_at(root)[TABLE_INDEX(va, PT_LEVELS - 1)];

	for (unsigned int level = PT_LEVELS - 2;; level--) {
		if (!*entry)
			*entry = pte_table(table_page(0));
		else if (pte_large(*entry))
			return TABLE_SPAN(level + 1) - (va & (TABLE_SPAN(level + 1) - 1));
		entry = &table_at(pte_address(*entry))[TABLE_INDEX(va, level)];
		if (level == want && !*entry) {
			*entry = pte_kernel(pa, prot, device, level);
			return TABLE_SPAN(level);
		}
		if (level == 0)
			return PAGE_SIZE;
	}
}

static void map(uint64_t va, paddr_t pa, uint64_t size, unsigned int prot, bool device)
{
	while (size > 0) {
		uint64_t done = MIN(map_one(va, pa, size, prot, device), size);

		pte_written(va);
		va += done;
		pa += done;
		size -= done;
	}
}

static void map_image(const char *from, const char *to, unsigned int prot)
{
	map((uint64_t)from, arch_virt_to_phys(from), (uint64_t)(to - from), prot, false);
}

#ifdef DEVICE_MAP /* the hardware maps all memory */

static void map_direct(const struct memmap *ram)
{
	(void)ram;
}

volatile void *kmap_device(paddr_t pa, uint64_t size)
{
	(void)size;
	return (volatile void *)(DEVICE_MAP + pa);
}

const void *kmap_table(paddr_t pa, uint64_t size)
{
	(void)size;
	return arch_phys_to_virt(pa);
}

#else

static void map_ram(paddr_t base, paddr_t end, unsigned int prot)
{
	if (base < end)
		map(DIRECT_MAP + base, base, end - base, prot, false);
}

static void map_direct(const struct memmap *ram)
{
	paddr_t fixed = arch_virt_to_phys(kernel_start), fixed_end = arch_virt_to_phys(kernel_data);

	map_ram(fixed, fixed_end, RO);
	for (unsigned int i = 0; i < ram->count; i++) {
		paddr_t base = ram->range[i].base, end = ram->range[i].end;

		map_ram(base, MIN(end, fixed), RW);
		map_ram(MAX(base, fixed_end), end, RW);
	}
}

static void *map_more(paddr_t pa, uint64_t size, unsigned int prot, bool device)
{
	paddr_t base = ALIGN_DOWN(pa, PAGE_SIZE);

	map(DIRECT_MAP + base, base, ALIGN_UP(pa + size, PAGE_SIZE) - base, prot, device);
	return arch_phys_to_virt(pa);
}

volatile void *kmap_device(paddr_t pa, uint64_t size)
{
	return map_more(pa, size, RW, true);
}

const void *kmap_table(paddr_t pa, uint64_t size)
{
	return map_more(pa, size, RO, false);
}

#endif

void kmap_init(const struct memmap *ram, struct memmap *free)
{
	early = free;
	root = table_page(0);
	map_image(kernel_start, kernel_rodata, RX);
	map_image(kernel_rodata, kernel_data, RO);
	map_image(kernel_data, boot_stack_guard, RW);
	map_image(boot_stack, kernel_end, RW);
	/* In the top level before it is copied: then every address space has it. */
	table_at(root)[TABLE_INDEX(KSTACK_AREA, PT_LEVELS - 1)] = pte_table(table_page(0));
	map_direct(ram);
	arch_kernel_tables(root);
}

void kmap_early_end(void)
{
	early = NULL;
}

bool kmap_add_page(uint64_t va, paddr_t pa)
{
	uint64_t *entry = table_find(root, va, page_alloc);

	if (!entry)
		return false;
	*entry = pte_kernel(pa, RW, false, 0);
	pte_written(va);
	return true;
}

paddr_t kmap_remove_page(uint64_t va)
{
	uint64_t *entry = table_find(root, va, NULL), old = entry ? *entry : 0;

	if (!old)
		return 0;
	*entry = 0;
	arch_kernel_flush_page(va);
	return pte_address(old);
}
