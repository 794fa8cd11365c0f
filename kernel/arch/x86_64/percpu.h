/* SPDX-License-Identifier: MIT */
/* Owns: struct arch_cpu, what GS points to in the kernel, and the descriptor tables in it.
 * Relies on: asm.h for the offsets that entry.S uses.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_PERCPU_H
#define VDK_KERNEL_ARCH_X86_64_PERCPU_H

#include "asm.h"
#include "core/types.h"

struct cpu;

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, iomap_base;
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "64-bit TSS");

/* IST stacks. The 16 bytes at the top of each hold the arch_cpu: entry.S finds it there whatever GS is. */
enum { IST_NMI, IST_DOUBLE_FAULT, IST_MACHINE_CHECK, IST_COUNT };

struct arch_cpu {
	struct arch_cpu *self;
	uint64_t kstack_top;     /* of the running thread */
	uint64_t user_rsp;       /* scratch of the system call entry */
	struct cpu *cpu;
	paddr_t root;            /* what CR3 holds */
	unsigned int number;     /* node << 12 | cpu, as user mode sees it */
	uint64_t gdt[16];
	struct tss tss;
	uint8_t *ist_stack[IST_COUNT];
};
_Static_assert(offsetof(struct arch_cpu, self) == CPU_SELF, "asm.h");
_Static_assert(offsetof(struct arch_cpu, kstack_top) == CPU_KSTACK_TOP, "asm.h");
_Static_assert(offsetof(struct arch_cpu, user_rsp) == CPU_USER_RSP, "asm.h");

static inline struct arch_cpu *this_arch_cpu(void)
{
	struct arch_cpu *c;

	__asm__("mov %%gs:%c1, %0" : "=r"(c) : "i"(offsetof(struct arch_cpu, self)));
	return c;
}

/* Load GDT, TSS, IDT, GS and the system-call registers on the CPU that runs this. */
void desc_load(struct arch_cpu *c);
/* Fill the IDT; once. */
void desc_init(void);

#endif
