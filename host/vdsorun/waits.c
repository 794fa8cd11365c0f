/* SPDX-License-Identifier: MIT */
/* System calls that are made with another argument than the program gave: those that take or give time (times.h).
 *
 * Owns: the calls that are under way so. A call goes like this:
 *     notification -> interrupted, and stopped -> its argument points at a converted copy below the stack ->
 *     it is made again, goes through the filter, and waits -> stopped at its exit: the arguments are restored, and what the
 *     kernel has told is converted.
 * A signal that comes in between finds the arguments restored, and the call is made again or ends as the kernel has it.
 * Relies on: the tracer, which tells of every stop. Never: touches the program's own copy of the time. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "times.h"
#include "tracee.h"
#include "waits.h"

#define SCRATCH_WORDS 8 /* two of the largest form */

enum phase { FREE, INTERRUPTED, REWOUND, ENTERED };

struct call {
	enum phase phase;
	pid_t pid;
	int nr;
	struct times times;
	uint64_t args[6];       /* the program's */
	bool changed[6];        /* which of them are other now */
	int64_t given[4];       /* what the kernel was given, */
	uint64_t scratch;       /* and where */
};

static struct call *calls;
static size_t calls_size;

static struct call *call_of(pid_t pid)
{
	for (size_t i = 0; i < calls_size; i++)
		if (calls[i].phase != FREE && calls[i].pid == pid)
			return &calls[i];
	return NULL;
}

/* Room for another call. NULL: there is no memory. */
static struct call *free_call(void)
{
	size_t more = calls_size ? 2 * calls_size : 64;
	struct call *larger;

	for (size_t i = 0; i < calls_size; i++)
		if (calls[i].phase == FREE)
			return &calls[i];
	larger = realloc(calls, more * sizeof(*calls));
	if (!larger)
		return NULL;
	calls = larger;
	memset(calls + calls_size, 0, (more - calls_size) * sizeof(*calls));
	calls_size = more;
	return &calls[calls_size - 1];
}

static void set_arg(struct call *c, machine_regs *regs, unsigned int i, uint64_t value)
{
	*machine_arg(regs, i) = value;
	c->changed[i] = true;
}

/* A copy, converted, in place of what the argument points at. */
static void give_copy(const struct run *run, struct call *c, machine_regs *regs)
{
	size_t size = times_words(c->times.form) * sizeof(int64_t);

	if (!tracee_peek(c->pid, c->args[c->times.given], c->given, size) || !times_to_host(run, &c->times, c->given) ||
	    !tracee_poke(c->pid, c->scratch, c->given, size))
		return; /* the kernel says what is wrong with it */
	set_arg(c, regs, (unsigned int)c->times.given, c->scratch);
}

/* alarm() knows whole seconds only: setitimer() in its place, which sets the same timer. */
static void give_alarm(const struct run *run, struct call *c, machine_regs *regs)
{
	int64_t both[SCRATCH_WORDS] = { 0, 0, (int64_t)(uint32_t)c->args[0], 0 };
	const struct times timer = { .form = TIMES_TIMER_VAL, .clock = -1 };

	if (!times_to_host(run, &timer, both) || !tracee_poke(c->pid, c->scratch, both, sizeof(both)))
		return;
	machine_prepare_call(regs, machine_pc(regs), SYS_setitimer);
	set_arg(c, regs, 0, ITIMER_REAL);
	set_arg(c, regs, 1, c->scratch);
	set_arg(c, regs, 2, c->scratch + sizeof(both) / 2);
}

static bool rewind_and_give(const struct run *run, struct call *c)
{
	char insn[8];
	machine_regs regs;
	double ms;

	if (!tracee_get_regs(c->pid, &regs) || !machine_rewind(&regs, c->nr, c->args[0]) ||
	    !tracee_peek(c->pid, machine_pc(&regs), insn, sizeof(insn)) ||
	    memcmp(insn, MACHINE_SYSCALL_INSN, MACHINE_SYSCALL_INSN_SIZE) != 0)
		return false;
	c->scratch = (machine_sp(&regs) - MACHINE_RED_ZONE - SCRATCH_WORDS * sizeof(int64_t)) & ~15ull;
	if (c->times.form == TIMES_ALARM) {
		give_alarm(run, c, &regs);
	} else if (c->times.form == TIMES_MILLISECONDS) {
		ms = ceil((int)c->args[c->times.given] / run->shape.rate);
		set_arg(c, &regs, (unsigned int)c->times.given, ms > INT32_MAX ? INT32_MAX : (uint64_t)ms);
	} else if (c->times.given >= 0 && c->args[c->times.given]) {
		give_copy(run, c, &regs);
	}
	return tracee_set_regs(c->pid, &regs);
}

/* At the exit of a call: a signal has ended it, and it may be made again. */
static bool interrupted(long result)
{
	return result == -EINTR || (result <= -512 && result >= -516);
}

/* alarm()'s result: seconds to the nearest, but not 0 for what is on. */
static void tell_alarm(const struct run *run, const struct call *c, machine_regs *regs)
{
	int64_t old[4];

	if (!c->changed[0] || machine_result(regs) != 0 || !tracee_peek(c->pid, c->scratch + sizeof(old), old, sizeof(old)))
		return;
	times_to_page(run, TIMES_TIMER_VAL, old);
	machine_set_result(regs, old[2] + (old[3] >= 500000 || (!old[2] && old[3])));
}

/* The call has ended: lengths of time that the kernel has told, from the host's to the page's. */
static void tell(const struct run *run, const struct call *c, machine_regs *regs)
{
	const struct times *t = &c->times;
	size_t size = times_words(t->form) * sizeof(int64_t);
	long result = machine_result(regs);
	int64_t words[4];

	if (run->shape.rate == 1)
		return;
	if (t->form == TIMES_ALARM)
		tell_alarm(run, c, regs);
	if (t->told >= 0 && c->args[t->told] && (t->told_late ? interrupted(result) : result == 0) &&
	    tracee_peek(c->pid, c->args[t->told], words, size)) {
		times_to_page(run, t->form, words);
		calls_give(c->pid, c->args[t->told], words, size);
	}
	if (t->in_place && c->changed[t->given] && tracee_peek(c->pid, c->scratch, words, size) &&
	    memcmp(words, c->given, size) != 0) {
		times_to_page(run, t->form, words);
		calls_give(c->pid, c->args[t->given], words, size); /* where the kernel may not write, it says nothing either */
	}
}

/* Its registers become its own: at the exit of the call, if it has `ended`; else before its instruction. */
static void restore(const struct run *run, struct call *c, bool ended)
{
	machine_regs regs;

	if (c->phase >= REWOUND && tracee_get_regs(c->pid, &regs)) {
		bool again = !ended;

		if (ended)
			tell(run, c, &regs);
		if (ended && MACHINE_RESULT_IS_ARG && c->changed[0] && machine_result(&regs) == -512) {
			/* A signal ended it in the filter, and the kernel would make it again with the other argument: as
			 * if the signal had come before. */
			machine_prepare_call(&regs, machine_pc(&regs) - MACHINE_SYSCALL_INSN_SIZE, c->nr);
			again = true;
		} else if (!ended && c->phase == REWOUND) {
			machine_prepare_call(&regs, machine_pc(&regs), c->nr);
		}
		for (unsigned int i = again ? 0 : MACHINE_RESULT_IS_ARG; i < 6; i++)
			if (c->changed[i])
				*machine_arg(&regs, i) = c->args[i];
		tracee_set_regs(c->pid, &regs);
	}
	c->phase = FREE;
}

/* Whether the kernel, left to itself, would do something else. */
static bool matters(const struct run *run, const struct times *t, const uint64_t *args)
{
	bool given = t->given >= 0 && (t->form == TIMES_MILLISECONDS ? (int)args[t->given] > 0 :
				       t->form == TIMES_ALARM ? true : args[t->given] != 0);

	/* Only a rate changes how long something takes. */
	if (run->shape.rate == 1)
		return given && (t->clock == VDK_CLOCK_REALTIME || t->clock == VDK_CLOCK_TAI);
	return given || (t->told >= 0 && args[t->told]);
}

bool waits_begin(const struct run *run, pid_t pid, int nr, const uint64_t *args)
{
	struct call *c = call_of(pid);
	struct times t;

	if (c) { /* its second time through the filter */
		if (c->phase == ENTERED)
			return false;
		c->phase = FREE;
	}
	if (!times_describe(pid, nr, args, &t) || !matters(run, &t, args))
		return false;
	c = free_call();
	if (!c || ptrace(PTRACE_INTERRUPT, pid, 0, 0) != 0)
		return false;
	*c = (struct call){ .phase = INTERRUPTED, .pid = pid, .nr = nr, .times = t };
	memcpy(c->args, args, sizeof(c->args));
	return true;
}

bool waits_at_stop(const struct run *run, pid_t pid)
{
	struct call *c = call_of(pid);

	if (c && c->phase == INTERRUPTED)
		c->phase = rewind_and_give(run, c) ? REWOUND : FREE;
	return c && c->phase != FREE;
}

bool waits_at_call(const struct run *run, pid_t pid)
{
	struct call *c = call_of(pid);

	if (c && c->phase == REWOUND)
		c->phase = ENTERED;
	else if (c)
		restore(run, c, true);
	return c && c->phase != FREE;
}

void waits_forget(const struct run *run, pid_t pid, bool gone)
{
	struct call *c = call_of(pid);

	if (c && gone)
		c->phase = FREE;
	else if (c)
		restore(run, c, false);
}
