/* SPDX-License-Identifier: MIT */
/* Owns: the types and constants that arch/arch.h asks for, on x86_64.
 * Relies on: nothing.
 * Who may include: arch/arch.h. */
#ifndef VDK_KERNEL_ARCH_X86_64_ARCH_TYPES_H
#define VDK_KERNEL_ARCH_X86_64_ARCH_TYPES_H

#include "core/types.h"

#define ARCH_NAME "x86_64"
#define ARCH_PLATFORM "x86_64"
#define ARCH_ELF_MACHINE 62
#define ARCH_LINUX_6_1_BELOW VDK_LINUX_6_1_BELOW_X86_64
#define ARCH_LINUX_6_1_PROPER VDK_LINUX_6_1_PROPER_X86_64
#define ARCH_VDSO_PATCH 1
#define ARCH_USER_TOP 0x7ffffffff000UL
#define ARCH_MMAP_TOP 0x7fff00000000UL
#define ARCH_PIE_BASE 0x555555554000UL
#define ARCH_KSTACK_SIZE 16384UL
#define ARCH_FRAME_RECORD 0
#define ARCH_HAS_SA_RESTORER 1
#define ARCH_MAP_32BIT 0x40u

/* In the order in which the entry code pushes; the last five are what the CPU pushes. */
struct arch_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax; /* system call number; -1 for traps */
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Room for the XSAVE area: x87, SSE, AVX and AVX-512 take 2688 bytes. What does not fit is not enabled (fpu.c). */
#define ARCH_FPU_SPACE 2816

struct arch_thread {
	uint64_t ksp;                   /* kernel stack pointer while switched out */
	uint64_t fs_base, gs_base;      /* while switched out */
	uint64_t trapno, error, cr2;    /* of the last trap that became a signal, for sigcontext */
	bool user;                      /* has been in user mode, or is on its way: FPU, FS and GS matter */
	uint8_t fpu[ARCH_FPU_SPACE + 63]; /* see fpu_area() */
};

struct arch_space {
	paddr_t root; /* PML4 */
};

#endif
