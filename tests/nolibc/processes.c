/* SPDX-License-Identifier: MIT */
/* System calls on processes, their limits and the system.
 *
 * Owns: the last part of <unistd.h>. Relies on: nolibc_syscall(). */
#include "nolibc.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MAX_ARGUMENTS 32

#define DEFINE(type, name, parameters, nr, ...) \
	type name parameters                    \
	{                                       \
		return (type)nolibc_result(CALL(nr, __VA_ARGS__)); \
	}

DEFINE(pid_t, fork, (void), clone, SIGCHLD, 0, 0, 0, 0, 0)
DEFINE(int, execve, (const char *path, char *const argv[], char *const envp[]), execve, path, argv, envp, 0, 0, 0)
DEFINE(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *usage), wait4, pid, status, options, usage, 0,
       0)
DEFINE(pid_t, waitpid, (pid_t pid, int *status, int options), wait4, pid, status, options, 0, 0, 0)
DEFINE(int, waitid, (int kind, id_t id, siginfo_t *info, int options), waitid, kind, id, info, options, 0, 0)
DEFINE(pid_t, getpid, (void), getpid, 0, 0, 0, 0, 0, 0)
DEFINE(pid_t, getppid, (void), getppid, 0, 0, 0, 0, 0, 0)
DEFINE(uid_t, getuid, (void), getuid, 0, 0, 0, 0, 0, 0)
DEFINE(uid_t, geteuid, (void), geteuid, 0, 0, 0, 0, 0, 0)
DEFINE(gid_t, getgid, (void), getgid, 0, 0, 0, 0, 0, 0)
DEFINE(gid_t, getegid, (void), getegid, 0, 0, 0, 0, 0, 0)
DEFINE(int, setuid, (uid_t uid), setuid, uid, 0, 0, 0, 0, 0)
DEFINE(int, setgid, (gid_t gid), setgid, gid, 0, 0, 0, 0, 0)
DEFINE(int, setgroups, (size_t count, const gid_t *groups), setgroups, count, groups, 0, 0, 0, 0)
DEFINE(int, setpgid, (pid_t pid, pid_t group), setpgid, pid, group, 0, 0, 0, 0)
DEFINE(pid_t, setsid, (void), setsid, 0, 0, 0, 0, 0, 0)
DEFINE(int, getrlimit, (int resource, struct rlimit *limit), prlimit64, 0, resource, 0, limit, 0, 0)
DEFINE(int, setrlimit, (int resource, const struct rlimit *limit), prlimit64, 0, resource, limit, 0, 0, 0)
DEFINE(int, sysinfo, (struct sysinfo *info), sysinfo, info, 0, 0, 0, 0, 0)
DEFINE(int, sethostname, (const char *name, size_t size), sethostname, name, size, 0, 0, 0, 0)
DEFINE(int, pause, (void), ppoll, 0, 0, 0, 0, 0, 0)

/* Six arguments are there or not: what is too many, the kernel does not look at. */
#define PASS(call, last, count)                                \
	long a[6] = { 0 };                                     \
	va_list args;                                          \
                                                               \
	va_start(args, last);                                  \
	for (int i = 0; i < count; i++)                        \
		a[i] = va_arg(args, long);                     \
	va_end(args);                                          \
	return call

long syscall(long nr, ...)
{
	PASS(nolibc_result(nolibc_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5])), nr, 6);
}

int prctl(int option, ...)
{
	PASS((int)nolibc_result(CALL(prctl, option, a[0], a[1], a[2], a[3], 0)), option, 4);
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

int execl(const char *path, const char *argument, ...)
{
	char *argv[MAX_ARGUMENTS] = { (char *)argument };
	va_list args;
	size_t count = 0;

	va_start(args, argument);
	while (argv[count]) {
		if (++count == MAX_ARGUMENTS) {
			va_end(args);
			errno = EINVAL;
			return -1;
		}
		argv[count] = va_arg(args, char *);
	}
	va_end(args);
	return execve(path, argv, environ);
}

int gethostname(char *to, size_t size)
{
	struct utsname names;

	if (nolibc_result(CALL1(uname, &names)) != 0)
		return -1;
	strncpy(to, names.nodename, size);
	return 0;
}
