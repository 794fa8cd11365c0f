/* SPDX-License-Identifier: MIT */
/* Numbers, memory, names of files.
 *
 * Owns: <stdlib.h> without exit(). Relies on: start.c for environ. */
#include "nolibc.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER 16ul /* holds the size, and keeps the rest aligned */

void *malloc(size_t size)
{
	size_t *memory;

	if (size > SIZE_MAX - HEADER)
		return NULL;
	memory = mmap(NULL, size + HEADER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	*memory = size + HEADER;
	return (char *)memory + HEADER;
}

void free(void *memory)
{
	size_t *header = memory ? (size_t *)((char *)memory - HEADER) : NULL;

	if (header)
		munmap(header, *header);
}

void abort(void)
{
	raise(SIGABRT);
	signal(SIGABRT, SIG_DFL);
	raise(SIGABRT);
	_exit(127);
}

char *getenv(const char *name)
{
	size_t length = strlen(name);

	for (char **entry = environ; *entry; entry++)
		if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
			return *entry + length + 1;
	return NULL;
}

int abs(int n)
{
	return n < 0 ? -n : n;
}

static int digit(char c)
{
	int value = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'z' ? (c | 32) - 'a' + 10 : 99;

	return value;
}

/* A number too large is the largest one, and ERANGE. */
unsigned long strtoul(const char *s, char **end, int base)
{
	const char *start = s;
	unsigned long value = 0;
	bool negative, any = false, over = false;

	s += strspn(s, " \t\n\v\f\r");
	negative = *s == '-';
	s += *s == '-' || *s == '+';
	if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 32) == 'x' && digit(s[2]) < 16) {
		s += 2;
		base = 16;
	} else if (base == 0) {
		base = *s == '0' ? 8 : 10;
	}
	for (; digit(*s) < base; s++, any = true) {
		over = __builtin_mul_overflow(value, (unsigned long)base, &value) || over;
		over = __builtin_add_overflow(value, (unsigned long)digit(*s), &value) || over;
	}
	if (end)
		*end = (char *)(any ? s : start);
	if (over)
		errno = ERANGE;
	return over ? ULONG_MAX : negative ? -value : value;
}

unsigned long long strtoull(const char *s, char **end, int base)
{
	return strtoul(s, end, base);
}

long strtol(const char *s, char **end, int base)
{
	bool negative = s[strspn(s, " \t\n\v\f\r")] == '-';
	unsigned long value = strtoul(s, end, base), size = negative ? -value : value;

	if (size <= (unsigned long)LONG_MAX + negative)
		return (long)value;
	errno = ERANGE;
	return negative ? LONG_MIN : LONG_MAX;
}

int atoi(const char *s)
{
	return (int)strtol(s, NULL, 10);
}

long long atoll(const char *s)
{
	return strtol(s, NULL, 10);
}

/* An LCG with Knuth's multiplier; the high bits are the good ones. */
int rand_r(unsigned int *seed)
{
	uint64_t next = *seed * 6364136223846793005ul + 1442695040888963407ul;

	*seed = (unsigned int)(next >> 32);
	return (int)(*seed >> 1);
}

char *mkdtemp(char *template)
{
	size_t length = strlen(template);
	uint32_t random;

	if (length < 6 || strcmp(template + length - 6, "XXXXXX") != 0) {
		errno = EINVAL;
		return NULL;
	}
	do {
		CALL3(getrandom, &random, sizeof(random), 0);
		for (size_t i = length - 6; i < length; i++, random >>= 5)
			template[i] = (char)('a' + random % 26);
	} while (mkdir(template, 0700) != 0 && errno == EEXIST);
	return access(template, 0) == 0 ? template : NULL;
}

char *realpath(const char *path, char *to)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	char name[32];
	ssize_t length;

	if (fd < 0)
		return NULL;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	length = readlink(name, to, PATH_MAX - 1);
	close(fd);
	if (length < 0)
		return NULL;
	to[length] = '\0';
	return to;
}
