/* SPDX-License-Identifier: MIT */
/* Memory and string functions in portable C.
 * Owns: nothing. Relies on: NO_BUILTIN, without which the compiler turns a copying loop into a call of memcpy.
 * Never: reads beyond a string's NUL. */
#include "core/string.h"

#define NO_BUILTIN __attribute__((no_builtin))

struct word {
	uint64_t v;
} __attribute__((packed, may_alias));
typedef uint64_t __attribute__((may_alias)) aligned_word;

static bool same_phase(const void *a, const void *b)
{
	return (((uintptr_t)a ^ (uintptr_t)b) & 7) == 0;
}

NO_BUILTIN void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	char *d = to;
	const char *s = from;

	if (n >= 16 && same_phase(d, s)) {
		for (; (uintptr_t)d & 7; n--)
			*d++ = *s++;
		for (; n >= 32; n -= 32, d += 32, s += 32) {
			uint64_t a = ((const aligned_word *)s)[0], b = ((const aligned_word *)s)[1];
			uint64_t c = ((const aligned_word *)s)[2], e = ((const aligned_word *)s)[3];

			((aligned_word *)d)[0] = a;
			((aligned_word *)d)[1] = b;
			((aligned_word *)d)[2] = c;
			((aligned_word *)d)[3] = e;
		}
		for (; n >= 8; n -= 8, d += 8, s += 8)
			*(aligned_word *)d = *(const aligned_word *)s;
	}
	for (; n >= 8; n -= 8, d += 8, s += 8)
		((struct word *)d)->v = ((const struct word *)s)->v;
	while (n--)
		*d++ = *s++;
	return to;
}

NO_BUILTIN void *memmove(void *to, const void *from, size_t n)
{
	char *d = to;
	const char *s = from;

	if ((uintptr_t)d - (uintptr_t)s >= n) {
		for (; n >= 8; n -= 8, d += 8, s += 8)
			((struct word *)d)->v = ((const struct word *)s)->v;
		while (n--)
			*d++ = *s++;
		return to;
	}
	for (; n >= 8; n -= 8)
		((struct word *)(d + n - 8))->v = ((const struct word *)(s + n - 8))->v;
	while (n--)
		d[n] = s[n];
	return to;
}

NO_BUILTIN void *memset(void *p, int c, size_t n)
{
	char *d = p;
	uint64_t v = (uint8_t)c * 0x0101010101010101UL;

	if (n >= 16) {
		for (; (uintptr_t)d & 7; n--)
			*d++ = (char)c;
		for (; n >= 32; n -= 32, d += 32) {
			((aligned_word *)d)[0] = v;
			((aligned_word *)d)[1] = v;
			((aligned_word *)d)[2] = v;
			((aligned_word *)d)[3] = v;
		}
	}
	while (n--)
		*d++ = (char)c;
	return p;
}

NO_BUILTIN int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n >= 8 && ((const struct word *)x)->v == ((const struct word *)y)->v; n -= 8)
		x += 8, y += 8;
	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

NO_BUILTIN size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

NO_BUILTIN size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

NO_BUILTIN int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++)
		b++;
	return (unsigned char)*a - (unsigned char)*b;
}

NO_BUILTIN int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; a++, b++)
		n--;
	return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

NO_BUILTIN char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

NO_BUILTIN char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	for (;; s++) {
		if (*s == (char)c)
			found = s;
		if (!*s)
			return (char *)found;
	}
}

NO_BUILTIN char *strstr(const char *s, const char *needle)
{
	size_t n = strlen(needle);

	for (;; s++) {
		if (!strncmp(s, needle, n))
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

NO_BUILTIN size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t n = strlen(from);

	if (size) {
		size_t k = MIN(n, size - 1);

		memcpy(to, from, k);
		to[k] = '\0';
	}
	return n;
}

static size_t without_newline(const char *text, size_t size)
{
	return size && text[size - 1] == '\n' ? size - 1 : size;
}

bool text_is(const char *text, size_t size, const char *word)
{
	size = without_newline(text, size);
	return size == strlen(word) && !memcmp(text, word, size);
}

bool text_to_int(const char *text, size_t size, int64_t *value)
{
	bool minus = size && *text == '-';
	size_t end = without_newline(text, size), i = minus;
	int64_t v = 0;

	if (i == end)
		return false;
	for (; i < end; i++) {
		int digit = text[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, minus ? -digit : digit, &v))
			return false;
	}
	*value = v;
	return true;
}
