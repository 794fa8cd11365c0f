/* SPDX-License-Identifier: MIT */
/* Signals: handlers, masks, siginfo, restarts.
 *
 * Owns: the claims about what a signal does. Relies on: guest.h. The sleeps that signals interrupt are sleeps.c's. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "guest.h"

static volatile sig_atomic_t calls;
static siginfo_t seen[16];
static char *volatile handler_stack;

static void note(int signo, siginfo_t *info, void *context)
{
	char here;

	(void)signo;
	(void)context;
	handler_stack = &here;
	if (calls < (int)LENGTH(seen))
		seen[calls] = *info;
	calls++;
}

static void catch_signal(int signo, int flags)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | flags };

	sigemptyset(&action.sa_mask);
	if (sigaction(signo, &action, NULL) != 0)
		bail("sigaction(%d): %s", signo, strerror(errno));
	calls = 0;
}

static void block(int how, int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(how, &set, NULL);
}

static void alarm_after_ms(long first_ms, long every_ms)
{
	struct itimerval timer = {
		.it_value = { first_ms / 1000, first_ms % 1000 * 1000 },
		.it_interval = { every_ms / 1000, every_ms % 1000 * 1000 },
	};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* --- delivery ----------------------------------------------------------------------------------------------------- */

static void handlers_are_called(void)
{
	union sigval value = { .sival_int = 1234 };
	struct sigaction now;

	catch_signal(SIGUSR1, 0);
	kill(getpid(), SIGUSR1);
	ok(calls == 1 && seen[0].si_signo == SIGUSR1 && seen[0].si_code == SI_USER && seen[0].si_pid == getpid() &&
	   seen[0].si_uid == getuid(), "kill: the handler runs before kill returns, and is told by whom");
	raise(SIGUSR1);
	ok(calls == 2 && seen[1].si_code == SI_TKILL && seen[1].si_pid == getpid(),
	   "raise: the handler is told SI_TKILL");
	sigqueue(getpid(), SIGUSR1, value);
	ok(calls == 3 && seen[2].si_code == SI_QUEUE && seen[2].si_value.sival_int == 1234,
	   "sigqueue: the handler gets the value");
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	is_int(calls, 3, "an ignored signal does nothing");
	catch_signal(SIGUSR1, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &now);
	ok(calls == 1 && now.sa_handler == SIG_DFL, "with SA_RESETHAND a handler runs once");
}

static void bad_requests_are_refused(void)
{
	struct sigaction action = { .sa_handler = SIG_IGN };

	ok(sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL, "SIGKILL can't be ignored");
	ok(sigaction(SIGSTOP, &action, NULL) == -1 && errno == EINVAL, "SIGSTOP can't be ignored");
	ok(kill(getpid(), 65) == -1 && errno == EINVAL, "signal 65 is EINVAL");
	ok(kill(0x3fffffff, 0) == -1 && errno == ESRCH, "kill of nobody is ESRCH");
}

static void blocked_signals_wait(void)
{
	union sigval value;
	sigset_t set;

	catch_signal(SIGUSR1, 0);
	block(SIG_BLOCK, SIGUSR1);
	raise(SIGUSR1);
	raise(SIGUSR1);
	sigpending(&set);
	ok(calls == 0 && sigismember(&set, SIGUSR1) == 1, "a blocked signal is pending");
	block(SIG_UNBLOCK, SIGUSR1);
	is_int(calls, 1, "a signal comes once when it is unblocked, however often it was sent");

	catch_signal(SIGRTMIN, 0);
	block(SIG_BLOCK, SIGRTMIN);
	for (value.sival_int = 0; value.sival_int < 5; value.sival_int++)
		sigqueue(getpid(), SIGRTMIN, value);
	block(SIG_UNBLOCK, SIGRTMIN);
	ok(calls == 5 && seen[0].si_value.sival_int == 0 && seen[1].si_value.sival_int == 1 &&
	   seen[4].si_value.sival_int == 4, "a real-time signal comes as often as it was sent, in order");
}

static volatile int depth, deepest;

static void send_again(int signo)
{
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (calls++ < 3)
		raise(signo);
	depth--;
}

static void handlers_block_their_signal(void)
{
	struct sigaction action = { .sa_handler = send_again };

	calls = deepest = 0;
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	ok(calls == 4 && deepest == 1, "a handler is not interrupted by its own signal");
	action.sa_flags = SA_NODEFER;
	calls = 0;
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	ok(calls == 4 && deepest == 4, "with SA_NODEFER a handler is interrupted by its own signal");
}

static void sigsuspend_waits(void)
{
	sigset_t none, mask;

	catch_signal(SIGALRM, 0);
	block(SIG_BLOCK, SIGALRM);
	sigemptyset(&none);
	alarm_after_ms(20, 0);
	ok(sigsuspend(&none) == -1 && errno == EINTR && calls == 1, "sigsuspend waits for a signal");
	sigprocmask(SIG_BLOCK, NULL, &mask);
	is_int(sigismember(&mask, SIGALRM), 1, "sigsuspend puts the mask back");
	block(SIG_UNBLOCK, SIGALRM);
	alarm_after_ms(20, 0);
	ok(pause() == -1 && errno == EINTR && calls == 2, "pause waits for a signal");
}

static void alternate_stack_is_used(void)
{
	static char stack[65536];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) }, now;

	sigaltstack(&alternate, NULL);
	catch_signal(SIGUSR1, SA_ONSTACK);
	raise(SIGUSR1);
	ok(handler_stack > stack && handler_stack < stack + sizeof(stack),
	   "with SA_ONSTACK a handler has the alternate stack");
	catch_signal(SIGUSR1, 0);
	raise(SIGUSR1);
	ok(handler_stack < stack || handler_stack >= stack + sizeof(stack),
	   "without SA_ONSTACK a handler has the program's stack");
	sigaltstack(NULL, &now);
	ok(now.ss_sp == stack && now.ss_size == sizeof(stack) && now.ss_flags == 0, "sigaltstack tells the stack");
}

/* --- faults ------------------------------------------------------------------------------------------------------- */

static char *page;
static sigjmp_buf after_fault;

static void repair(int signo, siginfo_t *info, void *context)
{
	note(signo, info, context);
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void leave(int signo, siginfo_t *info, void *context)
{
	note(signo, info, context);
	siglongjmp(after_fault, 1);
}

static void trap(void (*execute)(void))
{
	calls = 0;
	if (sigsetjmp(after_fault, 1) == 0)
		execute();
}

static void store_at(unsigned long address)
{
	*(volatile char *)address = 0;
}

/* The names and what they do are the processor's; the codes are Linux's. */
#if defined(__x86_64__)
static void divide(void) { __asm__ volatile("xor %%ecx, %%ecx; div %%ecx" : : : "eax", "ecx", "edx"); }
static void undefined(void) { __asm__ volatile("ud2"); }
static void privileged(void) { __asm__ volatile("hlt"); }
static void store_nowhere(void) { store_at(1ul << 63 | 1); }
static void breakpoint(void) { __asm__ volatile("int3"); }

#define TRAPS                                                                       \
	{ divide, SIGFPE, FPE_INTDIV, "a division by zero is SIGFPE, FPE_INTDIV" }, \
	{ undefined, SIGILL, ILL_ILLOPN, "an undefined instruction is SIGILL, ILL_ILLOPN" }, \
	{ privileged, SIGSEGV, SI_KERNEL, "a privileged instruction is SIGSEGV, SI_KERNEL" }, \
	{ store_nowhere, SIGSEGV, SI_KERNEL, "a store to an address that is not canonical is SIGSEGV, SI_KERNEL" }, \
	{ breakpoint, SIGTRAP, SI_KERNEL, "a breakpoint is SIGTRAP, SI_KERNEL" }
#elif defined(__riscv)
static void undefined(void) { __asm__ volatile("unimp"); }
static void privileged(void) { __asm__ volatile("csrr t0, sstatus" : : : "t0"); }
static void store_nowhere(void) { store_at(1ul << 62 | 1); }
static void breakpoint(void) { __asm__ volatile("ebreak"); }

#define TRAPS                                                                                  \
	{ undefined, SIGILL, ILL_ILLOPC, "an undefined instruction is SIGILL, ILL_ILLOPC" },   \
	{ privileged, SIGILL, ILL_ILLOPC, "a privileged instruction is SIGILL, ILL_ILLOPC" },  \
	{ store_nowhere, SIGSEGV, SEGV_MAPERR, "a store to an address that is not canonical is SIGSEGV, SEGV_MAPERR" }, \
	{ breakpoint, SIGTRAP, TRAP_BRKPT, "a breakpoint is SIGTRAP, TRAP_BRKPT" }
#elif defined(__aarch64__)
static void undefined(void) { __asm__ volatile(".inst 0"); }
static void privileged(void) { __asm__ volatile("mrs x0, ttbr0_el1" : : : "x0"); }
static void store_nowhere(void) { store_at(1ul << 54 | 1); }
static void breakpoint(void) { __asm__ volatile("brk 0"); }
static void misaligned_jump(void) { __asm__ volatile("adr x0, . + 2; br x0" : : : "x0"); }

#define TRAPS                                                                                  \
	{ undefined, SIGILL, ILL_ILLOPC, "an undefined instruction is SIGILL, ILL_ILLOPC" },   \
	{ privileged, SIGILL, ILL_ILLOPC, "a privileged instruction is SIGILL, ILL_ILLOPC" },  \
	{ store_nowhere, SIGSEGV, SEGV_MAPERR, "a store to an address that is not canonical is SIGSEGV, SEGV_MAPERR" }, \
	{ breakpoint, SIGTRAP, TRAP_BRKPT, "a breakpoint is SIGTRAP, TRAP_BRKPT" },            \
	{ misaligned_jump, SIGBUS, BUS_ADRALN, "a jump to an odd place is SIGBUS, BUS_ADRALN" }
#elif defined(__loongarch__)
static void divide(void) { __asm__ volatile("break 7"); } /* what compilers put behind a division by zero */
static void undefined(void) { __asm__ volatile(".word 0"); }
static void privileged(void) { __asm__ volatile("csrrd $t0, 0" : : : "$t0"); }
static void store_nowhere(void) { store_at(1ul << 62 | 1); }
static void breakpoint(void) { __asm__ volatile("break 5"); }

#define TRAPS                                                                                  \
	{ divide, SIGFPE, FPE_INTDIV, "a division by zero is SIGFPE, FPE_INTDIV" },            \
	{ undefined, SIGILL, SI_KERNEL, "an undefined instruction is SIGILL, SI_KERNEL" },     \
	{ privileged, SIGILL, SI_KERNEL, "a privileged instruction is SIGILL, SI_KERNEL" },    \
	{ store_nowhere, SIGBUS, BUS_ADRERR, "a store to an address that is not canonical is SIGBUS, BUS_ADRERR" }, \
	{ breakpoint, SIGTRAP, TRAP_BRKPT, "a breakpoint is SIGTRAP, TRAP_BRKPT" }
#endif

static const struct {
	void (*execute)(void);
	int signo, code;
	const char *name;
} traps[] = { TRAPS };

static void store(void)
{
	*(volatile char *)page = 7;
}

static void faults_are_told(void)
{
	struct sigaction action = { .sa_sigaction = repair, .sa_flags = SA_SIGINFO };

	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	calls = 0;
	sigaction(SIGSEGV, &action, NULL);
	*(volatile char *)(page + 123) = 7;
	ok(calls == 1 && page[123] == 7 && seen[0].si_code == SEGV_ACCERR && seen[0].si_addr == page + 123,
	   "after a SIGSEGV handler has made the page writable, the store succeeds");
	munmap(page, PAGE);
	action.sa_sigaction = leave;
	sigaction(SIGSEGV, &action, NULL);
	trap(store);
	ok(calls == 1 && seen[0].si_code == SEGV_MAPERR && seen[0].si_addr == page,
	   "a store to unmapped memory is SEGV_MAPERR");
	for (size_t i = 0; i < LENGTH(traps); i++) {
		sigaction(traps[i].signo, &action, NULL);
		trap(traps[i].execute);
		ok(calls == 1 && seen[0].si_signo == traps[i].signo && seen[0].si_code == traps[i].code, "%s",
		   traps[i].name);
		diag("signal %d, code %d", seen[0].si_signo, seen[0].si_code);
		signal(traps[i].signo, SIG_DFL);
	}
	signal(SIGSEGV, SIG_DFL);
}

static int fault_with_signal_blocked(void)
{
	block(SIG_BLOCK, SIGSEGV);
	store();
	return 0;
}

static int fault_with_signal_ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	store();
	return 0;
}

static void faults_end_the_process(void)
{
	is_int(in_child(fault_with_signal_blocked) & 0x7f, SIGSEGV, "a fault with SIGSEGV blocked ends the process");
	is_int(in_child(fault_with_signal_ignored) & 0x7f, SIGSEGV, "a fault with SIGSEGV ignored ends the process");
}

/* --- restarts ----------------------------------------------------------------------------------------------------- */

static int ends[2];

static int write_after_100_ms(void)
{
	usleep(100000);
	return write(ends[1], "x", 1) != 1;
}

static int exit_after_100_ms(void)
{
	usleep(100000);
	return 3;
}

static void calls_are_restarted(void)
{
	struct timeval no_time = { 10, 0 };
	char byte = 0;
	pid_t pid;
	int status;
	fd_set set;

	if (pipe(ends) != 0)
		bail("pipe: %s", strerror(errno));
	pid = start(write_after_100_ms);
	catch_signal(SIGALRM, SA_RESTART);
	alarm_after_ms(30, 0);
	ok(read(ends[0], &byte, 1) == 1 && byte == 'x' && calls == 1,
	   "read is restarted after a handler with SA_RESTART");
	waitpid(pid, NULL, 0);
	catch_signal(SIGALRM, 0);
	alarm_after_ms(30, 0);
	ok(read(ends[0], &byte, 1) == -1 && errno == EINTR && calls == 1,
	   "read is EINTR after a handler without SA_RESTART");

	pid = start(exit_after_100_ms);
	catch_signal(SIGALRM, 0);
	alarm_after_ms(30, 0);
	ok(waitpid(pid, &status, 0) == -1 && errno == EINTR && calls == 1,
	   "waitpid is EINTR after a handler without SA_RESTART");
	catch_signal(SIGALRM, SA_RESTART);
	alarm_after_ms(30, 0);
	ok(waitpid(pid, &status, 0) == pid && status == 3 << 8 && calls == 1,
	   "waitpid is restarted after a handler with SA_RESTART");

	catch_signal(SIGALRM, SA_RESTART);
	alarm_after_ms(30, 0);
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	ok(select(ends[0] + 1, &set, NULL, NULL, &no_time) == -1 && errno == EINTR && calls == 1,
	   "select is EINTR even with SA_RESTART");
	close(ends[0]);
	close(ends[1]);
}

/* --- SIGCHLD ------------------------------------------------------------------------------------------------------ */

static int exit_with_9(void)
{
	return 9;
}

static int stop(void)
{
	raise(SIGSTOP);
	return 0;
}

static int die(void)
{
	raise(SIGKILL);
	return 0;
}

static bool child_told(pid_t pid, int code, int status)
{
	for (int i = 0; i < 500 && calls == 0; i++)
		usleep(10000);
	if (calls > 0 && seen[0].si_signo == SIGCHLD && seen[0].si_code == code && seen[0].si_pid == pid &&
	    seen[0].si_uid == getuid() && seen[0].si_status == status)
		return true;
	diag("%d calls, code %d, pid %d, status %d", (int)calls, seen[0].si_code, seen[0].si_pid, seen[0].si_status);
	return false;
}

static void children_are_told(void)
{
	struct sigaction action = { .sa_handler = SIG_IGN };
	pid_t pid;

	catch_signal(SIGCHLD, 0);
	pid = start(exit_with_9);
	ok(child_told(pid, CLD_EXITED, 9), "SIGCHLD tells who exited, and its status");
	waitpid(pid, NULL, 0);
	catch_signal(SIGCHLD, 0);
	pid = start(die);
	ok(child_told(pid, CLD_KILLED, SIGKILL), "SIGCHLD tells who was killed, and by which signal");
	waitpid(pid, NULL, 0);
	catch_signal(SIGCHLD, 0);
	pid = start(stop);
	ok(child_told(pid, CLD_STOPPED, SIGSTOP), "SIGCHLD tells who was stopped");
	catch_signal(SIGCHLD, 0);
	kill(pid, SIGCONT);
	ok(child_told(pid, CLD_CONTINUED, SIGCONT), "SIGCHLD tells who was continued");
	waitpid(pid, NULL, 0);
	catch_signal(SIGCHLD, SA_NOCLDSTOP);
	pid = start(stop);
	waitpid(pid, NULL, WUNTRACED);
	is_int(calls, 0, "with SA_NOCLDSTOP a stop is not told");
	kill(pid, SIGKILL);
	ok(child_told(pid, CLD_KILLED, SIGKILL), "with SA_NOCLDSTOP the end of a child is told");
	waitpid(pid, NULL, 0);
	sigaction(SIGCHLD, &action, NULL);
	start(exit_with_9);
	ok(waitpid(-1, NULL, 0) == -1 && errno == ECHILD, "with SIGCHLD ignored no child is left to wait for");
	signal(SIGCHLD, SIG_DFL);
}

int main(void)
{
	handlers_are_called();
	bad_requests_are_refused();
	blocked_signals_wait();
	handlers_block_their_signal();
	sigsuspend_waits();
	alternate_stack_is_used();
	faults_are_told();
	faults_end_the_process();
	calls_are_restarted();
	children_are_told();
	return done();
}
