/* SPDX-License-Identifier: MIT */
/* Finds out what the hart can do, and has the small per-CPU duties of arch.h.
 * Owns: cpu_features.
 * Relies on: the device tree.
 * Never: lets user mode read a counter but the time. */
#include "cpu.h"

#include "arch/arch.h"
#include "boot/loader.h"
#include "core/log.h"
#include "core/string.h"
#include "csr.h"
#include "percpu.h"

#include <vdk/page.h>

struct cpu_features cpu_features;

fdt_node_t cpu_node(uint64_t hart)
{
	fdt_node_t node = fdt_first_child(fdt_find("/cpus"));
	const char *type;
	paddr_t number;
	uint64_t size;

	for (; node; node = fdt_next_sibling(node)) {
		type = fdt_string(node, "device_type");
		if (type && !strcmp(type, "cpu") && fdt_reg(node, 0, &number, &size) && number == hart)
			return node;
	}
	panic("device tree: hart %lu is not in it", hart);
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static void extension(const char *name, size_t n)
{
	static const struct {
		const char *name;
		bool *there;
	} known[] = {
		{ "sstc", &cpu_features.sstc },
		{ "zba", &cpu_features.zba },
		{ "zbb", &cpu_features.zbb },
		{ "zbs", &cpu_features.zbs },
	};

	if (n == 1 && is_letter(*name))
		cpu_features.letters |= 1UL << (*name - 'a');
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strlen(known[i].name) == n && !strncmp(name, known[i].name, n))
			*known[i].there = true;
}

/* "rv64imafdc_zicsr_sstc", perhaps with versions: "i2p1". */
static void read_isa_string(const char *s)
{
	for (s += strlen("rv64"); *s && *s != '_'; s++)
		if (is_letter(*s) && !(*s == 'p' && s[-1] >= '0' && s[-1] <= '9'))
			extension(s, 1);
	while (*s == '_') {
		const char *name = ++s;

		while (is_letter(*s))
			s++;
		extension(name, (size_t)(s - name));
		while (*s && *s != '_')
			s++;
	}
}

/* The newer form: one string for each. */
static bool read_isa_list(fdt_node_t node)
{
	uint32_t size;
	const char *s = fdt_property(node, "riscv,isa-extensions", &size);

	if (!s || !size || s[size - 1])
		return false;
	for (const char *end = s + size; s < end; s += strlen(s) + 1)
		extension(s, strlen(s));
	return true;
}

void cpu_detect(uint64_t hart)
{
	fdt_node_t node = cpu_node(hart);
	const char *isa = fdt_string(node, "riscv,isa");
	uint32_t hz = 0;

	if (!read_isa_list(node)) {
		if (!isa || strncmp(isa, "rv64", 4))
			panic("device tree: hart %lu: riscv,isa is missing or not rv64", hart);
		read_isa_string(isa);
	}
	if (!fdt_cell(fdt_find("/cpus"), "timebase-frequency", 0, &hz))
		fdt_cell(node, "timebase-frequency", 0, &hz);
	cpu_features.time_hz = hz;
}

void cpu_setup(void)
{
	csr_write(scounteren, COUNTEREN_TIME);
	csr_clear(sstatus, STATUS_SUM | STATUS_FS | STATUS_VS);
	csr_write(sie, 1UL << IRQ_TIMER | 1UL << IRQ_EXTERNAL);
}

unsigned long arch_irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("csrrci %0, sstatus, %1" : "=r"(flags) : "i"(STATUS_SIE) : "memory");
	return flags & STATUS_SIE;
}

void arch_irq_restore(unsigned long flags)
{
	csr_set(sstatus, flags & STATUS_SIE);
}

void arch_irq_enable(void)
{
	csr_set(sstatus, STATUS_SIE);
}

bool arch_irq_enabled(void)
{
	return csr_read(sstatus) & STATUS_SIE;
}

/* PAUSE, a hint that older harts take for a fence of nothing. */
void arch_cpu_relax(void)
{
	__asm__ volatile(".insn i 0x0f, 0, x0, x0, 0x010" : : : "memory");
}

/* WFI goes on for an interrupt that SIE keeps from being taken. */
void arch_cpu_idle(void)
{
	__asm__ volatile("wfi" : : : "memory");
	csr_set(sstatus, STATUS_SIE);
	csr_clear(sstatus, STATUS_SIE);
}

struct cpu *arch_this_cpu(void)
{
	return this_arch_cpu()->cpu;
}

void arch_set_this_cpu(struct cpu *cpu)
{
	this_arch_cpu()->cpu = cpu;
}

/* What the host has put into the device tree, 32 bits at a time, each once; beside them the counter. */
bool arch_entropy(uint64_t *v)
{
	uint32_t seed = 0;
	bool left = loader_seed(&seed);

	*v = (uint64_t)seed << 32 | (uint32_t)csr_read(time);
	return left;
}

/* Linux's: a bit for each of these letters. */
uint64_t arch_hwcap(void)
{
	static const char known[] = "imafdc";
	uint64_t mask = 0;

	for (const char *c = known; *c; c++)
		mask |= 1UL << (*c - 'a');
	return cpu_features.letters & mask;
}

uint64_t arch_hwcap2(void)
{
	return 0;
}

unsigned int arch_getcpu_mode(void)
{
	return VDK_CPU_SINGLE;
}
