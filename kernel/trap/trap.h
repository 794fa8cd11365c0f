/* SPDX-License-Identifier: MIT */
/* Owns: the registry of trap handlers.
 * Relies on: the linker's __start_/__stop_ symbols of section `trap_handlers`.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_TRAP_TRAP_H
#define VDK_KERNEL_TRAP_TRAP_H

#include "core/types.h"

/* What an architecture sorts its exceptions and interrupts into. */
enum trap_kind {
	TRAP_TIMER,       /* the timer that arch_timer_arm() set went off */
	TRAP_IRQ,         /* a device interrupt; info.irq */
	TRAP_PAGE_FAULT,  /* info.addr, info.access */
	TRAP_ILLEGAL,     /* illegal or privileged instruction: SIGILL */
	TRAP_BREAKPOINT,  /* SIGTRAP */
	TRAP_STEP,        /* single step: SIGTRAP */
	TRAP_ARITHMETIC,  /* integer division: SIGFPE; info.code is the si_code */
	TRAP_FLOAT,       /* floating point: SIGFPE; info.code is the si_code */
	TRAP_PROTECTION,  /* x86 #GP and the like: SIGSEGV; info.code is the si_code */
	TRAP_ALIGNMENT,   /* SIGBUS; also x86 #SS, #NP. info.code, info.addr */
	TRAP_IPI,         /* another CPU wants something; info.irq says what */
	TRAP_SELFTEST,    /* raised by the kernel's own tests only */
	TRAP_KINDS
};

#define TRAP_ACCESS_READ 0u
#define TRAP_ACCESS_WRITE 1u
#define TRAP_ACCESS_EXEC 2u

struct arch_regs;

struct trap_info {
	struct arch_regs *regs; /* as they were; a handler may change them */
	bool user;              /* came from user mode */
	unsigned int irq;
	unsigned int access; /* TRAP_ACCESS_* */
	int code;            /* si_code of the signal, or 0 where the kind says it */
	uint64_t addr;       /* si_addr: the faulting address (page fault), else the program counter; or 0 */
};

struct trap_handler {
	enum trap_kind kind;
	const char *name;
	/* true: handled. Runs with interrupts off on the trapping CPU's kernel stack. */
	bool (*fn)(struct trap_info *info);
	uint64_t *calls; /* how often it ran, see /proc/traps */
};

/* Register `function` for `kind_`, at file scope. Several may register for one kind; their order is not defined. */
#define TRAP_HANDLER(kind_, function)                                                             \
	static uint64_t function##_trap_calls;                                                    \
	__attribute__((used, section("trap_handlers"))) static const struct trap_handler          \
		function##_trap_handler = { kind_, #function, function, &function##_trap_calls }

/* Call every handler of `kind`, also after one returned false: the AND of their results. With no handler: a warning
 * (once per kind) and false. */
bool trap_dispatch(enum trap_kind kind, struct trap_info *info);

/* For /proc/traps: the registered handlers; `count` gets their number. Its symbol differs from the section's name, which the
 * assembler would take for it in files that register a handler. */
const struct trap_handler *trap_handlers(size_t *count) __asm__("trap_handler_list");
const char *trap_kind_name(enum trap_kind kind);

#endif
