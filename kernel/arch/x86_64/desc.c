/* SPDX-License-Identifier: MIT */
/* Segment and interrupt descriptors.
 * Owns: GDT, TSS and IDT, and the registers that point to them.
 * Relies on: entry.S's stubs.
 * Never: gives user mode a 32-bit code segment: the kernel has no 32-bit system calls. */
#include "arch/arch.h"
#include "percpu.h"
#include "x86.h"

#define VECTORS 256
#define STUB_SIZE 16

/* type, S, DPL, P; L = 64-bit code */
#define GDT_KERNEL_CODE 0x00209b0000000000
#define GDT_KERNEL_DATA 0x0000930000000000
#define GDT_USER_DATA 0x0000f30000000000
#define GDT_USER_CODE 0x0020fb0000000000
#define GDT_CPU_NUMBER 0x0000f10000000000 /* read-only data; LSL reads its limit */
#define GDT_TSS 0x0000890000000000

#define GATE_INTERRUPT 0x8e00
#define GATE_USER 0x6000
#define VECTOR_BREAKPOINT 3
#define VECTOR_OVERFLOW 4

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

struct gate {
	uint16_t offset_low, selector, flags, offset_mid;
	uint32_t offset_high, reserved;
};

extern const char trap_stubs[], syscall_entry[];

static struct gate idt[VECTORS] __attribute__((aligned(4096)));

static void set_gate(unsigned int vector, unsigned int flags)
{
	uint64_t to = (uint64_t)trap_stubs + vector * STUB_SIZE;

	idt[vector] = (struct gate){
		.offset_low = (uint16_t)to,
		.selector = SEL_KERNEL_CS,
		.flags = (uint16_t)flags,
		.offset_mid = (uint16_t)(to >> 16),
		.offset_high = (uint32_t)(to >> 32),
	};
}

void desc_init(void)
{
	for (unsigned int i = 0; i < VECTORS; i++)
		set_gate(i, GATE_INTERRUPT);
	set_gate(VECTOR_BREAKPOINT, GATE_INTERRUPT | GATE_USER);
	set_gate(VECTOR_OVERFLOW, GATE_INTERRUPT | GATE_USER);
	set_gate(VECTOR_NMI, GATE_INTERRUPT | (IST_NMI + 1));
	set_gate(VECTOR_DOUBLE_FAULT, GATE_INTERRUPT | (IST_DOUBLE_FAULT + 1));
	set_gate(VECTOR_MACHINE_CHECK, GATE_INTERRUPT | (IST_MACHINE_CHECK + 1));
}

static void fill_gdt(struct arch_cpu *c)
{
	uint64_t tss = (uint64_t)&c->tss;

	c->gdt[SEL_KERNEL_CS / 8] = GDT_KERNEL_CODE;
	c->gdt[SEL_KERNEL_DS / 8] = GDT_KERNEL_DATA;
	c->gdt[SEL_USER_DS / 8] = GDT_USER_DATA;
	c->gdt[SEL_USER_CS / 8] = GDT_USER_CODE;
	c->gdt[SEL_TSS / 8] = GDT_TSS | (sizeof(c->tss) - 1) | (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56;
	c->gdt[SEL_TSS / 8 + 1] = tss >> 32;
	c->gdt[SEL_CPU_NUMBER / 8] = GDT_CPU_NUMBER | (c->number & 0xffff) | (uint64_t)(c->number & 0xf0000) << 32;
}

static void fill_tss(struct arch_cpu *c)
{
	c->tss.iomap_base = sizeof(c->tss);
	for (unsigned int i = 0; i < IST_COUNT; i++) {
		uint8_t *top = c->ist_stack[i] + IST_STACK_SIZE - 16;

		*(struct arch_cpu **)top = c;
		c->tss.ist[i] = (uint64_t)top;
	}
}

static void load_segments(void)
{
	__asm__ volatile("push %0\n\t"
			 "lea 1f(%%rip), %%rax\n\t"
			 "push %%rax\n\t"
			 "lretq\n"
			 "1:\tmov %1, %%ss\n\t"
			 "xor %%eax, %%eax\n\t"
			 "mov %%eax, %%ds\n\t"
			 "mov %%eax, %%es\n\t"
			 "mov %%eax, %%fs\n\t"
			 "mov %%eax, %%gs"
			 : : "i"(SEL_KERNEL_CS), "r"(SEL_KERNEL_DS) : "rax", "memory");
}

void desc_load(struct arch_cpu *c)
{
	struct table_pointer gdt = {sizeof(c->gdt) - 1, (uint64_t)c->gdt};
	struct table_pointer table = {sizeof(idt) - 1, (uint64_t)idt};

	c->self = c;
	fill_gdt(c);
	fill_tss(c);
	__asm__ volatile("lgdt %0" : : "m"(gdt));
	load_segments();
	__asm__ volatile("ltr %w0" : : "r"(SEL_TSS));
	__asm__ volatile("lidt %0" : : "m"(table));
	wrmsr(MSR_GS_BASE, (uint64_t)c);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	wrmsr(MSR_STAR, (uint64_t)SEL_USER_BASE << 48 | (uint64_t)SEL_KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (uint64_t)syscall_entry);
	/* All that could disturb the entry code, and TF, which would trap in it. */
	wrmsr(MSR_SFMASK, RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_AC | RFLAGS_RF);
	if (cpu_features.rdtscp || cpu_features.rdpid)
		wrmsr(MSR_TSC_AUX, c->number);
}
