/* SPDX-License-Identifier: MIT */
/* Owns: what the live unwinding test must know of each machine: a call with known registers, traps, signal frames,
 * DWARF numbers.
 * Relies on: glibc's <ucontext.h>.
 * Who may include: tests/image/unwind/live.c. */
#ifndef VDK_TESTS_IMAGE_UNWIND_MACHINE_H
#define VDK_TESTS_IMAGE_UNWIND_MACHINE_H

#include <stdint.h>
#include <ucontext.h>

/* Calls fn(args[0], ..., args[4]) with its stack pointer in probe_sp, MARK + n in each register n of MACHINE_SAVED,
 * and the return address probe_return. It has no unwind table: the walk ends there. */
long probe(const void *fn, const long *args);
extern const char probe_return[];
extern uint64_t probe_sp;

/* The handler of SIGTRAP and SIGILL: on_trap(), which returns to `trampoline` where that is another's to choose. */
void signal_entry(int sig, siginfo_t *info, void *context);
extern const void *trampoline;

#define MARK 0x5eed00
#define ENTRIES ".text\n.balign 16\n.globl probe, probe_return, signal_entry\n"

/* DWARF numbers: MACHINE_SAVED a function keeps for its caller; MACHINE_REGISTERS(X) X(number, where the signal
 * frame has it), the stack pointer left out: its value is the frame's own address. */
#if defined(__x86_64__)
#define MACHINE_SAVED { 3, 6, 12, 13, 14, 15 }
#define MACHINE_PC(uc) ((uc)->uc_mcontext.gregs[REG_RIP])
#define R(X, n, name) X(n, uc->uc_mcontext.gregs[REG_##name])
#define MACHINE_REGISTERS(X) \
	R(X, 0, RAX) R(X, 1, RDX) R(X, 2, RCX) R(X, 3, RBX) R(X, 4, RSI) R(X, 5, RDI) R(X, 6, RBP) R(X, 8, R8) \
	R(X, 9, R9) R(X, 10, R10) R(X, 11, R11) R(X, 12, R12) R(X, 13, R13) R(X, 14, R14) R(X, 15, R15)
static const uint8_t machine_trap[] = { 0xcc };
#define MACHINE_TRAP_SIZE 1 /* how far the trap has moved the pc */
#define MACHINE_TRAMPOLINE "" /* none: the kernel demands the libc's own (SA_RESTORER) */
__asm__(ENTRIES
	"probe:\n"
	"	push %rbp\n	push %rbx\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
	"	sub $8, %rsp\n"
	"	mov %rdi, %rax\n"
	"	mov 16(%rsi), %rdx\n	mov 24(%rsi), %rcx\n	mov 32(%rsi), %r8\n"
	"	mov (%rsi), %rdi\n"
	"	mov 8(%rsi), %rsi\n"
	"	mov %rsp, probe_sp(%rip)\n"
	"	mov $0x5eed03, %ebx\n	mov $0x5eed06, %ebp\n	mov $0x5eed0c, %r12d\n"
	"	mov $0x5eed0d, %r13d\n	mov $0x5eed0e, %r14d\n	mov $0x5eed0f, %r15d\n"
	"	call *%rax\n"
	"probe_return:\n"
	"	add $8, %rsp\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbx\n	pop %rbp\n"
	"	ret\n"
	"signal_entry:\n"
	"	jmp on_trap\n");

#elif defined(__riscv)
#define MACHINE_SAVED { 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27 }
#define MACHINE_PC(uc) ((uc)->uc_mcontext.__gregs[0])
#define R(X, n) X(n, uc->uc_mcontext.__gregs[n])
#define MACHINE_REGISTERS(X) \
	R(X, 1) R(X, 3) R(X, 4) R(X, 5) R(X, 6) R(X, 7) R(X, 8) R(X, 9) R(X, 10) R(X, 11) R(X, 12) R(X, 13) R(X, 14) \
	R(X, 15) R(X, 16) R(X, 17) R(X, 18) R(X, 19) R(X, 20) R(X, 21) R(X, 22) R(X, 23) R(X, 24) R(X, 25) R(X, 26) \
	R(X, 27) R(X, 28) R(X, 29) R(X, 30) R(X, 31)
static const uint8_t machine_trap[] = { 0x02, 0x90 }; /* c.ebreak */
#define MACHINE_TRAP_SIZE 0
#define MACHINE_TRAMPOLINE "__vdso_rt_sigreturn"
__asm__(ENTRIES
	"probe:\n"
	"	addi sp, sp, -112\n"
	"	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
	"	sd s\\n, 8 * \\n (sp)\n"
	"	.endr\n"
	"	sd ra, 96(sp)\n"
	"	mv t0, a0\n"
	"	ld a0, 0(a1)\n	ld a2, 16(a1)\n	ld a3, 24(a1)\n	ld a4, 32(a1)\n	ld a1, 8(a1)\n"
	"	sd sp, probe_sp, t1\n"
	"	li s0, 0x5eed08\n	li s1, 0x5eed09\n"
	"	.irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
	"	li s\\n, 0x5eed10 + \\n\n"
	"	.endr\n"
	"	jalr t0\n"
	"probe_return:\n"
	"	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n"
	"	ld s\\n, 8 * \\n (sp)\n"
	"	.endr\n"
	"	ld ra, 96(sp)\n"
	"	addi sp, sp, 112\n"
	"	ret\n"
	"signal_entry:\n"
	"	ld ra, trampoline\n"
	"	tail on_trap\n");

#elif defined(__aarch64__)
#define MACHINE_SAVED { 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29 }
#define MACHINE_PC(uc) ((uc)->uc_mcontext.pc)
#define R(X, n) X(n, uc->uc_mcontext.regs[n])
#define MACHINE_REGISTERS(X) \
	R(X, 0) R(X, 1) R(X, 2) R(X, 3) R(X, 4) R(X, 5) R(X, 6) R(X, 7) R(X, 8) R(X, 9) R(X, 10) R(X, 11) R(X, 12) \
	R(X, 13) R(X, 14) R(X, 15) R(X, 16) R(X, 17) R(X, 18) R(X, 19) R(X, 20) R(X, 21) R(X, 22) R(X, 23) R(X, 24) \
	R(X, 25) R(X, 26) R(X, 27) R(X, 28) R(X, 29) R(X, 30)
static const uint8_t machine_trap[] = { 0x00, 0x00, 0x20, 0xd4 }; /* brk #0 */
#define MACHINE_TRAP_SIZE 0
#define MACHINE_TRAMPOLINE "__kernel_rt_sigreturn"
__asm__(ENTRIES
	"probe:\n"
	"	stp x29, x30, [sp, #-96]!\n"
	"	stp x19, x20, [sp, #16]\n	stp x21, x22, [sp, #32]\n	stp x23, x24, [sp, #48]\n"
	"	stp x25, x26, [sp, #64]\n	stp x27, x28, [sp, #80]\n"
	"	mov x9, x0\n"
	"	ldp x0, x10, [x1]\n	ldp x2, x3, [x1, #16]\n	ldr x4, [x1, #32]\n	mov x1, x10\n"
	"	adrp x10, probe_sp\n	mov x11, sp\n	str x11, [x10, :lo12:probe_sp]\n"
	"	.irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29\n"
	"	movz x\\n, #0xed00 + \\n\n	movk x\\n, #0x5e, lsl #16\n"
	"	.endr\n"
	"	blr x9\n"
	"probe_return:\n"
	"	ldp x19, x20, [sp, #16]\n	ldp x21, x22, [sp, #32]\n	ldp x23, x24, [sp, #48]\n"
	"	ldp x25, x26, [sp, #64]\n	ldp x27, x28, [sp, #80]\n"
	"	ldp x29, x30, [sp], #96\n"
	"	ret\n"
	"signal_entry:\n"
	"	adrp x16, trampoline\n	ldr x30, [x16, :lo12:trampoline]\n"
	"	b on_trap\n");

#else
#error "machine.h: how does one call, trap and read a signal frame here?"
#endif

#endif
