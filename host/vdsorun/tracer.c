/* SPDX-License-Identifier: MIT */
/* The tracer: a daemon that follows every process of the tree and stops each at its exec.
 *
 * Owns: the tracees' stops. Relies on: PTRACE_SEIZE, so that stopping and continuing a job works as without it.
 * Never: kills or waits for a tracee; one that outlives the tracer goes on untraced. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracee.h"
#include "vdsorun.h"
#include "waits.h"

/* Of what the caller had open, keep standard error, if anything is to be said, and `keep`: pipes must end when PROG
 * ends. */
static void let_go(bool speaks, int keep[], unsigned int count)
{
	int null;

	for (unsigned int i = 0; i < count; i++) {
		keep[i] = fcntl(keep[i], F_DUPFD, 10);
		if (keep[i] < 0)
			_exit(125);
	}
	close_range(speaks ? 3 : 0, 9, 0);
	if (speaks)
		close_range(0, 1, 0);
	for (unsigned int i = 0, at = 10; i <= count; i++) { /* ascending: F_DUPFD gives the lowest that is free */
		unsigned int next = i < count ? (unsigned int)keep[i] : ~0u;

		if (next > at)
			close_range(at, next - 1, 0);
		at = next + 1;
	}
	do { /* 0 to 2 are never another file */
		null = open("/dev/null", O_RDWR);
	} while (null >= 0 && null < 2);
	if (null > 2)
		close(null);
}

static pid_t start_timekeeper(struct run *run, char *answer, size_t size)
{
	int ready[2];
	ssize_t got;
	pid_t pid;

	if (pipe(ready) != 0)
		return -1;
	/* A fork whose end sends no signal: waitpid() without __WCLONE sees tracees only, and ends when there are no
	 * more. */
	pid = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (pid == 0) {
		prctl(PR_SET_NAME, "vdsorun-time");
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		let_go(false, &ready[1], 1);
		timekeeper_run(run, ready[1]);
	}
	close(ready[1]);
	got = pid < 0 ? -1 : read(ready[0], answer, size - 1);
	answer[got < 0 ? 0 : got] = '\0';
	close(ready[0]);
	return pid;
}

/* Who is to be let go, and the call that waits for it. */
struct release {
	pid_t pid;
	bool restarts, used;
	uint64_t call;
};

static struct release releases[64];
static int listener = -1;

bool tracer_release(pid_t pid, uint64_t call, bool restarts)
{
	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		if (releases[i].used)
			continue;
		if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) != 0)
			return false;
		releases[i] = (struct release){ pid, restarts, true, call };
		return true;
	}
	return false;
}

static void program_ends(const struct run *run)
{
	static bool told;

	if (told)
		return;
	told = true;
	if (run->stats)
		timekeeper_print_stats(run);
}

/* `pid` stands still, or has ended: is it to be let go? */
static bool release(const struct run *run, pid_t pid, bool ended)
{
	bool found = false;

	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		if (!releases[i].used || releases[i].pid != pid)
			continue;
		waits_forget(run, pid, ended);
		if (!ended && !found) {
			if (pid == run->program)
				program_ends(run); /* it won't be seen here */
			ptrace(PTRACE_DETACH, pid, 0, 0);
		}
		if (!releases[i].restarts)
			calls_answer(listener, releases[i].call, true, 0);
		releases[i].used = false;
		found = true;
	}
	return found;
}

static void resume(pid_t pid, int signal)
{
	ptrace(PTRACE_CONT, pid, 0, signal); /* fails if a SIGKILL came first */
}

static void at_exec(struct run *run, pid_t pid, int *status)
{
	const char *reason = NULL;
	int signal = 0;

	*status = 0;
	run->shared->execs++;
	waits_forget(run, pid, true);
	switch (inject(run, pid, &reason, status, &signal)) {
	case INJECT_GONE:
		return;
	case INJECT_NOT:
		run->shared->unmapped++;
		if (run->verbose)
			say("process %d goes on with the host's vDSO: %s", (int)pid, reason);
		break;
	case INJECT_DONE:
		if (run->verbose)
			say("process %d has vdk's vDSO", (int)pid);
		break;
	}
	resume(pid, signal);
}

static bool stops_job(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* What waitpid() said of `pid`. */
static void handle(struct run *run, pid_t pid, int status)
{
	int signal, event;

	if (!WIFSTOPPED(status)) {
		release(run, pid, true);
		waits_forget(run, pid, true);
		if (pid != run->program)
			return;
		program_ends(run);
		close_range(0, 2, 0); /* the end of PROG's standard error does not wait for its children */
		run->verbose = false;
		return;
	}
	signal = WSTOPSIG(status);
	event = status >> 16;
	switch (event) {
	case PTRACE_EVENT_EXEC:
		at_exec(run, pid, &status);
		if (status)
			handle(run, pid, status);
		break;
	case PTRACE_EVENT_EXIT:
		if (pid == run->program)
			program_ends(run);
		resume(pid, 0);
		break;
	case PTRACE_EVENT_STOP:
		if (release(run, pid, false))
			break;
		if (stops_job(signal))
			ptrace(PTRACE_LISTEN, pid, 0, 0); /* stay stopped until the job is continued */
		else if (waits_at_stop(run, pid))
			ptrace(PTRACE_SYSCALL, pid, 0, 0);
		else
			resume(pid, 0);
		break;
	default: /* a process that has forked; the beginning or end of a call; a signal on its way */
		if (event) {
			resume(pid, 0);
		} else if (signal == TRACEE_CALL_STOP) {
			ptrace(waits_at_call(run, pid) ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, 0);
		} else {
			waits_forget(run, pid, false);
			resume(pid, signal);
		}
	}
}

static const char *attach(struct run *run)
{
	long options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		       PTRACE_O_TRACESYSGOOD;

	if (ptrace(PTRACE_SEIZE, run->program, 0, options | (run->stats ? PTRACE_O_TRACEEXIT : 0)) == 0)
		return NULL;
	return errno == EPERM ? "this process can't be traced: it is already, or the system forbids it" : strerror(errno);
}

/* The listener that run->program has made, whose number it now says: nothing, if it has ended. */
static void take_listener(const struct run *run, int link)
{
	int theirs = -1, process;

	if (read(link, &theirs, sizeof(theirs)) == sizeof(theirs) && theirs >= 0) {
		process = (int)syscall(SYS_pidfd_open, run->program, 0);
		if (process >= 0)
			listener = (int)syscall(SYS_pidfd_getfd, process, theirs, 0);
		close(process);
	}
	if (listener < 0 && (run->verbose || run->shape.wanted))
		say("this system lets nobody listen to system calls: %sprograms that trace others can't",
		    run->shape.wanted ? "direct ones and waits are in the host's time; " : "");
}

/* Until there is nobody left to trace, and nobody left whose calls are asked for here. */
static void serve(struct run *run, int link)
{
	sigset_t none, children;
	int status;
	pid_t pid;

	sigemptyset(&none);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_SETMASK, &children, NULL);
	for (;;) {
		struct pollfd from[] = { { .fd = listener, .events = POLLIN }, { .fd = link, .events = POLLIN } };

		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			handle(run, pid, status);
		if (pid < 0 && errno == ECHILD && listener < 0)
			break;
		if (ppoll(from, 2, NULL, &none) <= 0)
			continue;
		if (from[1].revents) {
			take_listener(run, link);
			close(link);
			link = -1;
		}
		if (from[0].revents & POLLIN) {
			calls_handle(run, listener);
		} else if (from[0].revents) {
			close(listener);
			listener = -1;
		}
	}
}

static void child_signal(int signal)
{
	(void)signal; /* it ends ppoll() */
}

void tracer_run(struct run *run, int link)
{
	int keep[] = { link, run->page_fd, run->image_fd };
	char answer[512] = "";
	const char *error = NULL;

	setsid(); /* the terminal's signals are for PROG */
	signal(SIGCHLD, child_signal);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "vdsorun-trace");
	let_go(run->stats || run->verbose, keep, 3);
	if (chdir("/") != 0)
		_exit(125);
	link = keep[0], run->page_fd = keep[1], run->image_fd = keep[2];
	run->timekeeper = start_timekeeper(run, answer, sizeof(answer));
	error = strcmp(answer, "k") == 0 ? attach(run) : answer;
	if (!error)
		error = answer;
	if (write(link, error, strlen(error)) < 0 || strcmp(error, "k") != 0)
		_exit(125);
	if (run->verbose)
		say("%s", run->shared->note);
	serve(run, link);
	kill(run->timekeeper, SIGKILL);
	waitpid(run->timekeeper, NULL, __WALL);
	_exit(0);
}
