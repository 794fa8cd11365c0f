/* SPDX-License-Identifier: MIT */
/* The processor's state across interrupts, switches of process, signals, fork and execve.
 *
 * Owns: the claims about registers. Relies on: guest.h; the vector part on x86_64.
 * Run with the argument `initial`, the program looks at the state that it starts with. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/time.h>

#include "guest.h"

#define PROCESSES 3
#define STEPS 100000
#define SPINS 5000000

static volatile sig_atomic_t calls;

static void alarm_every_ms(long ms)
{
	struct itimerval timer = { .it_value = { 0, ms * 1000 }, .it_interval = { 0, ms * 1000 } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void share_one_cpu(void)
{
	cpu_set_t cpus;
	int cpu = sched_getcpu();

	CPU_ZERO(&cpus);
	CPU_SET(cpu < 0 ? 0 : cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0)
		diag("sched_setaffinity: %s", strerror(errno));
}

/* --- floating point ----------------------------------------------------------------------------------------------- */

/* A sum whose every step depends on the one before it, and on the last bit of the registers. */
static double compute(double seed, int steps)
{
	double x = seed, sum = 0;

	for (int i = 0; i < steps; i++) {
		x = x * 1.0000001 + 1 / (x + 2);
		sum += x - (double)(long)x;
	}
	return sum;
}

static double expected[PROCESSES];

static int compute_alike(int process)
{
	for (int i = 0; i < 10; i++)
		if (compute(1 + process, STEPS) != expected[process])
			return 1;
	return 0;
}

static void on_alarm(int signo)
{
	(void)signo;
	calls += compute(5, 100) == 0 ? 2 : 1;
}

static void computing_is_undisturbed(void)
{
	pid_t pid[PROCESSES];
	int wrong = 0, status;

	for (int i = 0; i < PROCESSES; i++)
		expected[i] = compute(1 + i, STEPS);
	for (int i = 0; i < PROCESSES; i++)
		if ((pid[i] = fork()) == 0)
			_exit(compute_alike(i));
	for (int i = 0; i < PROCESSES; i++)
		wrong += waitpid(pid[i], &status, 0) != pid[i] || status != 0;
	is_int(wrong, 0, "%d processes compute on one CPU, and none disturbs another", PROCESSES);
	signal(SIGALRM, on_alarm);
	alarm_every_ms(1);
	wrong = 0;
	for (int i = 0; i < 10 || calls < 10; i++)
		wrong += compute(1, STEPS) != expected[0];
	alarm_every_ms(0);
	is_int(wrong, 0, "a handler that computes does not disturb what it interrupts");
	diag("interrupted %d times", (int)calls);
}

#if defined(__x86_64__)

/* --- vector and control registers --------------------------------------------------------------------------------- */

#define INITIAL_MXCSR 0x1f80
#define INITIAL_X87 0x037f
#define ROUND_UP_MXCSR 0x5f80 /* and all exceptions masked, as at first */
#define ROUND_UP_X87 0x0b7f

static unsigned int mxcsr(void)
{
	unsigned int value;

	__asm__ volatile("stmxcsr %0" : "=m"(value));
	return value & ~0x3fu; /* without the flags of past exceptions */
}

static unsigned int x87(void)
{
	unsigned short value;

	__asm__ volatile("fnstcw %0" : "=m"(value));
	return value;
}

static void set_control(unsigned int new_mxcsr, unsigned short new_x87)
{
	__asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(new_mxcsr), "m"(new_x87));
}

static bool control_is(unsigned int wanted_mxcsr, unsigned int wanted_x87)
{
	if (mxcsr() == wanted_mxcsr && x87() == wanted_x87)
		return true;
	diag("MXCSR %x, x87 control word %x; want %x, %x", mxcsr(), x87(), wanted_mxcsr, wanted_x87);
	return false;
}

/* 32 bytes for each of 16 registers go in, stay there while `spins` are counted, and come out. */
#define EACH_REGISTER(DO) \
	DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)
#define CLOBBER(n) , "xmm" #n
#define CLOBBERS "memory" EACH_REGISTER(CLOBBER)
#define LOAD_XMM(n) "movups 32*" #n "(%1), %%xmm" #n "\n\t"
#define STORE_XMM(n) "movups %%xmm" #n ", 32*" #n "(%1)\n\t"
#define LOAD_YMM(n) "vmovups 32*" #n "(%1), %%ymm" #n "\n\t"
#define STORE_YMM(n) "vmovups %%ymm" #n ", 32*" #n "(%1)\n\t"

static void hold_xmm(void *registers, unsigned long spins)
{
	__asm__ volatile(EACH_REGISTER(LOAD_XMM) "1: dec %0; jnz 1b\n\t" EACH_REGISTER(STORE_XMM)
			 : "+r"(spins) : "r"(registers) : CLOBBERS);
}

static void hold_ymm(void *registers, unsigned long spins)
{
	__asm__ volatile(EACH_REGISTER(LOAD_YMM) "1: dec %0; jnz 1b\n\t" EACH_REGISTER(STORE_YMM) "vzeroupper\n\t"
			 : "+r"(spins) : "r"(registers) : CLOBBERS);
}

static int registers_hold(int process, void (*hold)(void *, unsigned long))
{
	unsigned char before[16 * 32], after[16 * 32];

	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < sizeof(before); i++)
			before[i] = (unsigned char)((size_t)process * 85 + (size_t)round * 7 + i);
		memcpy(after, before, sizeof(after));
		hold(after, SPINS);
		for (int r = 0; r < 16; r++)
			if (memcmp(before + 32 * r, after + 32 * r, hold == hold_xmm ? 16 : 32) != 0)
				return 1;
	}
	return 0;
}

static void vectors_are_undisturbed(const char *name, void (*hold)(void *, unsigned long))
{
	pid_t pid[PROCESSES];
	int wrong = 0, status;

	for (int i = 0; i < PROCESSES; i++)
		if ((pid[i] = fork()) == 0)
			_exit(registers_hold(i, hold));
	for (int i = 0; i < PROCESSES; i++)
		wrong += waitpid(pid[i], &status, 0) != pid[i] || status != 0;
	is_int(wrong, 0, "%d processes on one CPU keep their %s registers", PROCESSES, name);
}

static volatile bool control_was_initial;

static void look_and_spoil(int signo)
{
	unsigned char ones[16 * 32];

	(void)signo;
	control_was_initial = control_is(INITIAL_MXCSR, INITIAL_X87);
	memset(ones, 0xff, sizeof(ones));
	hold_xmm(ones, 1);
	set_control(0x7f80, 0x0f7f);
	calls++;
}

static int control_is_inherited(void)
{
	return !control_is(ROUND_UP_MXCSR, ROUND_UP_X87);
}

static int initial_program(void)
{
	set_control(ROUND_UP_MXCSR, ROUND_UP_X87);
	execl((const char *)getauxval(AT_EXECFN), "registers", "initial", NULL);
	return 1;
}

static int state_is_initial(void)
{
	return !control_is(INITIAL_MXCSR, INITIAL_X87);
}

static void control_is_kept(void)
{
	int wrong;

	ok(control_is(INITIAL_MXCSR, INITIAL_X87), "a program starts with the initial MXCSR and x87 control word");
	signal(SIGUSR1, look_and_spoil);
	set_control(ROUND_UP_MXCSR, ROUND_UP_X87);
	raise(SIGUSR1);
	ok(control_was_initial, "a handler starts with the initial MXCSR and x87 control word");
	ok(control_is(ROUND_UP_MXCSR, ROUND_UP_X87),
	   "a handler's MXCSR and x87 control word are gone when it has returned");
	is_int(in_child(control_is_inherited), 0, "a child inherits MXCSR and x87 control word");
	is_int(in_child(initial_program), 0, "execve sets MXCSR and x87 control word back");
	set_control(INITIAL_MXCSR, INITIAL_X87);
	signal(SIGALRM, look_and_spoil);
	alarm_every_ms(1);
	calls = 0;
	for (wrong = 0; calls < 20; )
		wrong += registers_hold(1, hold_xmm);
	alarm_every_ms(0);
	is_int(wrong, 0, "vector registers are kept when a handler with vectors interrupts");
}

/* --- general registers -------------------------------------------------------------------------------------------- */

static volatile bool direction_was_up = true;

static void look_at_direction(int signo)
{
	unsigned long flags;

	(void)signo;
	__asm__ volatile("pushf; pop %0" : "=r"(flags));
	direction_was_up = direction_was_up && !(flags & 0x400);
	calls++;
}

#define EACH_GENERAL(DO) \
	DO(0, rax)       \
	DO(1, rdx) DO(2, rbx) DO(3, r8) DO(4, r9) DO(5, r10) DO(6, r11) DO(7, r12) DO(8, r13) DO(9, r14) DO(10, r15)
#define LOAD(n, reg) "mov 8*" #n "(%1), %%" #reg "\n\t"
#define STORE(n, reg) "mov %%" #reg ", 8*" #n "(%1)\n\t"
#define CLOBBER_GENERAL(n, reg) , #reg
#define DIRECTION_AND_CARRY 0x401

/* As hold_xmm(), with the general registers; then the ends of the red zone, which is below our caller's, and the flags.
 */
static void hold_general(unsigned long *values, unsigned long spins)
{
	__asm__ volatile("sub $128, %%rsp\n\t"
			 EACH_GENERAL(LOAD)
			 "mov %%rax, -8(%%rsp)\n\t"
			 "mov %%rdx, -128(%%rsp)\n\t"
			 "std; stc\n\t"
			 "1: dec %0; jnz 1b\n\t"
			 EACH_GENERAL(STORE)
			 "mov -8(%%rsp), %%rax\n\t"
			 "mov -128(%%rsp), %%rdx\n\t"
			 "mov %%rax, 8*11(%1)\n\t"
			 "mov %%rdx, 8*12(%1)\n\t"
			 "pushf; popq 8*13(%1)\n\t"
			 "cld; add $128, %%rsp"
			 : "+c"(spins) : "D"(values) : "cc", "memory" EACH_GENERAL(CLOBBER_GENERAL));
}

static void general_registers_are_kept(void)
{
	int wrong = 0, wrong_flags = 0;

	signal(SIGALRM, look_at_direction);
	calls = 0;
	alarm_every_ms(1);
	while (calls < 20) {
		unsigned long values[14];

		for (size_t i = 0; i < 11; i++)
			values[i] = 0x123456789abcdef1 * (i + 1);
		hold_general(values, SPINS);
		for (size_t i = 0; i < 11; i++)
			wrong += values[i] != 0x123456789abcdef1 * (i + 1);
		wrong += values[11] != values[0] || values[12] != values[1];
		wrong_flags += (values[13] & DIRECTION_AND_CARRY) != DIRECTION_AND_CARRY;
	}
	alarm_every_ms(0);
	is_int(wrong, 0, "general registers and the red zone are kept when a handler interrupts");
	is_int(wrong_flags, 0, "the flags are kept when a handler interrupts");
	ok(direction_was_up, "a handler starts with the direction flag clear");
}
#endif

int main(int argc, char **argv)
{
#if defined(__x86_64__)
	if (argc > 1 && strcmp(argv[1], "initial") == 0)
		return state_is_initial();
#endif
	(void)argc;
	(void)argv;
	share_one_cpu();
	computing_is_undisturbed();
#if defined(__x86_64__)
	vectors_are_undisturbed("XMM", hold_xmm);
	if (__builtin_cpu_supports("avx"))
		vectors_are_undisturbed("YMM", hold_ymm);
	else
		skip("no AVX", "%d processes on one CPU keep their YMM registers", PROCESSES);
	control_is_kept();
	general_registers_are_kept();
#endif
	return done();
}
