/* SPDX-License-Identifier: MIT */
/* Owns: the types and constants that arch/arch.h asks for, on aarch64.
 * Relies on: nothing.
 * Who may include: arch/arch.h. */
#ifndef VDK_KERNEL_ARCH_AARCH64_ARCH_TYPES_H
#define VDK_KERNEL_ARCH_AARCH64_ARCH_TYPES_H

#include "core/types.h"

#define ARCH_NAME "aarch64"
#define ARCH_PLATFORM "aarch64"
#define ARCH_ELF_MACHINE 183
#define ARCH_USER_TOP 0x1000000000000UL
#define ARCH_MMAP_TOP 0xffff00000000UL
#define ARCH_PIE_BASE 0xaaaaaaaaa000UL
#define ARCH_KSTACK_SIZE 16384UL
#define ARCH_FRAME_RECORD 0
#define ARCH_HAS_SA_RESTORER 1
#define ARCH_CLONE_TLS_BEFORE_CHILD_TID 1
#define ARCH_VDSO_SIGRETURN VDK_SYM___kernel_rt_sigreturn
#define ARCH_LINUX_6_1_BELOW VDK_LINUX_6_1_BELOW_AARCH64
#define ARCH_LINUX_6_1_PROPER VDK_LINUX_6_1_PROPER_AARCH64

/* In the order in which entry.S saves; the layout is in asm.h too. */
struct arch_regs {
	uint64_t x[31], sp, pc, pstate;
	uint64_t orig_x0;
	int64_t syscall; /* number; -1: not entered by a system call */
};

/* FPSIMD state, in the order of the signal frame. */
struct arch_fpsimd {
	uint32_t fpsr, fpcr;
	uint64_t v[64];
};

struct arch_thread {
	uint64_t ksp;              /* kernel stack pointer while switched out */
	uint64_t tls;              /* TPIDR_EL0 while switched out */
	uint64_t fault_addr, esr;  /* of the last trap that became a signal, for sigcontext */
	bool user;                 /* has been in user mode, or is on its way: FPSIMD and TLS matter */
	struct arch_fpsimd fpsimd; /* while switched out */
};

struct arch_space {
	paddr_t root;
	/* See mmu.c. */
	uint64_t asid, generation;
};

#endif
