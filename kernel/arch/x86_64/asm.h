/* SPDX-License-Identifier: MIT */
/* Owns: the constants that C and assembly share.
 * Relies on: nothing.
 * Who may include: kernel/arch/x86_64, .S files too. */
#ifndef VDK_KERNEL_ARCH_X86_64_ASM_H
#define VDK_KERNEL_ARCH_X86_64_ASM_H

/* Selectors, those of Linux: programs see the user ones in signal frames. */
#define SEL_KERNEL_CS 0x10
#define SEL_KERNEL_DS 0x18
#define SEL_USER_BASE 0x20 /* SYSRET: SS = base + 8, CS = base + 16 */
#define SEL_USER_DS 0x2b
#define SEL_USER_CS 0x33
#define SEL_TSS 0x40
#define SEL_CPU_NUMBER 0x7b

#define CR0_PE 0x1
#define CR0_MP 0x2
#define CR0_ET 0x10
#define CR0_NE 0x20
#define CR0_WP 0x10000
#define CR0_AM 0x40000
#define CR0_PG 0x80000000

#define CR4_PAE 0x20
#define CR4_MCE 0x40
#define CR4_PGE 0x80
#define CR4_OSFXSR 0x200
#define CR4_OSXMMEXCPT 0x400
#define CR4_UMIP 0x800
#define CR4_FSGSBASE 0x10000
#define CR4_OSXSAVE 0x40000
#define CR4_SMEP 0x100000
#define CR4_SMAP 0x200000

#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103
#define MSR_APIC_BASE 0x1b
#define MSR_TSC_DEADLINE 0x6e0
#define EFER_SCE 0x1
#define EFER_LME 0x100
#define EFER_NX 0x800

#define RFLAGS_CF 0x1
#define RFLAGS_FIXED 0x2
#define RFLAGS_PF 0x4
#define RFLAGS_AF 0x10
#define RFLAGS_ZF 0x40
#define RFLAGS_SF 0x80
#define RFLAGS_TF 0x100
#define RFLAGS_IF 0x200
#define RFLAGS_DF 0x400
#define RFLAGS_OF 0x800
#define RFLAGS_IOPL 0x3000
#define RFLAGS_NT 0x4000
#define RFLAGS_RF 0x10000
#define RFLAGS_AC 0x40000

/* struct arch_cpu */
#define CPU_SELF 0
#define CPU_KSTACK_TOP 8
#define CPU_USER_RSP 16

/* struct arch_regs */
#define REGS_ORIG_RAX 120
#define REGS_CS 152
#define REGS_RSP 168
#define REGS_SS 176

#define VECTOR_NMI 2
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_MACHINE_CHECK 18
#define VECTOR_IRQ 0x30     /* and up: by interrupt controller input */
#define VECTOR_TIMER 0xf0
#define VECTOR_SPURIOUS 0xff
#define VECTOR_SYSCALL 0x100 /* in arch_regs only */

#define IST_STACK_SIZE 8192

#endif
