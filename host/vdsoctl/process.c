/* SPDX-License-Identifier: MIT */
/* Another process, as Linux shows it.
 * Owns: what is read of /proc.
 * Relies on: a process of 64 bits.
 * Never: stops the process or writes into it. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "process.h"
#include "vdsoctl.h"

/* Of arguments, environment and vector: Linux allows strings of 6 MiB, which is far fewer pointers. */
#define MAX_STACK_WORDS 0x20000

bool process_named(const char *name, pid_t *pid)
{
	unsigned long number;

	if (!*name || name[strspn(name, "0123456789")] != '\0')
		return false;
	errno = 0;
	number = strtoul(name, NULL, 10);
	/* A number that no process can have stays one. */
	*pid = errno || number > INT_MAX ? INT_MAX : (pid_t)number;
	return true;
}

static FILE *process_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "rb");
}

/* What a failure to look into a process means to its user. */
static const char *reason(void)
{
	return errno == ENOENT ? strerror(ESRCH) : strerror(errno);
}

/* Bytes from `address` to the end of its mapping; 0: it has none. */
static size_t mapped(pid_t pid, uint64_t address)
{
	FILE *file = process_file(pid, "maps");
	uint64_t begin, end;
	char *line = NULL;
	size_t space = 0, size = 0;

	while (file && size == 0 && getline(&line, &space, file) > 0)
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &begin, &end) == 2 && begin <= address && address < end)
			size = end - address;
	free(line);
	if (file)
		fclose(file);
	return size;
}

/* Where the process's stack began: argc, then the arguments, 0, the environment, 0, the auxiliary vector. 0: not known. */
static uint64_t stack_of(pid_t pid)
{
	FILE *file = process_file(pid, "stat");
	char text[4096];
	size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	const char *at;

	if (file)
		fclose(file);
	text[length] = '\0';
	/* The name, field 2, may hold anything; it ends with the last parenthesis. The stack is field 28. */
	at = strrchr(text, ')');
	for (int field = 2; at && field < 28; field++) {
		at = strchr(at, ' ');
		at += at != NULL;
	}
	return at ? strtoull(at, NULL, 10) : 0;
}

/* The entry of the vector that the process itself reads. /proc/PID/auxv is the kernel's copy, which who exchanges a vDSO, as
 * vdsorun does, leaves alone. */
static uint64_t entry_on_stack(pid_t pid, uint64_t stack)
{
	uint64_t words[MAX_STACK_WORDS];
	size_t count = mapped(pid, stack) / sizeof(*words), at = 1;

	if (count > MAX_STACK_WORDS)
		count = MAX_STACK_WORDS;
	if (!process_read(pid, stack, words, count * sizeof(*words)))
		return 0;
	for (int zeros = 0; zeros < 2 && at < count; at++)
		zeros += words[at] == 0;
	for (; at + 1 < count && words[at] != AT_NULL; at += 2)
		if (words[at] == AT_SYSINFO_EHDR)
			return words[at + 1];
	return 0;
}

static uint64_t entry_of_kernel(pid_t pid)
{
	FILE *file = process_file(pid, "auxv");
	Elf64_auxv_t entry;
	uint64_t found = 0;

	if (!file)
		return 0;
	while (!found && fread(&entry, sizeof(entry), 1, file) == 1)
		if (entry.a_type == AT_SYSINFO_EHDR)
			found = entry.a_un.a_val;
	fclose(file);
	return found;
}

uint64_t process_image(pid_t pid, uint64_t given)
{
	FILE *maps = process_file(pid, "maps");
	uint64_t stack, found = given;

	/* Opening it takes the leave that everything below needs. */
	if (!maps) {
		failed("%d: %s", pid, reason());
		return 0;
	}
	fclose(maps);
	stack = found ? 0 : stack_of(pid);
	if (stack)
		found = entry_on_stack(pid, stack);
	if (!found)
		found = entry_of_kernel(pid);
	if (!found)
		failed("%d: it has no vDSO: AT_SYSINFO_EHDR is missing", pid);
	return found;
}

size_t process_mapped(pid_t pid, uint64_t address)
{
	size_t size = mapped(pid, address);

	if (size == 0)
		failed("%d: nothing is mapped at 0x%" PRIx64, pid, address);
	return size;
}

bool process_read(pid_t pid, uint64_t address, void *bytes, size_t size)
{
	struct iovec local = { bytes, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	if (got >= 0 && (size_t)got != size)
		errno = EFAULT;
	return got >= 0 && (size_t)got == size;
}
