/* SPDX-License-Identifier: MIT */
/* Owns: signal numbers and structures as Linux programs know them (the values that all four architectures share).
 * Relies on: nothing.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_ABI_SIGNAL_H
#define VDK_KERNEL_ABI_SIGNAL_H

#include "arch/arch.h"
#include "core/types.h"

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPWR 30
#define SIGSYS 31
#define SIGRTMIN 32
#define NSIG 64

#define SIG_DFL 0UL
#define SIG_IGN 1UL

#define SA_NOCLDSTOP 0x00000001UL
#define SA_NOCLDWAIT 0x00000002UL
#define SA_SIGINFO 0x00000004UL
#ifdef ARCH_HAS_SA_RESTORER
#define SA_RESTORER 0x04000000UL
#else
#define SA_RESTORER 0UL /* no such flag */
#endif
#define SA_ONSTACK 0x08000000UL
#define SA_RESTART 0x10000000UL
#define SA_NODEFER 0x40000000UL
#define SA_RESETHAND 0x80000000UL

/* What rt_sigaction passes. arch_types.h defines ARCH_HAS_SA_RESTORER where programs say what handlers return to. */
struct sigaction_kernel {
	uint64_t handler;
	uint64_t flags;
#ifdef ARCH_HAS_SA_RESTORER
	uint64_t restorer;
#endif
	uint64_t mask;
};

/* si_code */
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_TKILL (-6)
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define ILL_ILLOPC 1
#define ILL_ILLOPN 2
#define FPE_INTDIV 1
#define TRAP_BRKPT 1
#define TRAP_TRACE 2
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_STOPPED 5
#define CLD_CONTINUED 6

#define SS_ONSTACK 1u
#define SS_DISABLE 2u
#define SS_AUTODISARM (1u << 31)
#define MINSIGSTKSZ 2048 /* the smallest of the architectures': programs pass their own constant */

struct stack_user {
	uint64_t sp;
	int32_t flags, pad;
	uint64_t size;
};

/* 128 bytes on every 64-bit architecture. */
struct siginfo_user {
	int32_t si_signo, si_errno, si_code, pad0;
	union {
		struct { int32_t pid; uint32_t uid; uint64_t value; } kill;
		struct { int32_t pid; uint32_t uid; int32_t status, pad; int64_t utime, stime; } child;
		struct { int32_t id, overrun; uint64_t value; } timer;
		struct { uint64_t addr; } fault;
		uint8_t pad[112];
	} u;
};
_Static_assert(sizeof(struct siginfo_user) == 128, "siginfo_t is 128 bytes");

#endif
