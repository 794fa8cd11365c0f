/* SPDX-License-Identifier: MIT */
/* Owns: the types and constants that arch/arch.h asks for, on riscv64.
 * Relies on: nothing.
 * Who may include: arch/arch.h. */
#ifndef VDK_KERNEL_ARCH_RISCV64_ARCH_TYPES_H
#define VDK_KERNEL_ARCH_RISCV64_ARCH_TYPES_H

#include "core/types.h"

#define ARCH_NAME "riscv64"
#define ARCH_ELF_MACHINE 243
#define ARCH_USER_TOP 0x7ffffffff000UL
#define ARCH_MMAP_TOP 0x7fff00000000UL
#define ARCH_PIE_BASE 0x555555554000UL
#define ARCH_KSTACK_SIZE 16384UL
#define ARCH_FRAME_RECORD (-16)
#define ARCH_VDSO_SIGRETURN VDK_SYM___vdso_rt_sigreturn
#define ARCH_LINUX_6_1_BELOW VDK_LINUX_6_1_BELOW_RISCV64
#define ARCH_LINUX_6_1_PROPER VDK_LINUX_6_1_PROPER_RISCV64
#define ARCH_CLONE_TLS_BEFORE_CHILD_TID 1
#define ARCH_HWPROBE_KEYS 6

/* The first 32 words are Linux's struct user_regs_struct. */
struct arch_regs {
	uint64_t pc, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7;
	uint64_t s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6;
	uint64_t status;
	uint64_t cause; /* scause; ARCH_CAUSE_NONE where the frame is no longer what a trap saved */
	uint64_t tval;
	uint64_t orig_a0; /* a system call's first argument */
};
#define ARCH_CAUSE_NONE 63UL

struct arch_fpu {
	uint64_t f[32];
	uint32_t fcsr, pad;
};

struct arch_thread {
	uint64_t ksp; /* kernel stack pointer while switched out */
	bool user;    /* has been in user mode, or is on its way: the FPU matters */
	struct arch_fpu fpu; /* while switched out */
};

struct arch_space {
	paddr_t root;
};

#endif
