/* SPDX-License-Identifier: MIT */
/* Instructions per call: exact, by stepping a child through one call of each series.
 *
 * Owns: the child, and a copy of the host's vDSO and its data: at a step's pace the kernel changes the data in
 * every call, and the host's readers would go round for ever.
 * Relies on: ptrace; a function that is entered at its address and left to where it was called from.
 * Never: counts what the kernel executes: a system call is one instruction. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define TRIES 20
#define CALL_MAX 5000 /* instructions */

/* What to add to an address in the host's vDSO for that in the copy. A copy that was made in the middle of an
 * update is of no use: its readers wait. */
static intptr_t copy_host(void)
{
	static char *copy;
	const char *from, *to;
	size_t size;

	host_range(&from, &to);
	size = (size_t)(to - from);
	if (!copy)
		copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (copy == MAP_FAILED || mprotect(copy, size, PROT_READ | PROT_WRITE) != 0)
		fail("mmap");
	for (size_t at = 0; at < size; at += VDK_PAGE_SIZE)
		if (!copy_page(copy + at, from + at))
			memset(copy + at, 0, VDK_PAGE_SIZE);
	if (mprotect(copy, size, PROT_READ | PROT_EXEC) != 0)
		fail("mprotect");
	return copy - from;
}

_Noreturn static void child(const struct bench *b, call_t *const call[SERIES])
{
	static struct place place;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(1);
	raise(SIGSTOP);
	for (int i = 0; i < SERIES; i++) {
		long argument[2];

		arguments(&b->series[i], &place, argument);
		if (call[i])
			call[i](argument[0], argument[1], 0);
	}
	_exit(0);
}

static void wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		fail_with("single-stepping", "the child has ended");
}

/* False: a call did not end. */
static bool step(struct bench *b, call_t *const call[SERIES], pid_t pid)
{
	uint64_t pc, back, end = 0;

	wait_for(pid);
	for (int next = 0; next < SERIES;) {
		if (!call[next]) {
			next++;
			continue;
		}
		if (!machine_where(pid, &pc, &back))
			fail("ptrace");
		if (!end && pc == (uint64_t)(uintptr_t)call[next]) {
			end = back;
			b->instructions[next] = 0;
		}
		if (end && pc == end) {
			end = 0;
			next++;
		} else if (end && ++b->instructions[next] > CALL_MAX) {
			return false;
		}
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0)
			fail("ptrace");
		wait_for(pid);
	}
	return true;
}

void count_instructions(struct bench *b)
{
	for (int try = 0; try < TRIES; try++) {
		intptr_t moved = copy_host();
		call_t *call[SERIES];
		bool counted;
		pid_t pid;

		progress("instructions", (uint64_t)try, TRIES);
		for (int i = 0; i < SERIES; i++) {
			call[i] = b->series[i].call;
			if (i < FLOOR && i % SUBJECTS == HOST && call[i])
				call[i] = (call_t *)((intptr_t)call[i] + moved);
		}
		pid = fork();
		if (pid < 0)
			fail("fork");
		if (pid == 0)
			child(b, call);
		counted = step(b, call, pid);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (counted)
			return;
	}
	fail_with("single-stepping", "a call does not end");
}
