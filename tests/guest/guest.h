/* SPDX-License-Identifier: MIT */
/* Owns: what the guest programs share: the seven clocks, their readings in nanoseconds, the kernel's count of system
 * calls. Relies on: tap.h, the Linux ABI. Who may include: the one .c file of a program in tests/guest, which runs on
 * Linux too. */
#ifndef VDK_TESTS_GUEST_GUEST_H
#define VDK_TESTS_GUEST_GUEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define NS_PER_S 1000000000ll
#define NS_PER_MS 1000000ll
#if defined(__loongarch__)
#define PAGE 16384l /* what Linux is built with, by default */
#else
#define PAGE 4096l
#endif
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	clockid_t id;
	const char *name;
} clocks[] = {
	{ CLOCK_REALTIME, "REALTIME" },
	{ CLOCK_MONOTONIC, "MONOTONIC" },
	{ CLOCK_MONOTONIC_RAW, "MONOTONIC_RAW" },
	{ CLOCK_REALTIME_COARSE, "REALTIME_COARSE" },
	{ CLOCK_MONOTONIC_COARSE, "MONOTONIC_COARSE" },
	{ CLOCK_BOOTTIME, "BOOTTIME" },
	{ CLOCK_TAI, "TAI" },
};
#define CLOCKS LENGTH(clocks)

/* Readings made by each way, for the kernel's count to be compared with. */
static unsigned long raw_readings, libc_readings;

static inline int64_t ns_of(const struct timespec *ts)
{
	return ts->tv_sec * NS_PER_S + ts->tv_nsec;
}

/* The clock by a system call. */
static inline int64_t raw_ns(clockid_t id)
{
	struct timespec ts;

	raw_readings++;
	if (syscall(SYS_clock_gettime, id, &ts) != 0)
		bail("the system call clock_gettime(%d) failed: %s", (int)id, strerror(errno));
	return ns_of(&ts);
}

/* The clock as programs read it. */
static inline int64_t libc_ns(clockid_t id)
{
	struct timespec ts;

	libc_readings++;
	if (clock_gettime(id, &ts) != 0)
		bail("clock_gettime(%d) failed: %s", (int)id, strerror(errno));
	return ns_of(&ts);
}

/* How many system calls of that name this process has made. -1: this kernel does not count, so it is not vdk's. */
static inline long long calls_made(const char *name)
{
	static char text[16384];
	size_t length = 0, name_length = strlen(name);
	int fd = open("/proc/self/syscalls", O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -1;
	while (length < sizeof(text) - 1 && (n = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	close(fd);
	text[length] = '\0';
	for (const char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, name, name_length) == 0 && line[name_length] == ' ')
			return atoll(line + name_length);
	return 0;
}

/* Run fn() in a child process, which ends with its result. */
static inline pid_t start(int (*fn)(void))
{
	pid_t pid = fork();

	if (pid < 0)
		bail("fork: %s", strerror(errno));
	if (pid == 0)
		_exit(fn());
	return pid;
}

/* The same: its wait status. */
static inline int in_child(int (*fn)(void))
{
	pid_t pid = start(fn);
	int status;

	if (waitpid(pid, &status, 0) != pid)
		bail("waitpid: %s", strerror(errno));
	return status;
}

#endif
