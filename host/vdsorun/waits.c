/* SPDX-License-Identifier: MIT */
/* Sleeps and time-outs when another time is wanted: the time that the program gives is the page's, the kernel waits by
 * the host's.
 *
 * Owns: what is converted, and the calls that are under way with a converted time. A call goes like this:
 *     notification -> interrupted, and stopped -> its argument points at a converted copy below the stack ->
 *     it is restarted, goes through the filter again, and waits -> stopped at its exit, the argument is restored.
 * A signal that comes in between finds the arguments restored, and the call is made again or ends as the kernel has it.
 * Relies on: the tracer, which tells of every stop. Never: touches the program's own copy of the time. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <math.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>

#include "sample.h"
#include "tracee.h"
#include "vdsorun.h"
#include "waits.h"

enum form { TIMESPEC, TIMEVAL, MILLISECONDS };

/* A wait whose time is argument `time`; `clock` >= 0: until then, by that clock; -1: for as long. */
struct wait {
	enum form form;
	unsigned int time;
	int clock;
	int rest; /* the argument that a rest is written to, when a signal ends the wait; -1: none */
};

enum phase { FREE, INTERRUPTED, REWRITTEN, ENTERED };

struct call {
	enum phase phase;
	pid_t pid;
	int nr;
	struct wait wait;
	unsigned long long argument; /* the program's */
};

static struct call calls[256];

static struct call *call_of(pid_t pid)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].phase != FREE && calls[i].pid == pid)
			return &calls[i];
	return NULL;
}

static bool futex_wait(const uint64_t *args, struct wait *w)
{
	int op = (int)args[1] & FUTEX_CMD_MASK;

	*w = (struct wait){ TIMESPEC, 3, (int)args[1] & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC, -1 };
	if (op == FUTEX_WAIT)
		w->clock = -1;
	if (op == FUTEX_LOCK_PI)
		w->clock = CLOCK_REALTIME;
	return op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET || op == FUTEX_WAIT_REQUEUE_PI || op == FUTEX_LOCK_PI ||
		op == FUTEX_LOCK_PI2;
}

/* Whether call `nr` waits, and how. */
static bool describe(int nr, const uint64_t *args, struct wait *w)
{
	switch (nr) {
	case SYS_nanosleep:
		*w = (struct wait){ TIMESPEC, 0, -1, 1 };
		return true;
	case SYS_clock_nanosleep:
		*w = (struct wait){ TIMESPEC, 2, args[1] & TIMER_ABSTIME ? (int)args[0] : -1, 3 };
		return true;
	case SYS_futex:
		return futex_wait(args, w);
	case SYS_mq_timedsend:
	case SYS_mq_timedreceive:
		*w = (struct wait){ TIMESPEC, 4, CLOCK_REALTIME, -1 };
		return true;
	case SYS_ppoll:
	case SYS_rt_sigtimedwait:
		*w = (struct wait){ TIMESPEC, 2, -1, -1 };
		return true;
	case SYS_pselect6:
		*w = (struct wait){ TIMESPEC, 4, -1, -1 };
		return true;
	case SYS_epoll_pwait2:
		*w = (struct wait){ TIMESPEC, 3, -1, -1 };
		return true;
	case SYS_epoll_pwait:
		*w = (struct wait){ MILLISECONDS, 3, -1, -1 };
		return true;
#ifdef SYS_select
	case SYS_select:
		*w = (struct wait){ TIMEVAL, 4, -1, -1 };
		return true;
#endif
#ifdef SYS_poll
	case SYS_poll:
		*w = (struct wait){ MILLISECONDS, 2, -1, -1 };
		return true;
#endif
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
		*w = (struct wait){ MILLISECONDS, 3, -1, -1 };
		return true;
#endif
	}
	return false;
}

/* By the host's clock. A time that is over stays over. */
static int64_t host_ns(const struct run *run, const struct wait *w, int64_t ns)
{
	struct vdk_timespec now;
	double left = (double)ns;
	int64_t host_now = 0;

	if (w->clock >= 0) {
		calls_page_time(run, w->clock, &now);
		host_now = host_clock_ns(w->clock);
		left = (double)(ns - (now.tv_sec * NS_PER_SEC + now.tv_nsec));
	}
	left = ceil(left / run->shape.rate); /* never early */
	if (left > 9e18 - (double)host_now)
		return INT64_MAX;
	return host_now + (int64_t)left < 0 ? 0 : host_now + (int64_t)left;
}

static bool rewrite_pointer(const struct run *run, const struct call *c, machine_regs *regs)
{
	uint64_t at = (machine_sp(regs) - MACHINE_RED_ZONE - 64) & ~15ull;
	int64_t unit = c->wait.form == TIMEVAL ? 1000 : 1, time[2], ns;

	if (!tracee_peek(c->pid, c->argument, time, sizeof(time)) || time[0] < 0 || time[1] < 0 ||
		time[1] * unit >= NS_PER_SEC)
		return false; /* the kernel says what is wrong with it */
	ns = time[0] > INT64_MAX / NS_PER_SEC - 1 ? INT64_MAX : time[0] * NS_PER_SEC + time[1] * unit;
	ns = host_ns(run, &c->wait, ns);
	time[0] = ns / NS_PER_SEC;
	time[1] = (ns % NS_PER_SEC + unit - 1) / unit;
	if (time[1] * unit >= NS_PER_SEC)
		time[0]++, time[1] = 0;
	if (!tracee_poke(c->pid, at, time, sizeof(time)))
		return false;
	*machine_arg(regs, c->wait.time) = at;
	return true;
}

static bool rewrite(const struct run *run, struct call *c)
{
	machine_regs regs;
	double ms;

	if (!tracee_get_regs(c->pid, &regs) || machine_call_nr(&regs) != c->nr || !machine_restarts(&regs))
		return false;
	c->argument = *machine_arg(&regs, c->wait.time);
	if (c->wait.form == MILLISECONDS) {
		ms = ceil((int)c->argument / run->shape.rate);
		*machine_arg(&regs, c->wait.time) = ms > INT32_MAX ? INT32_MAX : (unsigned long long)ms;
	} else if (!rewrite_pointer(run, c, &regs)) {
		return false;
	}
	return tracee_set_regs(c->pid, &regs);
}

/* A rest in the host's time becomes one in the page's. */
static void scale_rest(const struct run *run, const struct call *c, machine_regs *regs)
{
	uint64_t at = c->wait.rest < 0 || c->wait.clock >= 0 ? 0 : *machine_arg(regs, (unsigned int)c->wait.rest);
	int64_t time[2], ns;

	if (!at || !machine_interrupted(regs) || !tracee_peek(c->pid, at, time, sizeof(time)))
		return;
	ns = (int64_t)((double)(time[0] * NS_PER_SEC + time[1]) * run->shape.rate);
	time[0] = ns / NS_PER_SEC;
	time[1] = ns % NS_PER_SEC;
	tracee_poke(c->pid, at, time, sizeof(time));
}

static void restore(const struct run *run, struct call *c, bool ended)
{
	machine_regs regs;

	if (c->phase >= REWRITTEN && tracee_get_regs(c->pid, &regs)) {
		if (ended)
			scale_rest(run, c, &regs);
		*machine_arg(&regs, c->wait.time) = c->argument;
		tracee_set_regs(c->pid, &regs);
	}
	c->phase = FREE;
}

bool waits_begin(const struct run *run, pid_t pid, int nr, const uint64_t *args)
{
	struct call *c = call_of(pid);
	struct wait w;

	if (c) { /* its second time through the filter */
		if (c->phase == ENTERED)
			return false;
		c->phase = FREE;
	}
	if (!describe(nr, args, &w) || (w.form == MILLISECONDS ? (int)args[w.time] <= 0 : !args[w.time]))
		return false;
	/* Only a rate changes how long something takes; and the kernel's other clocks have no other time. */
	if (run->shape.rate == 1 && w.clock != CLOCK_REALTIME && w.clock != CLOCK_TAI)
		return false;
	if (w.clock >= 0 && w.clock != CLOCK_REALTIME && w.clock != CLOCK_MONOTONIC && w.clock != CLOCK_BOOTTIME &&
		w.clock != CLOCK_TAI)
		return false;
	for (c = calls; c < calls + sizeof(calls) / sizeof(calls[0]); c++)
		if (c->phase == FREE) {
			*c = (struct call){ INTERRUPTED, pid, nr, w, 0 };
			if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0)
				return true;
			c->phase = FREE;
			break;
		}
	return false;
}

bool waits_at_stop(const struct run *run, pid_t pid)
{
	struct call *c = call_of(pid);

	if (c && c->phase == INTERRUPTED)
		c->phase = rewrite(run, c) ? REWRITTEN : FREE;
	return c && c->phase != FREE;
}

bool waits_at_call(const struct run *run, pid_t pid)
{
	struct call *c = call_of(pid);

	if (c && c->phase == REWRITTEN)
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
