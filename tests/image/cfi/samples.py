# SPDX-License-Identifier: MIT
# Owns: SAMPLES, a function with a frame and a right table for each machine: without any one directive the table is
# wrong; FRAMES, a compiler and a program whose assembly says "@register offset" of the kernel's signal frame.
# Relies on: Linux's headers of the architecture; for loongarch64, which has no package of them, its published ABI.

SAMPLES = {
    'x86_64': '''
	.text
f:	.cfi_startproc
	pushq %rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq %rsp, %rbp
	.cfi_def_cfa_register %rbp
	pushq %rbx
	.cfi_offset %rbx, -24
	subq $24, %rsp
	movq %rdi, %rbx
	testq %rdi, %rdi
	je 1f
	call *%rdi
1:	addq $24, %rsp
	popq %rbx
	.cfi_restore %rbx
	popq %rbp
	.cfi_def_cfa %rsp, 8
	.cfi_restore %rbp
	movq $0, -8(%rsp) /* what was popped stays in the red zone, until something is put there */
	movq $0, -16(%rsp)
	ret
	.cfi_endproc
''',
    'riscv64': '''
	.text
	.option norelax
f:	.cfi_startproc
	addi sp, sp, -32
	.cfi_def_cfa_offset 32
	sd ra, 24(sp)
	.cfi_offset ra, -8
	sd s0, 16(sp)
	.cfi_offset s0, -16
	addi s0, sp, 32
	.cfi_def_cfa s0, 0
	sd s1, 8(sp)
	.cfi_offset s1, -24
	addi sp, sp, -16
	beqz a0, 1f
	jalr a0
	mv s1, a0
1:	addi sp, s0, -32
	ld s1, 8(sp)
	ld ra, 24(sp)
	ld s0, 16(sp)
	.cfi_def_cfa sp, 32
	addi sp, sp, 32
	.cfi_def_cfa_offset 0
	.cfi_restore ra
	.cfi_restore s0
	.cfi_restore s1
	ret
	.cfi_endproc
''',
    'aarch64': '''
	.text
f:	.cfi_startproc
	stp x29, x30, [sp, #-48]!
	.cfi_def_cfa_offset 48
	.cfi_offset x29, -48
	.cfi_offset x30, -40
	mov x29, sp
	.cfi_def_cfa_register x29
	str x19, [sp, #16]
	.cfi_offset x19, -32
	sub sp, sp, #32
	cbz x0, 1f
	blr x0
	mov x19, x0
1:	add sp, x29, #0
	ldr x19, [sp, #16]
	ldp x29, x30, [sp], #48
	.cfi_def_cfa sp, 0
	.cfi_restore x29
	.cfi_restore x30
	.cfi_restore x19
	ret
	.cfi_endproc
''',
    'loongarch64': '''
	.text
f:	.cfi_startproc
	addi.d $sp, $sp, -32
	.cfi_def_cfa_offset 32
	st.d $ra, $sp, 24
	.cfi_offset 1, -8
	st.d $fp, $sp, 16
	.cfi_offset 22, -16
	addi.d $fp, $sp, 32
	.cfi_def_cfa 22, 0
	st.d $s0, $sp, 8
	.cfi_offset 23, -24
	addi.d $sp, $sp, -16
	beqz $a0, 1f
	bl 1f
	move $s0, $a0
1:	addi.d $sp, $fp, -32
	ld.d $s0, $sp, 8
	ld.d $ra, $sp, 24
	ld.d $fp, $sp, 16
	.cfi_def_cfa 3, 32
	addi.d $sp, $sp, 32
	.cfi_def_cfa_offset 0
	.cfi_restore 1
	.cfi_restore 22
	.cfi_restore 23
	ret
	.cfi_endproc
'''}

# Linux's frame, known to the kernel alone on each architecture, is these two and perhaps more behind them.
FRAME = '''
struct rt_sigframe {
	siginfo_t info;
	struct ucontext uc;
};
#define AT(name, field) \\
	__asm__ volatile(".ascii \\"@" #name " %0\\"" : : "i"(__builtin_offsetof(struct rt_sigframe, field)))
void offsets(void);
void offsets(void)
{
'''


def ats(name, field, numbers):
    return ''.join(f'\tAT({name}{n}, {field.replace("N", str(n))});\n' for n in numbers)


HEADERS = '#include <linux/signal.h>\n#include <asm/sigcontext.h>\n#include <asm/ucontext.h>\n'
RISCV_NAMES = 'ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6'.split()
FRAMES = {
    'riscv64': ('riscv64-linux-gnu-gcc', HEADERS + FRAME +
                'AT(pc, uc.uc_mcontext.sc_regs.pc);\n' +
                ''.join(f'\tAT({"sp" if n == 2 else f"X{n}"}, uc.uc_mcontext.sc_regs.{r});\n' for n, r in enumerate(RISCV_NAMES, 1)) +
                ''.join(f'\tAT(F{n}_H, uc.uc_mcontext.sc_fpregs.d.f[{n}]);\n' for n in range(32)) + '}\n'),
    'aarch64': ('aarch64-linux-gnu-gcc', HEADERS + FRAME +
                '\tAT(pc, uc.uc_mcontext.pc);\n\tAT(sp, uc.uc_mcontext.sp);\n' +
                ats('W', 'uc.uc_mcontext.regs[N]', range(31)) + '}\n'),
    'loongarch64': ('clang-19 --target=loongarch64-linux-gnu', '''
typedef struct { char bytes[128]; } siginfo_t;
struct sigcontext {
	unsigned long sc_pc, sc_regs[32];
	unsigned int sc_flags;
	unsigned long sc_extcontext[] __attribute__((aligned(16)));
};
struct ucontext {
	unsigned long uc_flags, uc_link;
	struct { void *ss_sp; int ss_flags; unsigned long ss_size; } uc_stack;
	unsigned long uc_sigmask;
	char unused[1024 / 8 - sizeof(unsigned long)];
	struct sigcontext uc_mcontext; /* aligned as its widest member: 16 */
};
''' + FRAME + '\tAT(pc, uc.uc_mcontext.sc_pc);\n\tAT(sp, uc.uc_mcontext.sc_regs[3]);\n' +
                    ats('R', 'uc.uc_mcontext.sc_regs[N]', [1, 2, *range(4, 32)]) + '}\n'),
}
