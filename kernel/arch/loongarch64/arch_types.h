/* SPDX-License-Identifier: MIT */
/* Owns: the types and constants that arch/arch.h asks for, on loongarch64.
 * Relies on: the built vDSO's symbols.
 * Who may include: arch/arch.h. */
#ifndef VDK_KERNEL_ARCH_LOONGARCH64_ARCH_TYPES_H
#define VDK_KERNEL_ARCH_LOONGARCH64_ARCH_TYPES_H

#include "core/types.h"

#define ARCH_NAME "loongarch64"
#define ARCH_PLATFORM "loongarch"
#define ARCH_ELF_MACHINE 258
#define ARCH_USER_TOP 0x7fffffffc000UL
#define ARCH_MMAP_TOP 0x7fff00000000UL
#define ARCH_PIE_BASE 0x555555554000UL
#define ARCH_KSTACK_SIZE 16384UL
#define ARCH_FRAME_RECORD (-16)
#define ARCH_VDSO_SIGRETURN VDK_SYM___vdso_rt_sigreturn
#define ARCH_LINUX_6_1_BELOW VDK_LINUX_6_1_BELOW_LOONGARCH64
#define ARCH_LINUX_6_1_PROPER VDK_LINUX_6_1_PROPER_LOONGARCH64

/* r[0] is not used; r[2] is the TLS pointer, r[3] the stack pointer, r[4] and up the arguments. */
struct arch_regs {
	uint64_t r[32];
	uint64_t pc, prmd;
	uint64_t estat; /* 0: a system call; its number is in r[11] */
	uint64_t badv;
	uint64_t orig_a0; /* system calls: r[4] before the result */
	uint64_t pad;
};

/* Linux's struct fpu_context. fcc: a byte for each of the eight condition flags. */
struct fpu_state {
	uint64_t r[32], fcc;
	uint32_t fcsr, pad;
};

struct arch_thread {
	uint64_t ksp; /* kernel stack pointer while switched out */
	bool user;    /* has been in user mode, or is on its way: FPU matters */
	uint8_t fault; /* the last trap that became a signal: FAULT_*, for sigcontext */
	struct fpu_state fpu; /* while switched out */
};

/* The address space identifier is valid for one round of handing them out: see paging.c. */
struct arch_space {
	paddr_t root;
	uint64_t round;
	unsigned int asid;
};

#endif
