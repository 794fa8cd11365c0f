/* SPDX-License-Identifier: MIT */
/* The kernel's own mappings.
 * Owns: the upper half of all page tables.
 * Relies on: boot.S's tables while it builds the final ones; page_alloc() for what is added later.
 * Never: maps a page writable and executable, nor the kernel's text and constants writable anywhere. */
#include "kmap.h"

#include "arch/arch.h"
#include "core/log.h"
#include "core/string.h"
#include "mm/page.h"
#include "percpu.h"
#include "x86.h"

#define KERNEL_RW (PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY | PTE_NX)
#define KERNEL_RO (PTE_PRESENT | PTE_ACCESSED | PTE_NX)
#define KERNEL_RX (PTE_PRESENT | PTE_ACCESSED)
#define BOOT_MAP_END (4UL << 30)

extern const char kernel_start[], kernel_rodata[], kernel_data[], kernel_end[];
extern const char boot_stack_guard[], boot_stack[];

static paddr_t root;
static struct memmap *early; /* NULL once page_alloc() serves */
static uint64_t global;

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
		paddr_t end = MIN(early->range[i].end, BOOT_MAP_END);

		if (end <= early->range[i].base)
			continue;
		memmap_remove(early, end - PAGE_SIZE, end);
		memset(arch_phys_to_virt(end - PAGE_SIZE), 0, PAGE_SIZE);
		return end - PAGE_SIZE;
	}
	panic("no memory for the kernel's page tables");
}

static paddr_t table_page(void)
{
	paddr_t pa = early ? early_page() : page_alloc(0);

	if (!pa)
		panic("no memory for the kernel's page tables");
	return pa;
}

static uint64_t *table(paddr_t pa)
{
	return arch_phys_to_virt(pa & PTE_ADDRESS);
}

static unsigned int largest_level(uint64_t va, paddr_t pa, uint64_t size)
{
	unsigned int level = cpu_features.gbpages ? 2 : 1;

	while (level > 0 && (((va | pa) & ((PAGE_SIZE << 9 * level) - 1)) || size < PAGE_SIZE << 9 * level))
		level--;
	return level;
}

/* Bytes done: one page of the largest size that fits. */
static uint64_t map_one(uint64_t va, paddr_t pa, uint64_t size, uint64_t flags)
{
	unsigned int want = largest_level(va, pa, size);
	uint64_t *entry = &table(root)[PT_INDEX(va, 3)];

	for (unsigned int level = 2;; level--) {
		if (!*entry)
			*entry = table_page() | PTE_PRESENT | PTE_WRITE;
		else if (*entry & PTE_LARGE)
			return (PAGE_SIZE << 9 * (level + 1)) - (va & ((PAGE_SIZE << 9 * (level + 1)) - 1));
		entry = &table(*entry)[PT_INDEX(va, level)];
		if (level == want && !*entry) {
			*entry = pa | flags | global | (level ? PTE_LARGE : 0);
			return PAGE_SIZE << 9 * level;
		}
		if (level == 0)
			return PAGE_SIZE;
	}
}

static void map(uint64_t va, paddr_t pa, uint64_t size, uint64_t flags)
{
	while (size > 0) {
		uint64_t done = MIN(map_one(va, pa, size, flags), size);

		va += done;
		pa += done;
		size -= done;
	}
}

static void map_direct(paddr_t base, paddr_t end, uint64_t flags)
{
	if (base < end)
		map(DIRECT_MAP + base, base, end - base, flags);
}

static void map_image(const char *from, const char *to, uint64_t flags)
{
	map((uint64_t)from, arch_virt_to_phys(from), to - from, flags);
}

void kmap_init(const struct memmap *ram, struct memmap *free)
{
	paddr_t fixed = arch_virt_to_phys(kernel_start), fixed_end = arch_virt_to_phys(kernel_data);

	early = free;
	global = cpu_features.pge ? PTE_GLOBAL : 0;
	root = table_page();
	map_image(kernel_start, kernel_rodata, KERNEL_RX);
	map_image(kernel_rodata, kernel_data, KERNEL_RO);
	map_image(kernel_data, boot_stack_guard, KERNEL_RW);
	map_image(boot_stack, kernel_end, KERNEL_RW);
	/* In the top level before it is copied: then every address space has it. */
	table(root)[PT_INDEX(KSTACK_AREA, 3)] = table_page() | PTE_PRESENT | PTE_WRITE;
	map_direct(fixed, fixed_end, KERNEL_RO);
	map_direct(0, 1UL << 20, KERNEL_RW);
	for (unsigned int i = 0; i < ram->count; i++) {
		paddr_t base = ram->range[i].base, end = ram->range[i].end;

		map_direct(base, MIN(end, fixed), KERNEL_RW);
		map_direct(MAX(base, fixed_end), end, KERNEL_RW);
	}
	write_cr3(root);
	this_arch_cpu()->root = root;
}

void kmap_early_end(void)
{
	early = NULL;
}

/* The lowest-level entry for a page of KSTACK_AREA; NULL: no memory for a table. */
static uint64_t *find_entry(uint64_t va)
{
	uint64_t *entry = &table(root)[PT_INDEX(va, 3)];

	for (unsigned int level = 3; level-- > 0;) {
		if (!*entry) {
			paddr_t pa = page_alloc(0);

			if (!pa)
				return NULL;
			*entry = pa | PTE_PRESENT | PTE_WRITE;
		}
		entry = &table(*entry)[PT_INDEX(va, level)];
	}
	return entry;
}

bool kmap_add_page(uint64_t va, paddr_t pa)
{
	uint64_t *entry = find_entry(va);

	if (entry)
		*entry = pa | KERNEL_RW | global;
	return entry;
}

/* As in paging.c, other CPUs would have to be told. */
paddr_t kmap_remove_page(uint64_t va)
{
	uint64_t *entry = find_entry(va), old = entry ? *entry : 0;

	if (!old)
		return 0;
	*entry = 0;
	invlpg(va);
	return old & PTE_ADDRESS;
}

static void *map_more(paddr_t pa, uint64_t size, uint64_t flags)
{
	paddr_t base = ALIGN_DOWN(pa, PAGE_SIZE);

	map(DIRECT_MAP + base, base, ALIGN_UP(pa + size, PAGE_SIZE) - base, flags);
	return arch_phys_to_virt(pa);
}

volatile void *kmap_device(paddr_t pa, uint64_t size)
{
	return map_more(pa, size, KERNEL_RW | PTE_UNCACHED | PTE_WRITE_THROUGH);
}

const void *kmap_table(paddr_t pa, uint64_t size)
{
	return map_more(pa, size, KERNEL_RO);
}
