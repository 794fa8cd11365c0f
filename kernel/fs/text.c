/* SPDX-License-Identifier: MIT */
/* Owns: nothing. Relies on: kmalloc.
 * Never: sleeps; a spinlock may be held. */
#include "fs/text.h"

#include "core/log.h"
#include "core/string.h"
#include "mm/kmalloc.h"

static bool reserve(struct text *t, size_t n)
{
	size_t capacity = MAX(t->capacity, (size_t)256);
	char *buf;

	if (t->failed)
		return false;
	if (t->n + n <= t->capacity)
		return true;
	while (capacity < t->n + n)
		capacity *= 2;
	buf = krealloc(t->buf, capacity);
	if (!buf) {
		t->failed = true;
		return false;
	}
	t->buf = buf;
	t->capacity = capacity;
	return true;
}

void text_add(struct text *t, const void *bytes, size_t n)
{
	if (!reserve(t, n))
		return;
	memcpy(t->buf + t->n, bytes, n);
	t->n += n;
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (!reserve(t, (size_t)n + 1))
		return;
	va_start(ap, fmt);
	vsnprintf(t->buf + t->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->n += (size_t)n;
}
