/* SPDX-License-Identifier: MIT */
/* Finds out what the CPU can do, sets its control registers, and has the small per-CPU duties of arch.h.
 * Owns: cpu_features; TPIDR_EL1, which points to this CPU's struct cpu.
 * Relies on: boot.S for SCTLR_EL1 and TCR_EL1.
 * Never: tells programs of a feature whose state is not kept (SVE, SME, pointer authentication, tags). */
#include "arch/arch.h"
#include "boot/loader.h"
#include "sysreg.h"

/* User mode has CNTVCT_EL0 (with ECV, CNTVCTSS_EL0) and CNTFRQ_EL0; no other counter, no timer. */
#define CNTKCTL_EL0VCTEN 2
#define MDSCR_TDCC 0x1000  /* the debug channel is not for user mode */
#define DFR0_PMU_IMPLEMENTATION_DEFINED 15

enum id { PFR0, PFR1, DFR0, ISAR0, ISAR1, ISAR2, MMFR0, MMFR1, MMFR2, ID_COUNT };

struct cpu_features cpu_features;
bool cpu_has_pan;

/* Linux's HWCAP bits: bit `bit` (64 and up: of HWCAP2) if the 4-bit field at `shift` is `min` or more. */
static const struct {
	uint8_t id, shift, min, bit;
} caps[] = {
	{ ISAR0, 4, 1, 3 },    /* aes */
	{ ISAR0, 4, 2, 4 },    /* pmull */
	{ ISAR0, 8, 1, 5 },    /* sha1 */
	{ ISAR0, 12, 1, 6 },   /* sha2 */
	{ ISAR0, 12, 2, 21 },  /* sha512 */
	{ ISAR0, 16, 1, 7 },   /* crc32 */
	{ ISAR0, 20, 2, 8 },   /* atomics */
	{ ISAR0, 28, 1, 12 },  /* asimdrdm */
	{ ISAR0, 32, 1, 17 },  /* sha3 */
	{ ISAR0, 36, 1, 18 },  /* sm3 */
	{ ISAR0, 40, 1, 19 },  /* sm4 */
	{ ISAR0, 44, 1, 20 },  /* asimddp */
	{ ISAR0, 48, 1, 23 },  /* asimdfhm */
	{ ISAR0, 52, 1, 27 },  /* flagm */
	{ ISAR0, 52, 2, 71 },  /* flagm2 */
	{ ISAR0, 60, 1, 80 },  /* rng */
	{ ISAR1, 0, 1, 16 },   /* dcpop */
	{ ISAR1, 0, 2, 64 },   /* dcpodp */
	{ ISAR1, 12, 1, 13 },  /* jscvt */
	{ ISAR1, 16, 1, 14 },  /* fcma */
	{ ISAR1, 20, 1, 15 },  /* lrcpc */
	{ ISAR1, 20, 2, 26 },  /* ilrcpc */
	{ ISAR1, 32, 1, 72 },  /* frint */
	{ ISAR1, 36, 1, 29 },  /* sb */
	{ ISAR1, 44, 1, 78 },  /* bf16 */
	{ ISAR1, 48, 1, 79 },  /* dgh */
	{ ISAR1, 52, 1, 77 },  /* i8mm */
	{ ISAR2, 0, 2, 95 },   /* wfxt */
	{ ISAR2, 4, 1, 85 },   /* rpres */
	{ PFR0, 48, 1, 24 },   /* dit */
	{ PFR1, 4, 2, 28 },    /* ssbs */
	{ MMFR0, 60, 1, 83 },  /* ecv */
	{ MMFR1, 44, 1, 84 },  /* afp */
	{ MMFR2, 32, 1, 25 },  /* uscat */
};
#define HWCAP_FP 1ul
#define HWCAP_ASIMD 2ul
#define HWCAP_FPHP 0x200ul
#define HWCAP_ASIMDHP 0x400ul

static unsigned int field(uint64_t id, unsigned int shift)
{
	return id >> shift & 15;
}

void cpu_detect(void)
{
	struct cpu_features *f = &cpu_features;
	const uint64_t id[ID_COUNT] = {
		[PFR0] = SYSREG_READ(id_aa64pfr0_el1),
		[PFR1] = SYSREG_READ(id_aa64pfr1_el1),
		[DFR0] = SYSREG_READ(id_aa64dfr0_el1),
		[ISAR0] = SYSREG_READ(id_aa64isar0_el1),
		[ISAR1] = SYSREG_READ(id_aa64isar1_el1),
		[ISAR2] = SYSREG_READ(s3_0_c0_c6_2),
		[MMFR0] = SYSREG_READ(id_aa64mmfr0_el1),
		[MMFR1] = SYSREG_READ(id_aa64mmfr1_el1),
		[MMFR2] = SYSREG_READ(s3_0_c0_c7_2),
	};
	unsigned int pmu = field(id[DFR0], 8);

	for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
		if (field(id[caps[i].id], caps[i].shift) >= caps[i].min)
			*(caps[i].bit < 64 ? &f->hwcap : &f->hwcap2) |= 1UL << caps[i].bit % 64;
	/* The kernel is for CPUs with both, which boot.S has enabled; value 1 says that they have half precision. */
	f->hwcap |= HWCAP_FP | HWCAP_ASIMD;
	if (field(id[PFR0], 16) == 1)
		f->hwcap |= HWCAP_FPHP;
	if (field(id[PFR0], 20) == 1)
		f->hwcap |= HWCAP_ASIMDHP;
	f->rng = field(id[ISAR0], 60) >= 1;
	f->ecv = field(id[MMFR0], 60) >= 1;
	f->pmu = pmu && pmu != DFR0_PMU_IMPLEMENTATION_DEFINED;
	f->amu = field(id[PFR0], 44) >= 1;
	cpu_has_pan = field(id[MMFR1], 20) >= 1;
}

void cpu_setup(void)
{
	/* Each exception sets PAN: it is set for good but for a moment in user_copy.S. */
	if (cpu_has_pan) {
		SYSREG_WRITE(sctlr_el1, SYSREG_READ(sctlr_el1) & ~(uint64_t)SCTLR_SPAN);
		__asm__ volatile(".arch_extension pan\n\tmsr pan, #1" : : : "memory");
	}
	SYSREG_WRITE(cntkctl_el1, CNTKCTL_EL0VCTEN);
	SYSREG_WRITE(oslar_el1, 0);
	SYSREG_WRITE(mdscr_el1, MDSCR_TDCC);
	if (cpu_features.pmu)
		SYSREG_WRITE(pmuserenr_el0, 0);
	if (cpu_features.amu)
		SYSREG_WRITE(s3_3_c13_c2_3, 0); /* AMUSERENR_EL0 */
	SYSREG_WRITE(contextidr_el1, 0);
	SYSREG_WRITE(tpidrro_el0, 0);
	isb();
}

unsigned long arch_irq_save(void)
{
	unsigned long flags = SYSREG_READ(daif);

	__asm__ volatile("msr daifset, #3" : : : "memory");
	return flags;
}

void arch_irq_restore(unsigned long flags)
{
	SYSREG_WRITE(daif, flags);
}

/* SErrors too, which each exception masks. */
void arch_irq_enable(void)
{
	__asm__ volatile("msr daifclr, #7" : : : "memory");
}

bool arch_irq_enabled(void)
{
	return !(SYSREG_READ(daif) & PSR_I);
}

void arch_cpu_relax(void)
{
	__asm__ volatile("yield" : : : "memory");
}

/* WFI ends at a pending interrupt that is masked, too. */
void arch_cpu_idle(void)
{
	__asm__ volatile("dsb sy\n\twfi\n\tmsr daifclr, #7\n\tisb\n\tmsr daifset, #3" : : : "memory");
}

struct cpu *arch_this_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("mrs %0, tpidr_el1" : "=r"(cpu));
	return cpu;
}

void arch_set_this_cpu(struct cpu *cpu)
{
	SYSREG_WRITE(tpidr_el1, (uint64_t)cpu);
}

/* RNDR; without it the host's seed, beside the counter. */
bool arch_entropy(uint64_t *v)
{
	uint32_t seed = 0;
	bool ok = false;

	/* RNDR fails when there is no entropy for the moment: then Z is set. */
	for (int i = 0; i < 10 && !ok && cpu_features.rng; i++)
		__asm__ volatile("mrs %0, s3_3_c2_c4_0\n\tcset %w1, ne" : "=r"(*v), "=r"(ok) : : "cc");
	if (ok)
		return true;
	ok = loader_seed(&seed);
	*v = (uint64_t)seed << 32 | (uint32_t)counter_read();
	return ok;
}

uint64_t arch_hwcap(void)
{
	return cpu_features.hwcap;
}

uint64_t arch_hwcap2(void)
{
	return cpu_features.hwcap2;
}
