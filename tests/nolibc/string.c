/* SPDX-License-Identifier: MIT */
/* Strings and memory, a byte at a time where that is fast enough.
 *
 * Owns: <string.h>. Relies on: -ffreestanding, or the loops would call themselves. */
#include <string.h>

#include <stdio.h>

void *memcpy(void *to, const void *from, size_t size)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (((uintptr_t)t | (uintptr_t)f) % 8 == 0)
		for (; size >= 8; size -= 8, t += 8, f += 8)
			*(uint64_t *)t = *(const uint64_t *)f;
	while (size-- > 0)
		*t++ = *f++;
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if ((uintptr_t)t - (uintptr_t)f >= size)
		return memcpy(to, from, size);
	while (size-- > 0)
		t[size] = f[size];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	uint64_t word = 0x0101010101010101 * (unsigned char)byte;
	unsigned char *t = to;

	if ((uintptr_t)t % 8 == 0)
		for (; size >= 8; size -= 8, t += 8)
			*(uint64_t *)t = word;
	while (size-- > 0)
		*t++ = (unsigned char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a, *y = b;

	for (; size > 0; size--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t length = 0;

	while (s[length])
		length++;
	return length;
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (; size > 0; size--, a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strcpy(char *to, const char *from)
{
	return memcpy(to, from, strlen(from) + 1);
}

char *strncpy(char *to, const char *from, size_t size)
{
	size_t length = 0;

	while (length < size && from[length])
		length++;
	memcpy(to, from, length);
	memset(to + length, 0, size - length);
	return to;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	char *last = NULL;

	for (; (s = strchr(s, c)); s++) {
		last = (char *)s;
		if (!c)
			break;
	}
	return last;
}

size_t strspn(const char *s, const char *set)
{
	size_t length = 0;

	while (s[length] && strchr(set, s[length]))
		length++;
	return length;
}

size_t strcspn(const char *s, const char *set)
{
	size_t length = 0;

	while (s[length] && !strchr(set, s[length]))
		length++;
	return length;
}

char *strtok(char *s, const char *set)
{
	static char *next;

	if (s)
		next = s;
	next += strspn(next, set);
	if (!*next)
		return NULL;
	s = next;
	next += strcspn(next, set);
	if (*next)
		*next++ = '\0';
	return s;
}

char *strerror(int error)
{
	static char text[24];

	snprintf(text, sizeof(text), "error %d", error);
	return text;
}
