/* SPDX-License-Identifier: MIT */
/* Owns: the constants that C and assembly share.
 * Relies on: nothing.
 * Who may include: kernel/arch/riscv64, .S files too. */
#ifndef VDK_KERNEL_ARCH_RISCV64_ASM_H
#define VDK_KERNEL_ARCH_RISCV64_ASM_H

#define STATUS_SIE 0x2
#define STATUS_SPIE 0x20
#define STATUS_SPP 0x100
#define STATUS_VS 0x600
#define STATUS_FS 0x6000
#define STATUS_FS_INITIAL 0x2000
#define STATUS_FS_CLEAN 0x4000
#define STATUS_FS_DIRTY 0x6000
#define STATUS_SUM 0x40000
#define STATUS_UXL 0x300000000

#define CAUSE_ECALL 8

#define SATP_SV48 9
#define SATP_MODE_SHIFT 60

/* By number: assemblers know the name only with the extension. */
#define CSR_STIMECMP 0x14d

/* struct arch_regs: registers 1 to 31 in order, then these. */
#define REGS_X(n) ((n) * 8)
#define REGS_PC 0
#define REGS_SP REGS_X(2)
#define REGS_TP REGS_X(4)
#define REGS_STATUS 256
#define REGS_CAUSE 264
#define REGS_TVAL 272
#define REGS_ORIG_A0 280
#define REGS_SIZE 288

/* struct arch_cpu */
#define CPU_KSTACK_TOP 0
#define CPU_SCRATCH 8
#define CPU_EMERGENCY 16

#define KSTACK_SHIFT 14

#endif
