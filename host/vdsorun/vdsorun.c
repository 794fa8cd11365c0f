/* SPDX-License-Identifier: MIT */
/* vdsorun: run a program on vdk's vDSO under Linux.
 *
 * Owns: the process that becomes PROG, from the command line to its exec. Relies on: the tracer, which is attached
 * before. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vdsorun.h"

static void vsay(const char *format, va_list args)
{
	char line[1024] = "vdsorun: ";
	int used = vsnprintf(line + 9, sizeof(line) - 10, format, args);
	size_t size = 9 + (used < 0 ? 0 : (size_t)used > sizeof(line) - 11 ? sizeof(line) - 11 : (size_t)used);

	line[size++] = '\n';
	if (write(STDERR_FILENO, line, size) < 0)
		return; /* nobody is there to hear it */
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
}

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
	exit(125);
}

/* What the tracer answers: at once 'k', or at its end what went wrong. */
static void wait_for_tracer(int fd)
{
	char answer[512];
	size_t size = 0;
	ssize_t got;

	while ((got = read(fd, answer + size, sizeof(answer) - 1 - size)) > 0 || (got < 0 && errno == EINTR)) {
		size += got > 0 ? (size_t)got : 0;
		if (size == 1 && answer[0] == 'k')
			return;
	}
	answer[size] = '\0';
	fail("%s", size ? answer : "the tracer ended before it had begun");
}

/* A grandchild, so that PROG has no child that it does not know. Returns when the tracer is attached. */
static void start_tracer(struct run *run)
{
	int link[2], status, listener;
	char rest;
	pid_t child;

	run->program = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) != 0)
		fail("no socket pair: %s", strerror(errno));
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* where Yama restricts tracing; an error means that it does not */
	child = fork();
	if (child < 0)
		fail("fork: %s", strerror(errno));
	if (child == 0) {
		close(link[0]);
		child = fork();
		if (child == 0)
			tracer_run(run, link[1]);
		if (child < 0)
			say("fork: %s", strerror(errno));
		_exit(child < 0);
	}
	close(link[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	wait_for_tracer(link[0]);
	listener = calls_install(run);
	if (write(link[0], &listener, sizeof(listener)) == sizeof(listener))
		while (read(link[0], &rest, 1) < 0 && errno == EINTR)
			;
	close(link[0]);
	if (listener >= 0)
		close(listener);
	prctl(PR_SET_PTRACER, 0);
}

int main(int argc, char **argv)
{
	struct run run = { .page_fd = -1, .image_fd = -1 };
	int program = options_parse(&run, argc, argv), error;

	memory_make_page(&run);
	memory_make_image(&run);
	start_tracer(&run);
	execvp(argv[program], argv + program);
	error = errno;
	say("%s: %s", argv[program], strerror(error));
	return error == ENOENT || error == ENOTDIR ? 127 : 126;
}
