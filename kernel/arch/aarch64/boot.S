/* SPDX-License-Identifier: MIT */
/* From the arm64 boot protocol (MMU off, EL2 or EL1, x0 = the device tree) to start64() at its linked address.
 * Owns: the boot page tables: the first 4 GiB, of which the first GiB is devices, at 0, at the direct map and at
 * KERNEL_BASE.
 * Relies on: the loader having put the image at KERNEL_LOAD and cleaned it to memory, as the protocol says.
 * Never: leaves these tables in use: kmap_init() replaces them by the final ones. */
#include "asm.h"
#include "layout.h"

#define PHYS(symbol) (symbol - KERNEL_BASE)
#define TEXT_OFFSET 0x200000 /* KERNEL_LOAD, from the start of memory */
#define IMAGE_FLAGS 2        /* little-endian, pages of 4 KiB, near the start of memory */
#define CURRENTEL_EL2 8
#define MDCR_HPMN 0x1f
#define ID_AA64PFR0_GIC_SHIFT 24

#define BLOCK(type) (PTE_VALID | PTE_ACCESSED | PTE_INNER_SHAREABLE | (type) << PTE_TYPE_SHIFT)
#define TABLE (PTE_VALID | PTE_PAGE)

	.section .text.boot, "ax"
	.globl boot_entry
boot_entry:
	b	boot_start
	.long	0
	.quad	TEXT_OFFSET
	.quad	kernel_end - KERNEL_BASE - KERNEL_LOAD
	.quad	IMAGE_FLAGS
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

boot_start:
	mov	x20, x0
	msr	daifset, #15
	ldr	x1, =SCTLR_MMU_OFF
	msr	sctlr_el1, x1
	mrs	x1, CurrentEL
	cmp	x1, #CURRENTEL_EL2
	b.ne	boot_el1

	/* Nothing that EL1 does is EL2's business. */
	mov	x1, #HCR_RW
	msr	hcr_el2, x1
	isb /* the other registers have another layout where firmware has set E2H */
	mov	x1, #CPTR_EL2_NO_TRAPS
	msr	cptr_el2, x1
	mov	x1, #CNTHCTL_EL1
	msr	cnthctl_el2, x1
	msr	cntvoff_el2, xzr
	msr	hstr_el2, xzr
	mrs	x1, mdcr_el2
	and	x1, x1, #MDCR_HPMN /* all counters are EL1's */
	msr	mdcr_el2, x1
	msr	vttbr_el2, xzr
	mrs	x1, midr_el1
	msr	vpidr_el2, x1
	mrs	x1, mpidr_el1
	msr	vmpidr_el2, x1
	mrs	x1, id_aa64pfr0_el1
	ubfx	x1, x1, #ID_AA64PFR0_GIC_SHIFT, #4
	cbz	x1, 1f
	mov	x1, #ICC_SRE_ENABLE
	msr	s3_4_c12_c9_5, x1 /* ICC_SRE_EL2 */
	isb
1:	mov	x1, #(PSR_DAIF | PSR_EL1H)
	msr	spsr_el2, x1
	adr	x1, boot_el1
	msr	elr_el2, x1
	eret

boot_el1:
	msr	spsel, #1
	mov	x1, #CPACR_FPEN
	msr	cpacr_el1, x1
	ldr	x1, =MAIR_VALUE
	msr	mair_el1, x1
	ldr	x1, =(TCR_T0SZ_48 | TCR_WALK0 | TCR_T1SZ_48 | TCR_WALK1 | TCR_TG1_4K | TCR_TBI0)
	mrs	x2, id_aa64mmfr0_el1
	/* As many bits of physical address as the CPU has, 48 at most. */
	and	x2, x2, #15
	mov	x3, #TCR_IPS_48
	cmp	x2, x3
	csel	x2, x2, x3, lo
	orr	x1, x1, x2, lsl #TCR_IPS_SHIFT
	msr	tcr_el1, x1
	ldr	x1, =PHYS(boot_low)
	msr	ttbr0_el1, x1
	ldr	x1, =PHYS(boot_high)
	msr	ttbr1_el1, x1
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	ldr	x1, =SCTLR_MMU_ON
	msr	sctlr_el1, x1
	isb
	ldr	x1, =boot_linked
	br	x1

	/* void boot_switch_tables(paddr_t root): TTBR1 = root. At its physical address, through boot_low: between two
	 * tables that map the same addresses with pages of different sizes the TLB must be empty. */
	.globl boot_switch_tables
boot_switch_tables:
	adr	x2, 1f
	mov	x3, #KERNEL_BASE
	sub	x2, x2, x3
	br	x2
1:	ldr	x1, =PHYS(boot_empty)
	msr	ttbr1_el1, x1
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	msr	ttbr1_el1, x0
	isb
	ret
	.ltorg

	.text
boot_linked:
	ldr	x0, =bss_start
	ldr	x1, =kernel_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	ldr	x0, =boot_stack_top
	mov	sp, x0
	ldr	x0, =vectors
	msr	vbar_el1, x0
	isb
	mov	x0, x20
	mov	x29, xzr
	mov	x30, xzr
	bl	start64
	brk	#0
	.ltorg

	.data
	.align 12
boot_blocks:
	.quad	BLOCK(MAIR_DEVICE)
	.quad	0x40000000 + BLOCK(MAIR_NORMAL)
	.quad	0x80000000 + BLOCK(MAIR_NORMAL)
	.quad	0xc0000000 + BLOCK(MAIR_NORMAL)
	.skip	504 * 8
	/* KERNEL_BASE is 4 GiB below the top. */
	.quad	BLOCK(MAIR_DEVICE)
	.quad	0x40000000 + BLOCK(MAIR_NORMAL)
	.quad	0x80000000 + BLOCK(MAIR_NORMAL)
	.quad	0xc0000000 + BLOCK(MAIR_NORMAL)
boot_low:
	.quad	PHYS(boot_blocks) + TABLE
	.skip	511 * 8
boot_high:
	.quad	PHYS(boot_blocks) + TABLE /* DIRECT_MAP */
	.skip	510 * 8
	.quad	PHYS(boot_blocks) + TABLE
	/* Maps nothing: TTBR0 of the kernel's own threads, too. */
	.globl boot_empty
boot_empty:
	.skip	4096

	.bss
	/* As kernel stacks are: see KSTACK_SHIFT. kmap.c leaves the guard out. */
	.align KSTACK_SHIFT + 1
	.globl boot_stack_guard
boot_stack_guard:
	.skip	1 << KSTACK_SHIFT
	.globl boot_stack
boot_stack:
	.skip	1 << KSTACK_SHIFT
	.globl boot_stack_top
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
