/* SPDX-License-Identifier: MIT */
/* Finds out what the CPU can do, sets its control registers, and has the small per-CPU duties of arch.h.
 * Owns: cpu_features.
 * Relies on: nothing.
 * Never: enables a feature that user mode could use to reach kernel state. */
#include "arch/arch.h"
#include "percpu.h"
#include "x86.h"

struct cpu_features cpu_features;

struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid r = {0};
	uint32_t base = leaf & 0xffff0000;

	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(base), "c"(0));
	if (r.eax < leaf || r.eax - base > 0xffff)
		return (struct cpuid){0};
	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
	return r;
}

static bool bit(uint32_t word, unsigned int n)
{
	return word >> n & 1;
}

void cpu_detect(void)
{
	struct cpu_features *f = &cpu_features;
	struct cpuid basic = cpuid(1, 0), extended = cpuid(7, 0), amd = cpuid(0x80000001, 0);

	f->leaf1_edx = basic.edx;
	f->pge = bit(basic.edx, 13);
	f->x2apic = bit(basic.ecx, 21);
	f->tsc_deadline = bit(basic.ecx, 24);
	f->xsave = bit(basic.ecx, 26);
	f->rdrand = bit(basic.ecx, 30);
	f->hypervisor = bit(basic.ecx, 31);
	f->fsgsbase = bit(extended.ebx, 0);
	f->smep = bit(extended.ebx, 7);
	f->rdseed = bit(extended.ebx, 18);
	f->smap = bit(extended.ebx, 20);
	f->umip = bit(extended.ecx, 2);
	f->rdpid = bit(extended.ecx, 22);
	f->nx = bit(amd.edx, 20);
	f->gbpages = bit(amd.edx, 26);
	f->rdtscp = bit(amd.edx, 27);
	f->xsaveopt = f->xsave && bit(cpuid(13, 1).eax, 0);
	f->tsc_invariant = bit(cpuid(0x80000007, 0).edx, 8);
}

/* TSD and PCE stay clear: user mode may read the TSC, not the performance counters. */
void cpu_setup(void)
{
	const struct cpu_features *f = &cpu_features;
	uint64_t cr4 = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	cr4 |= f->pge ? CR4_PGE : 0;
	cr4 |= f->fsgsbase ? CR4_FSGSBASE : 0;
	cr4 |= f->smep ? CR4_SMEP : 0;
	cr4 |= f->smap ? CR4_SMAP : 0;
	cr4 |= f->umip ? CR4_UMIP : 0;
	cr4 |= f->xsave ? CR4_OSXSAVE : 0;
	write_cr4(cr4);
	write_cr0(CR0_PE | CR0_MP | CR0_NE | CR0_WP | CR0_AM | CR0_PG | CR0_ET);
}

unsigned long arch_irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq\n\tpop %0\n\tcli" : "=r"(flags) : : "memory");
	return flags & RFLAGS_IF;
}

void arch_irq_restore(unsigned long flags)
{
	if (flags & RFLAGS_IF)
		__asm__ volatile("sti" : : : "memory");
}

void arch_irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

bool arch_irq_enabled(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq\n\tpop %0" : "=r"(flags));
	return flags & RFLAGS_IF;
}

void arch_cpu_relax(void)
{
	__asm__ volatile("pause");
}

/* STI delays interrupts by one instruction: none can come between it and HLT. */
void arch_cpu_idle(void)
{
	__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}

struct cpu *arch_this_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("mov %%gs:%c1, %0" : "=r"(cpu) : "i"(offsetof(struct arch_cpu, cpu)));
	return cpu;
}

void arch_set_this_cpu(struct cpu *cpu)
{
	this_arch_cpu()->cpu = cpu;
}

static bool hardware_random(uint64_t *v)
{
	bool ok = false;

	/* 10 tries: Intel's rule for RDRAND; a healthy source fails them all less than once in the machine's life. */
	for (int i = 0; i < 10 && !ok && cpu_features.rdseed; i++)
		__asm__ volatile("rdseed %0" : "=r"(*v), "=@ccc"(ok));
	for (int i = 0; i < 10 && !ok && cpu_features.rdrand; i++)
		__asm__ volatile("rdrand %0" : "=r"(*v), "=@ccc"(ok));
	return ok;
}

bool arch_entropy(uint64_t *v)
{
	if (hardware_random(v))
		return true;
	*v = rdtsc_ordered();
	return false;
}

uint64_t arch_hwcap(void)
{
	return cpu_features.leaf1_edx;
}

/* Bit 1: FSGSBASE instructions work in user mode. */
uint64_t arch_hwcap2(void)
{
	return cpu_features.fsgsbase ? 2 : 0;
}
