/* SPDX-License-Identifier: MIT */
/* The small per-CPU duties of arch.h, and what the CPU tells of itself.
 * Owns: CRMD's interrupt bit.
 * Relies on: LoongArch Reference Manual, volume 1, 2.2.10.5, for CPUCFG.
 * Never: announces a feature whose state is not kept. */
#include "arch/arch.h"
#include "csr.h"
#include "percpu.h"

#define HWCAP_CPUCFG 0x1
#define HWCAP_LAM 0x2
#define HWCAP_UAL 0x4
#define HWCAP_FPU 0x8
#define HWCAP_CRC32 0x40
#define HWCAP_COMPLEX 0x80
#define HWCAP_CRYPTO 0x100

unsigned long arch_irq_save(void)
{
	return csr_exchange(CSR_CRMD, 0, CRMD_IE) & CRMD_IE;
}

void arch_irq_restore(unsigned long flags)
{
	if (flags)
		arch_irq_enable();
}

void arch_irq_enable(void)
{
	(void)csr_exchange(CSR_CRMD, CRMD_IE, CRMD_IE);
}

bool arch_irq_enabled(void)
{
	return csr_read(CSR_CRMD) & CRMD_IE;
}

void arch_cpu_relax(void)
{
	__asm__ volatile("" : : : "memory");
}

struct cpu *arch_this_cpu(void)
{
	return this_arch_cpu()->cpu;
}

void arch_set_this_cpu(struct cpu *cpu)
{
	this_arch_cpu()->cpu = cpu;
}

bool arch_entropy(uint64_t *v)
{
	*v = counter_read();
	return false;
}

static uint64_t when(uint64_t word, unsigned int bit, uint64_t hwcap)
{
	return word >> bit & 1 ? hwcap : 0;
}

uint64_t arch_hwcap(void)
{
	uint64_t one = cpucfg(1), two = cpucfg(2);

	return HWCAP_CPUCFG | when(one, 20, HWCAP_UAL) | when(one, 25, HWCAP_CRC32) | when(two, 0, HWCAP_FPU) |
	       when(two, 8, HWCAP_COMPLEX) | when(two, 9, HWCAP_CRYPTO) | when(two, 22, HWCAP_LAM);
}

uint64_t arch_hwcap2(void)
{
	return 0;
}
