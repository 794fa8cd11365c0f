/* SPDX-License-Identifier: MIT */
/* What user mode may not do, and that it learns so by the right signal; and code that a program writes.
 *
 * Owns: the claim "user mode may read the counter and nothing more", instruction by instruction; the kernel's memory.
 * Relies on: guest.h; privilege/<architecture>.h for the instructions.
 * Never: goes on behind a faulting instruction: the handler jumps away. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "guest.h"

/* One instruction; `code` is si_code. */
struct attempt {
	const char *name;
	void (*run)(void);
	int signo, code;
};

#if defined(__x86_64__)
#include "privilege/x86_64.h"
#elif defined(__aarch64__)
#include "privilege/aarch64.h"
#elif defined(__riscv)
#include "privilege/riscv64.h"
#elif defined(__loongarch__)
#include "privilege/loongarch64.h"
#else
#error "no privileged instructions for this architecture"
#endif

#ifndef KERNEL_SIGNAL
#define KERNEL_SIGNAL SIGSEGV
#define KERNEL_CODE SEGV_MAPERR
#endif
#ifndef SYNC_CODE
#define SYNC_CODE __builtin___clear_cache
#endif
#ifndef ALL_EXECUTES
#define ALL_EXECUTES 0
#endif

#define ROUNDS 100

static sigjmp_buf back;
static siginfo_t caught;
static uintptr_t caught_pc;

static void on_signal(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	caught = *info;
	caught_pc = ((const uintptr_t *)context)[CONTEXT_PC];
	siglongjmp(back, 1);
}

/* The signal that `run` raises; 0: none. */
static int attempt(void (*run)(void))
{
	memset(&caught, 0, sizeof(caught));
	if (!sigsetjmp(back, 1))
		run();
	return caught.si_signo;
}

static void instructions(void)
{
	for (size_t i = 0; i < LENGTH(allowed); i++) {
		int signo = attempt(allowed[i].run);

		ok(signo == 0, "%s is for user mode", allowed[i].name);
		if (signo)
			diag("signal %d, code %d", signo, caught.si_code);
	}
	for (size_t i = 0; i < LENGTH(forbidden); i++) {
		const struct attempt *a = &forbidden[i];
		int signo = attempt(a->run);
		bool there = a->code == SI_KERNEL ? caught.si_addr == NULL : (uintptr_t)caught.si_addr == caught_pc;

		ok(signo == a->signo && caught.si_code == a->code && there, "%s is not", a->name);
		if (signo != a->signo || caught.si_code != a->code)
			diag("signal %d, code %d", signo, caught.si_code);
	}
}

static uintptr_t target;

static void read_target(void)
{
	(void)*(volatile char *)target;
}

static void write_target(void)
{
	*(volatile char *)target = 1;
}

static void call_target(void)
{
	((void (*)(void))target)();
}

static void kernel_memory(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} ways[] = { { "read", read_target }, { "write", write_target }, { "call", call_target } };

	for (size_t i = 0; i < LENGTH(kernel_addresses); i++)
		for (size_t w = 0; w < LENGTH(ways); w++) {
			target = kernel_addresses[i];
			attempt(ways[w].run);
			ok(caught.si_signo == KERNEL_SIGNAL && caught.si_code == KERNEL_CODE &&
				   (uintptr_t)caught.si_addr == target,
			   "a %s at 0x%lx tells nothing of the kernel", ways[w].name, (unsigned long)target);
		}
}

/* Code for a function that returns 0 to ROUNDS. */
static void write_code(void *at, unsigned int result)
{
	uint32_t words[] = RETURNS(result);

	memcpy(at, words, sizeof(words));
}

static bool returns(void *code, unsigned int result)
{
	return ((unsigned int (*)(void))code)() == result;
}

static void written_code_runs(void)
{
	unsigned char *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int wrong = 0;

	if (code == MAP_FAILED)
		bail("mmap: %s", strerror(errno));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		write_code(code, i);
		SYNC_CODE((char *)code, (char *)code + 16);
		wrong += !returns(code, i);
	}
	ok(wrong == 0, "code that a program writes where it may write and execute runs as written");

	/* By way of the kernel: it is the one that makes the page executable. */
	for (unsigned int i = 0; i < ROUNDS; i++) {
		mprotect(code, PAGE, PROT_READ | PROT_WRITE);
		write_code(code, i);
		mprotect(code, PAGE, PROT_READ | PROT_EXEC);
		wrong += !returns(code, i);
	}
	ok(wrong == 0, "code in a page that becomes executable by mprotect runs as written");
	target = (uintptr_t)code;
	attempt(write_target);
	ok(caught.si_signo == SIGSEGV && caught.si_code == SEGV_ACCERR && (uintptr_t)caught.si_addr == target,
	   "and cannot be written any more");
	if (ALL_EXECUTES) {
		skip("this kernel cannot forbid it on this machine", "what can be written is not executed");
		return;
	}
	mprotect(code, PAGE, PROT_READ | PROT_WRITE);
	attempt(call_target);
	ok(caught.si_signo == SIGSEGV && caught.si_code == SEGV_ACCERR && (uintptr_t)caught.si_addr == target,
	   "what can be written is not executed");
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	sigaction(SIGILL, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
	instructions();
	kernel_memory();
	written_code_runs();
	return done();
}
