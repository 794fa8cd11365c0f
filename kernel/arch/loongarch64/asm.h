/* SPDX-License-Identifier: MIT */
/* Owns: the constants that C and assembly share.
 * Relies on: LoongArch Reference Manual, volume 1, chapters 5 to 7.
 * Who may include: kernel/arch/loongarch64, .S files too. */
#ifndef VDK_KERNEL_ARCH_LOONGARCH64_ASM_H
#define VDK_KERNEL_ARCH_LOONGARCH64_ASM_H

#include "layout.h"

#define CSR_CRMD 0x0
#define CSR_PRMD 0x1
#define CSR_EUEN 0x2
#define CSR_MISC 0x3
#define CSR_ECFG 0x4
#define CSR_ESTAT 0x5
#define CSR_ERA 0x6
#define CSR_BADV 0x7
#define CSR_BADI 0x8
#define CSR_EENTRY 0xc
#define CSR_TLBIDX 0x10
#define CSR_TLBEHI 0x11
#define CSR_TLBELO0 0x12
#define CSR_TLBELO1 0x13
#define CSR_ASID 0x18
#define CSR_PGDL 0x19
#define CSR_PGDH 0x1a
#define CSR_PGD 0x1b
#define CSR_PWCL 0x1c
#define CSR_PWCH 0x1d
#define CSR_STLBPS 0x1e
#define CSR_CPUID 0x20
#define CSR_SAVE0 0x30
#define CSR_SAVE1 0x31
#define CSR_SAVE2 0x32
#define CSR_SAVE3 0x33
#define CSR_TID 0x40
#define CSR_TCFG 0x41
#define CSR_TICLR 0x44
#define CSR_TLBRENTRY 0x88
#define CSR_TLBRBADV 0x89
#define CSR_TLBRSAVE 0x8b
#define CSR_TLBRELO0 0x8c
#define CSR_TLBRELO1 0x8d
#define CSR_TLBREHI 0x8e
#define CSR_DMW0 0x180
#define CSR_DMW1 0x181
#define CSR_DMW2 0x182
#define CSR_DMW3 0x183

/* What the SAVE registers hold. SAVE0 and SAVE1 are scratch, of a trap's entry and of the TLB refill. */
#define CSR_SCRATCH CSR_SAVE0
#define CSR_REFILL CSR_SAVE1
#define CSR_STACK CSR_SAVE2 /* in user mode: struct arch_regs of the thread; in the kernel: 0 */
#define CSR_THIS_CPU CSR_SAVE3 /* struct arch_cpu; r21 has it while in the kernel */

#define CRMD_IE 0x4
#define CRMD_PG 0x10
#define CRMD_CACHED 0xa0 /* fetches and data while paging is off: coherent, cached */
#define PLV_MASK 0x3
#define PRMD_USER 0x7 /* to user mode, interrupts on */
#define EUEN_FPU 0x1
#define DMW_PLV0 0x1
#define DMW_CACHED 0x10

#define ECODE_SHIFT 16
#define ECODE_SYS 11
#define INT_HW0 2
#define INT_TIMER 11
#define INT_ALL 0xbfc /* eight hardware lines and the timer */

/* Page-table entries, which are TLB entries too. */
#define PTE_V 0x1
#define PTE_D 0x2
#define PTE_PLV_USER 0xc
#define PTE_CACHED 0x10
#define PTE_G 0x40

/* The walk: 3 levels of 11 bits over pages of 16 KiB. PWCL has base and width of the last level and of "directory 1";
 * the root is "directory 3", in PWCH, since its base is too large for a field of PWCL. */
#define PAGE_BITS 14
#define TABLE_BITS 11
#define PWCL_VALUE (PAGE_BITS | TABLE_BITS << 5 | (PAGE_BITS + TABLE_BITS) << 10 | TABLE_BITS << 15)
#define PWCH_VALUE (PAGE_BITS + 2 * TABLE_BITS | TABLE_BITS << 6)

/* The kernel's image until it has page tables: one TLB entry for twice 16 MiB, in the part of the TLB that takes any
 * page size, whose first index this is. */
#define BOOT_PAGE_BITS 24
#define BOOT_TLB_INDEX 2048

/* struct arch_regs */
#define REGS(n) (8 * (n))
#define REGS_PC 256
#define REGS_PRMD 264
#define REGS_ESTAT 272
#define REGS_BADV 280
#define REGS_ORIG_A0 288
#define REGS_SIZE 304
#define REGS_TRAP_BIT 63 /* of ESTAT: set in traps; a system call has 0 there */

#define KSTACK_BITS 14 /* stacks lie where this bit of an address is set: what has it clear is no stack */

/* struct fpu_state: Linux's fpu_context */
#define FPU_FCC 256
#define FPU_FCSR 264

#endif
