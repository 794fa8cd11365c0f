/* SPDX-License-Identifier: MIT */
/* Owns: the constants that C and assembly share: system register bits, the layout of struct arch_regs.
 * Relies on: nothing.
 * Who may include: kernel/arch/aarch64, .S files too. */
#ifndef VDK_KERNEL_ARCH_AARCH64_ASM_H
#define VDK_KERNEL_ARCH_AARCH64_ASM_H

/* struct arch_regs */
#define REGS_LR 240
#define REGS_PC 256
#define REGS_ORIG_X0 272
#define REGS_SYSCALL 280
#define REGS_SIZE 288

/* Bit of the stack pointer that is set on a kernel stack and clear in the guard below it: stacks lie at odd multiples
 * of ARCH_KSTACK_SIZE. */
#define KSTACK_SHIFT 14

#define ESR_EC_SHIFT 26
#define ESR_EC_SVC64 0x15

#define PSR_MODE_MASK 0x1f /* with the bit that says AArch32 */
#define PSR_EL0T 0
#define PSR_EL1H 5
#define PSR_F 0x40
#define PSR_I 0x80
#define PSR_A 0x100
#define PSR_D 0x200
#define PSR_DAIF (PSR_D | PSR_A | PSR_I | PSR_F)
#define PSR_BTYPE 0xc00
#define PSR_SSBS 0x1000
#define PSR_DIT 0x1000000
#define PSR_NZCV 0xf0000000

/* Memory types, by index in MAIR_EL1: device nGnRE; normal, write-back. */
#define MAIR_DEVICE 0
#define MAIR_NORMAL 1
#define MAIR_VALUE 0xff04

#define PTE_VALID 0x1
#define PTE_PAGE 0x2     /* at the last level; above, a table */
#define PTE_USER 0x40
#define PTE_READ_ONLY 0x80
#define PTE_INNER_SHAREABLE 0x300
#define PTE_ACCESSED 0x400
#define PTE_NOT_GLOBAL 0x800
#define PTE_TYPE_SHIFT 2 /* MAIR index */

/* TCR_EL1: 48 bits and 4 KiB pages in both halves, walks through inner-shareable write-back memory, tagged user
 * pointers. */
#define TCR_T0SZ_48 16
#define TCR_WALK0 0x3500
#define TCR_T1SZ_48 (16 << 16)
#define TCR_WALK1 (0x35 << 24)
#define TCR_TG1_4K (2 << 30)
#define TCR_IPS_SHIFT 32
#define TCR_IPS_48 5
#define TCR_TBI0 (1 << 37)

/* SCTLR_EL1. User mode may: read CTR_EL0 (UCT), keep its caches coherent (UCI), DC ZVA (DZE), WFE (nTWE). WFI traps. */
#define SCTLR_M (1 << 0)
#define SCTLR_C (1 << 2)
#define SCTLR_SA (1 << 3)
#define SCTLR_SA0 (1 << 4)
#define SCTLR_ITD (1 << 7)
#define SCTLR_SED (1 << 8)
#define SCTLR_EOS (1 << 11)
#define SCTLR_I (1 << 12)
#define SCTLR_DZE (1 << 14)
#define SCTLR_UCT (1 << 15)
#define SCTLR_NTWE (1 << 18)
#define SCTLR_TSCXT (1 << 20)
#define SCTLR_EIS (1 << 22)
#define SCTLR_SPAN (1 << 23)
#define SCTLR_UCI (1 << 26)
#define SCTLR_NTLSMD (1 << 28)
#define SCTLR_LSMAOE (1 << 29)
#define SCTLR_MMU_OFF (SCTLR_ITD | SCTLR_SED | SCTLR_EOS | SCTLR_TSCXT | SCTLR_EIS | SCTLR_SPAN | SCTLR_NTLSMD | \
		       SCTLR_LSMAOE)
#define SCTLR_MMU_ON (SCTLR_MMU_OFF | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_SA0 | SCTLR_I | SCTLR_DZE | SCTLR_UCT | \
		      SCTLR_NTWE | SCTLR_UCI)

/* HCR_EL2: EL1 is AArch64. CNTHCTL_EL2: EL1 has the counters and timers. */
#define HCR_RW (1 << 31)
#define CNTHCTL_EL1 3
#define ICC_SRE_ENABLE 0xf
#define CPTR_EL2_NO_TRAPS 0x33ff

/* CPACR_EL1: FP and SIMD for both levels; SVE and SME trap. */
#define CPACR_FPEN (3 << 20)

#endif
