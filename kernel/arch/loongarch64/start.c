/* SPDX-License-Identifier: MIT */
/* From boot.S to kernel_main().
 * Owns: the boot CPU's arch_cpu; what QEMU's fw_cfg has of memory, initrd and command line: its direct boot hands over
 * none of them.
 * Relies on: boot.S. The direct map reaches all memory from the start.
 * Never: comes back to boot.S's TLB entry. */
#include "arch/arch.h"
#include "boot/loader.h"
#include "core/log.h"
#include "core/string.h"
#include "csr.h"
#include "dev/fw_cfg.h"
#include "machine.h"
#include "mm/kmap.h"
#include "percpu.h"
#include "trap_entry.h"

#define FILE_MEMMAP "etc/memmap"
#define FILE_INITRD "opt/org.vdk/initrd"
#define FILE_CMDLINE "opt/org.vdk/cmdline"
#define MEMMAP_RAM 1
#define DMA_AT 16 /* the address of a struct dma, in the device's registers */
#define DMA_SIZE 24
#define DMA_ERROR 1u
#define DMA_READ 2u
#define DMA_SELECT 8u

/* Big endian. */
struct dma {
	uint32_t control, length;
	uint64_t address;
};

struct memmap_entry {
	uint64_t base, size;
	uint32_t type, reserved;
};

extern const char kernel_start[], kernel_end[];

static struct arch_cpu boot_cpu;
static struct loader_info loader;

/* The device clears `control` when it is done. */
static void transfer(uint32_t control, void *buf, size_t n)
{
	volatile uint8_t *device = kmap_device(MACHINE_FW_CFG, DMA_SIZE);
	struct dma dma = {
		.control = __builtin_bswap32(control),
		.length = __builtin_bswap32((uint32_t)n),
		.address = __builtin_bswap64(buf ? arch_virt_to_phys(buf) : 0),
	};
	uint32_t left;

	__asm__ volatile("dbar 0" : : : "memory");
	*(volatile uint64_t *)(device + DMA_AT) = __builtin_bswap64(arch_virt_to_phys(&dma));
	do
		left = __builtin_bswap32(*(volatile uint32_t *)&dma.control);
	while (left & ~DMA_ERROR);
	__asm__ volatile("dbar 0" : : : "memory");
	if (left)
		panic("boot: QEMU's fw_cfg refuses a transfer of %zu bytes", n);
}

static void select_item(uint16_t key)
{
	transfer((uint32_t)key << 16 | DMA_SELECT, NULL, 0);
}

static void read_on(void *buf, size_t n)
{
	transfer(DMA_READ, buf, n);
}

static const struct fw_cfg fw_cfg = { .select = select_item, .read = read_on };

static void read_memmap(struct loader_info *l)
{
	struct memmap_entry e;
	struct fw_cfg_file f;

	if (!fw_cfg_present(&fw_cfg) || !fw_cfg_find(&fw_cfg, FILE_MEMMAP, &f))
		panic("boot: no QEMU that tells where memory is");
	select_item(f.key);
	for (size_t i = 0; i < f.size / sizeof(e); i++) {
		read_on(&e, sizeof(e));
		if (e.type == MEMMAP_RAM)
			memmap_add(&l->ram, ALIGN_UP(e.base, PAGE_SIZE), ALIGN_DOWN(e.base + e.size, PAGE_SIZE));
	}
	l->usable = l->ram;
}

/* The end of the highest memory that has the room. */
static paddr_t take(struct loader_info *l, uint64_t size)
{
	for (unsigned int i = l->usable.count; i-- > 0;) {
		const struct memmap_range *r = &l->usable.range[i];
		paddr_t at = r->end - ALIGN_UP(size, PAGE_SIZE);

		if (r->end - r->base > size) {
			loader_reserve(l, at, size);
			return at;
		}
	}
	panic("boot: no room for %lu bytes of initrd or command line", size);
}

static paddr_t load(struct loader_info *l, const char *name, uint64_t *size, bool text)
{
	struct fw_cfg_file f;
	paddr_t at;

	if (!fw_cfg_find(&fw_cfg, name, &f) || !f.size)
		return 0;
	*size = f.size + (text ? 1 : 0);
	at = take(l, *size);
	fw_cfg_read_item(&fw_cfg, f.key, arch_phys_to_virt(at), f.size);
	if (text)
		((char *)arch_phys_to_virt(at))[f.size] = '\0';
	return at;
}

_Noreturn void start(void)
{
	csr_write(CSR_THIS_CPU, (uint64_t)&boot_cpu);
	__asm__ volatile("move $r21, %0" : : "r"(&boot_cpu));
	uart_init();
	if (!(cpucfg(2) & 1))
		panic("the CPU has no FPU");
	csr_write(CSR_EUEN, EUEN_FPU);
	memset(arch_phys_to_virt(0), 0, PAGE_SIZE); /* pte.h: where the walk goes for tables that are not there */
	read_memmap(&loader);
	loader_reserve(&loader, 0, PAGE_SIZE);
	loader_reserve(&loader, arch_virt_to_phys(kernel_start), (uint64_t)(kernel_end - kernel_start));
	loader.initrd = load(&loader, FILE_INITRD, &loader.initrd_size, false);
	loader.cmdline = load(&loader, FILE_CMDLINE, &loader.cmdline_size, true);
	loader_memory(&loader);
	loader_start_kernel(&loader);
}
