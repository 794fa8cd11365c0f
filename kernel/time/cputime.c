/* SPDX-License-Identifier: MIT */
/* Clocks of CPU time, and what happens when a process has used enough of it.
 * Owns: CPU clock ids, the checks of each tick. Relies on: sched.c's accounting.
 * Never: sends a signal between ticks: ITIMER_VIRTUAL and _PROF are as fine as HZ. */
#include "abi/errno.h"
#include "proc/internal.h"
#include "time/clock.h"
#include "time/timer.h"

/* A dynamic id is ~pid << 3 | thread << 2 | kind; pid 0 is the caller. Kind 3 would be a clock's file descriptor. */
#define KIND_PROF 0 /* user and kernel time */
#define KIND_VIRT 1 /* user time */
#define KIND_SCHED 2
#define KIND_FD 3

static int kind(int id)
{
	return id & 3;
}

static bool of_thread(int id)
{
	return id & 4;
}

/* The two static ids are short for dynamic ones. */
static int dynamic(int id)
{
	switch (id) {
	case CLOCK_PROCESS_CPUTIME_ID: return (int)(~0u << 3 | KIND_SCHED);
	case CLOCK_THREAD_CPUTIME_ID: return (int)(~0u << 3 | 4 | KIND_SCHED);
	}
	return id;
}

bool cpu_clock_is(int id)
{
	id = dynamic(id);
	return id < 0 && kind(id) != KIND_FD;
}

static uint64_t choose(int id, uint64_t user, uint64_t kernel)
{
	return kind(id) == KIND_VIRT ? user : user + kernel;
}

/* Threads of other processes are not shown, as on Linux. */
static int thread_time(int id, int tid, uint64_t *ns)
{
	unsigned long flags = process_table_lock();
	struct thread *t = tid ? thread_find(tid) : current_thread();
	uint64_t user, kernel;
	int rc = -EINVAL;

	if (t && t->process == current_process()) {
		thread_cpu_time(t, &user, &kernel);
		*ns = choose(id, user, kernel);
		rc = 0;
	}
	process_table_unlock(flags);
	return rc;
}

static int process_time(int id, int pid, uint64_t *ns)
{
	struct process *p = process_get(pid ? pid : current_process()->pid);
	uint64_t user, kernel;

	if (!p)
		return -EINVAL;
	process_cpu_time(p, &user, &kernel);
	*ns = choose(id, user, kernel);
	process_put(p);
	return 0;
}

static int read_ns(int id, uint64_t *ns)
{
	int pid;

	id = dynamic(id);
	pid = ~(id >> 3);
	return of_thread(id) ? thread_time(id, pid, ns) : process_time(id, pid, ns);
}

int cpu_clock_read(int id, struct vdk_timespec *ts)
{
	uint64_t ns = 0;
	int rc = read_ns(id, &ns);

	if (!rc)
		*ts = ns_timespec(ns);
	return rc;
}

int cpu_clock_res(int id, uint64_t *ns)
{
	uint64_t now;

	*ns = kind(dynamic(id)) == KIND_SCHED ? 1 : TICK_NS;
	return read_ns(id, &now);
}

/* signal_lock held. True when it goes off now. */
static bool expired(struct cpu_timer *t, uint64_t used)
{
	if (!t->expires_ns || used < t->expires_ns)
		return false;
	t->expires_ns = t->interval_ns ? used + t->interval_ns - (used - t->expires_ns) % t->interval_ns : 0;
	return true;
}

static void cpu_limit(struct process *p, uint64_t used)
{
	uint64_t soft = p->rlimits[RLIMIT_CPU][0], hard = p->rlimits[RLIMIT_CPU][1], sec = used / NSEC_PER_SEC;

	if (sec >= hard) {
		signal_send_process(p, &(struct ksiginfo){ .signo = SIGKILL, .code = SI_KERNEL });
	} else if (sec >= soft && used >= p->cpu_limit_warned_ns) {
		p->cpu_limit_warned_ns = used + NSEC_PER_SEC;
		signal_send_process(p, &(struct ksiginfo){ .signo = SIGXCPU, .code = SI_KERNEL });
	}
}

void cputime_tick(struct thread *t)
{
	struct process *p = t->process;
	bool limited = p->rlimits[RLIMIT_CPU][0] != RLIM_INFINITY;
	bool virtual, prof;
	uint64_t user, kernel;
	unsigned long flags;

	if (likely(!limited && !p->itimer_virtual.expires_ns && !p->itimer_prof.expires_ns))
		return;
	process_cpu_time(p, &user, &kernel);
	flags = spin_lock(&p->signal_lock);
	virtual = expired(&p->itimer_virtual, user);
	prof = expired(&p->itimer_prof, user + kernel);
	spin_unlock(&p->signal_lock, flags);
	if (virtual)
		signal_send_process(p, &(struct ksiginfo){ .signo = SIGVTALRM, .code = SI_KERNEL });
	if (prof)
		signal_send_process(p, &(struct ksiginfo){ .signo = SIGPROF, .code = SI_KERNEL });
	if (limited)
		cpu_limit(p, user + kernel);
}
