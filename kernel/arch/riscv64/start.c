/* SPDX-License-Identifier: MIT */
/* From the boot page table to the kernel's own.
 * Owns: the boot CPU's arch_cpu.
 * Relies on: boot.S; the boot table mapping devices too.
 * Never: comes back to that table. */
#include "arch/arch.h"
#include "boot/loader.h"
#include "core/log.h"
#include "cpu.h"
#include "percpu.h"
#include "plic.h"
#include "trap_entry.h"
#include "uart.h"

#define EMERGENCY_SIZE 8192

extern struct arch_cpu boot_cpu;
struct arch_cpu boot_cpu; /* boot.S points tp to it */
static uint8_t emergency[EMERGENCY_SIZE] __attribute__((aligned(16)));

_Noreturn void start(uint64_t hart, paddr_t fdt)
{
	static struct loader_info loader;

	boot_cpu.hart = hart;
	boot_cpu.emergency = (uint64_t)(emergency + sizeof(emergency));
	loader_read_fdt(&loader, fdt);
	uart_init();
	cpu_detect(hart);
	cpu_setup();
	loader_memory(&loader);
	uart_map();
	loader_start_kernel(&loader);
}

void arch_init(const struct bootinfo *info)
{
	(void)info;
	plic_init(boot_cpu.hart);
}
