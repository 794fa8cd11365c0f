/* SPDX-License-Identifier: MIT */
/* The few tools that tests need in the guest, on every architecture: `box TOOL [ARG]...`.
 *
 * Owns: the list of tools at the end. Relies on: the Linux ABI, any libc; runs as the first process, too.
 * Never: depends on a shell. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_S 100 /* for a command of a session: a hang detector */

static int fail(const char *what)
{
	fprintf(stderr, "box: %s: %s\n", what, strerror(errno));
	return 1;
}

/* The number of bytes that were copied, or -1. */
static long long copy(int from, int to)
{
	static char buffer[65536];
	long long total = 0;
	ssize_t n, written;

	while ((n = read(from, buffer, sizeof(buffer))) > 0) {
		total += n;
		for (ssize_t at = 0; to >= 0 && at < n; at += written) {
			written = write(to, buffer + at, (size_t)(n - at));
			if (written < 0)
				return -1;
		}
	}
	return n < 0 ? -1 : total;
}

static int cat(char **argv)
{
	if (!*argv)
		return copy(STDIN_FILENO, STDOUT_FILENO) < 0 ? fail("cat") : 0;
	for (; *argv; argv++) {
		int fd = open(*argv, O_RDONLY);

		if (fd < 0 || copy(fd, STDOUT_FILENO) < 0)
			return fail(*argv);
		close(fd);
	}
	return 0;
}

/* The bytes of standard input are counted. */
static int count(char **argv)
{
	long long n = copy(STDIN_FILENO, -1);

	(void)argv;
	printf("%lld\n", n);
	return n < 0 ? fail("count") : 0;
}

static int end(char **argv)
{
	return *argv ? atoi(*argv) : 0;
}

static int end_by_signal(char **argv)
{
	signal(atoi(*argv), SIG_DFL);
	kill(getpid(), atoi(*argv));
	return 0;
}

/* One call of write(), for those who look at system calls. */
static int echo(char **argv)
{
	char line[1024] = "";
	size_t length = 0;

	for (; *argv && length < sizeof(line); argv++)
		length += (size_t)snprintf(line + length, sizeof(line) - length, "%s%s", *argv, argv[1] ? " " : "\n");
	if (length >= sizeof(line)) {
		errno = E2BIG;
		return fail("echo");
	}
	return write(STDOUT_FILENO, line, length) == (ssize_t)length ? 0 : fail("echo");
}

/* Each argument in brackets on a line. */
static int show(char **argv)
{
	for (; *argv; argv++)
		printf("[%s]\n", *argv);
	return 0;
}

static int repeat(char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (puts(*argv) >= 0)
		;
	return 1;
}

/* To standard output, standard error, standard output. */
static int both(char **argv)
{
	(void)argv;
	puts("out");
	fflush(stdout);
	fputs("err\n", stderr);
	puts("out");
	return 0;
}

static int sleep_ms(char **argv)
{
	long ms = atoi(*argv);
	struct timespec length = { ms / 1000, ms % 1000 * 1000000 };

	if (argv[1]) {
		puts(argv[1]);
		fflush(stdout);
	}
	return nanosleep(&length, NULL) != 0;
}

/* Mode, owner, group, size and name of each file. */
static int status(char **argv)
{
	for (; *argv; argv++) {
		struct stat st;

		if (stat(*argv, &st) != 0)
			return fail(*argv);
		printf("%o %u %u %lld %s\n", (unsigned int)(st.st_mode & 07777), (unsigned int)st.st_uid,
		       (unsigned int)st.st_gid, (long long)st.st_size, *argv);
	}
	return 0;
}

static int list(char **argv)
{
	DIR *dir = opendir(*argv);
	struct dirent *entry;

	if (!dir)
		return fail(*argv);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			puts(entry->d_name);
	closedir(dir);
	return 0;
}

/* Says which of standard input and output are terminals, then copies. */
static int terminal(char **argv)
{
	char settings[64];

	(void)argv;
	for (int fd = 0; fd < 2; fd++)
		printf("%s%s", ioctl(fd, TCGETS, settings) == 0 ? "terminal" : "pipe", fd ? "\n" : " ");
	fflush(stdout);
	return copy(STDIN_FILENO, STDOUT_FILENO) < 0;
}

/* --- sessions ----------------------------------------------------------------------------------------------------- */

static volatile pid_t running;

static void too_long(int signo)
{
	(void)signo;
	kill(-running, SIGKILL);
}

/* The status as a shell tells it. */
static int run(char **argv)
{
	int status = 0;
	pid_t pid, ended;

	running = fork();
	if (running == 0) {
		setpgid(0, 0);
		dup2(STDOUT_FILENO, STDERR_FILENO);
		execv(argv[0], argv);
		fail(argv[0]);
		_exit(127);
	}
	if (running < 0)
		return 126;
	setpgid(running, running);
	pid = running;
	alarm(LIMIT_S);
	/* As the first process, this is also the parent of all orphans. */
	do
		ended = waitpid(-1, &status, 0);
	while (ended != pid && (ended > 0 || errno == EINTR));
	alarm(0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The file has strings that end with a null byte. A command is its name, the number of its words, and these. */
static int session(char **argv)
{
	struct sigaction action = { .sa_handler = too_long };
	static char text[262144], *words[64];
	int fd = open(*argv, O_RDONLY);
	size_t size = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text + size, sizeof(text) - size)) > 0)
		size += (size_t)n;
	if (fd < 0 || n < 0)
		return fail(*argv);
	close(fd);
	if (size == sizeof(text)) {
		errno = E2BIG;
		return fail(*argv);
	}
	sigaction(SIGALRM, &action, NULL);
	for (char *at = text; at < text + size; ) {
		size_t many;

		printf("<<<%s\n", at);
		fflush(stdout);
		at += strlen(at) + 1;
		many = strtoul(at, NULL, 10);
		at += strlen(at) + 1;
		if (many == 0 || many >= sizeof(words) / sizeof(words[0]))
			return 2;
		for (size_t i = 0; i < many; at += strlen(at) + 1)
			words[i++] = at;
		words[many] = NULL;
		printf("\n>>>%d\n", run(words));
		fflush(stdout);
	}
	return 0;
}

/* The first page of the vDSO as it is in memory. */
static int vdso(char **argv)
{
	unsigned long at = getauxval(AT_SYSINFO_EHDR);

	(void)argv;
	return at && write(STDOUT_FILENO, (const void *)at, 4096) == 4096 ? 0 : fail("vdso");
}

static const struct {
	const char *name;
	int (*run)(char **argv);
	int least; /* arguments */
} tools[] = {
	{ "both", both, 0 },	     { "cat", cat, 0 },	      { "count", count, 0 },	   { "echo", echo, 0 },
	{ "exit", end, 0 },	     { "kill", end_by_signal, 1 }, { "list", list, 1 },	   { "repeat", repeat, 1 },
	{ "session", session, 1 },   { "show", show, 0 },     { "sleep", sleep_ms, 1 },	   { "status", status, 1 },
	{ "terminal", terminal, 0 }, { "vdso", vdso, 0 },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(tools) / sizeof(tools[0]); i++)
		if (strcmp(argv[1], tools[i].name) == 0 && argc >= 2 + tools[i].least)
			return tools[i].run(argv + 2);
	fputs("usage: box TOOL [ARG]...; the tools are in user/box.c\n", stderr);
	return 2;
}
