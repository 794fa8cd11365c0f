/* SPDX-License-Identifier: MIT */
/* From a system call's number to its function; counts of calls.
 * Owns: the table, the report of calls that are missing. Relies on: the generated list of names: a call exists if
 * some file defines it with SYSCALL(). Never: answers for a call that nobody wrote. */
#include "syscall/syscall.h"

#include "abi/errno.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "proc/internal.h"
#include "syscall/internal.h"



#define DECLARE(nr, name) long sys_##name(const uint64_t arg[6]) __attribute__((weak));
#define ENTRY(nr, name) [nr] = sys_##name,
#define NAME(nr, name) [nr] = #name,

SYSCALL_TABLE(DECLARE)
static long (*const table[SYSCALL_COUNT])(const uint64_t arg[6]) = { SYSCALL_TABLE(ENTRY) };
static const char *const names[SYSCALL_COUNT] = { SYSCALL_TABLE(NAME) };

const char *syscall_name(uint64_t nr)
{
	return nr < SYSCALL_COUNT ? names[nr] : NULL;
}

/* Once per number; numbers beyond the table are told while there is room to remember them. */
static bool first_time(uint64_t nr)
{
	static uint64_t told[(SYSCALL_COUNT + 63) / 64], others[16];
	static struct spinlock lock;
	unsigned long flags;
	bool first = true;
	size_t i;

	if (nr < SYSCALL_COUNT)
		return !(__atomic_fetch_or(&told[nr / 64], 1UL << nr % 64, __ATOMIC_RELAXED) & 1UL << nr % 64);
	flags = spin_lock(&lock);
	for (i = 0; i < ARRAY_SIZE(others) && others[i] && first; i++)
		first = others[i] != nr;
	if (first && i < ARRAY_SIZE(others))
		others[i] = nr;
	else
		first = false;
	spin_unlock(&lock, flags);
	return first;
}

static long missing(uint64_t nr)
{
	const struct process *p = current_process();
	const char *name = syscall_name(nr);

	if (!first_time(nr))
		return -ENOSYS;
	if (name)
		log_warn("syscall: %s (%lu) is not implemented (pid %d %s)", name, nr, p->pid, p->name);
	else
		log_warn("syscall: unknown number %lu (pid %d %s)", nr, p->pid, p->name);
	return -ENOSYS;
}

long syscall_dispatch(uint64_t nr, const uint64_t arg[6])
{
	struct thread *t = current_thread();
	struct trace_call *trace;
	long (*fn)(const uint64_t arg[6]) = nr < SYSCALL_COUNT ? table[nr] : NULL;
	long result;

	sched_enter_syscall();
	t->restart.active = t->restart.armed;
	t->restart.armed = false;
	if (nr < SYSCALL_COUNT)
		__atomic_add_fetch(&t->process->syscalls[nr], 1, __ATOMIC_RELAXED);
	trace = trace_enter(nr, arg);
	result = fn ? fn(arg) : missing(nr);
	trace_leave(trace, result);
	return result;
}

static bool wanted(void)
{
	return cmdline_get("stats");
}

void syscall_stats(const struct process *p)
{
	if (!wanted())
		return;
	for (uint64_t nr = 0; nr < SYSCALL_COUNT; nr++) {
		uint64_t n = __atomic_load_n(&p->syscalls[nr], __ATOMIC_RELAXED);

		if (n)
			log_trace("stats: pid %d %s %s %lu", p->pid, p->name, names[nr] ? names[nr] : "unknown", n);
	}
}
