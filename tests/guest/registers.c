/* SPDX-License-Identifier: MIT */
/* The processor's state across interrupts, switches of process, signals, fork and execve.
 *
 * Owns: the claims about registers. Relies on: guest.h; registers/<arch>.h, which supplies:
 * CONTROL_NAME, control(), set_control(), and the values for them; VECTORS, of up to 1 KiB each;
 * GENERAL, the number of registers that hold_general() holds, and what it holds BESIDES;
 * FLAGS, 1 if there are any, with flags_are_kept(); HANDLER_FLAGS, if a handler starts with particular ones, with
 * handler_flags_are_right().
 * Run with the argument `initial`, the program looks at the state that it starts with. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/time.h>

#include "guest.h"

#if defined(__x86_64__)
#include "registers/x86_64.h"
#elif defined(__riscv)
#include "registers/riscv64.h"
#elif defined(__aarch64__)
#include "registers/aarch64.h"
#elif defined(__loongarch__)
#include "registers/loongarch64.h"
#endif

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

/* --- vector and control registers --------------------------------------------------------------------------------- */

/* Each: bytes go into the registers, stay there while `spins` are counted, and come out. */
static const struct vectors {
	const char *name;
	void (*hold)(void *registers, unsigned long spins);
	size_t size;
	bool (*have)(void);
} vectors[] = VECTORS;

static int registers_hold(int process, const struct vectors *v)
{
	unsigned char before[1024], after[1024];

	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < v->size; i++)
			before[i] = (unsigned char)((size_t)process * 85 + (size_t)round * 7 + i);
		memcpy(after, before, v->size);
		v->hold(after, SPINS);
		if (memcmp(before, after, v->size) != 0)
			return 1;
	}
	return 0;
}

static void vectors_are_undisturbed(const struct vectors *v)
{
	pid_t pid[PROCESSES];
	int wrong = 0, status;

	if (!v->have()) {
		skip("this machine has none", "%d processes on one CPU keep their %s registers", PROCESSES, v->name);
		return;
	}
	for (int i = 0; i < PROCESSES; i++)
		if ((pid[i] = fork()) == 0)
			_exit(registers_hold(i, v));
	for (int i = 0; i < PROCESSES; i++)
		wrong += waitpid(pid[i], &status, 0) != pid[i] || status != 0;
	is_int(wrong, 0, "%d processes on one CPU keep their %s registers", PROCESSES, v->name);
}

static bool control_is(unsigned long wanted)
{
	if (control() == wanted)
		return true;
	diag("%s %lx, want %lx", CONTROL_NAME, control(), wanted);
	return false;
}

static volatile unsigned long handler_control;

static void look_and_spoil(int signo)
{
	unsigned char ones[1024];

	(void)signo;
	handler_control = control();
	memset(ones, 0xff, sizeof(ones));
	vectors[0].hold(ones, 1);
	set_control(SPOILT_CONTROL);
	calls++;
}

static int control_is_inherited(void)
{
	return !control_is(OTHER_CONTROL);
}

static int initial_program(void)
{
	set_control(OTHER_CONTROL);
	execl((const char *)getauxval(AT_EXECFN), "registers", "initial", NULL);
	return 1;
}

static int state_is_initial(void)
{
	return !control_is(INITIAL_CONTROL);
}

static void control_is_kept(void)
{
	int wrong;

	ok(control_is(INITIAL_CONTROL), "a program starts with the initial %s", CONTROL_NAME);
	signal(SIGUSR1, look_and_spoil);
	set_control(OTHER_CONTROL);
	raise(SIGUSR1);
	ok(handler_control == (HANDLERS_START_INITIAL ? INITIAL_CONTROL : OTHER_CONTROL),
	   "a handler starts with the %s %s", HANDLERS_START_INITIAL ? "initial" : "interrupted program's", CONTROL_NAME);
	ok(control_is(OTHER_CONTROL), "a handler's %s is gone when it has returned", CONTROL_NAME);
	is_int(in_child(control_is_inherited), 0, "a child inherits %s", CONTROL_NAME);
	is_int(in_child(initial_program), 0, "execve sets %s back", CONTROL_NAME);
	set_control(INITIAL_CONTROL);
	signal(SIGALRM, look_and_spoil);
	alarm_every_ms(1);
	calls = 0;
	for (wrong = 0; calls < 20; )
		wrong += registers_hold(1, &vectors[0]);
	alarm_every_ms(0);
	is_int(wrong, 0, "%s registers are kept when a handler that uses them interrupts", vectors[0].name);
}

/* --- general registers -------------------------------------------------------------------------------------------- */

#ifdef HANDLER_FLAGS
static volatile bool handler_flags_were_right = true;
#endif

static void look_at_flags(int signo)
{
	(void)signo;
#ifdef HANDLER_FLAGS
	handler_flags_were_right = handler_flags_were_right && handler_flags_are_right();
#endif
	calls++;
}

static void general_registers_are_kept(void)
{
	int wrong = 0, wrong_flags = 0;

	signal(SIGALRM, look_at_flags);
	calls = 0;
	alarm_every_ms(1);
	while (calls < 20) {
		unsigned long values[GENERAL];

		for (size_t i = 0; i < GENERAL; i++)
			values[i] = 0x123456789abcdef1 * (i + 1);
		hold_general(values, SPINS);
		for (size_t i = 0; i < GENERAL; i++)
			wrong += values[i] != 0x123456789abcdef1 * (i + 1);
#if FLAGS
		wrong_flags += !flags_are_kept();
#endif
	}
	alarm_every_ms(0);
	is_int(wrong, 0, "general registers%s are kept when a handler interrupts", BESIDES);
	if (FLAGS)
		is_int(wrong_flags, 0, "the flags are kept when a handler interrupts");
#ifdef HANDLER_FLAGS
	ok(handler_flags_were_right, "a handler starts with %s", HANDLER_FLAGS);
#endif
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "initial") == 0)
		return state_is_initial();
	share_one_cpu();
	computing_is_undisturbed();
	for (size_t i = 0; i < LENGTH(vectors); i++)
		vectors_are_undisturbed(&vectors[i]);
	control_is_kept();
	general_registers_are_kept();
	return done();
}
