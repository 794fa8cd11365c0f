/* SPDX-License-Identifier: MIT */
/* Formatting.
 * Owns: nothing. Relies on: nothing.
 * Never: allocates, sleeps or takes a lock. */
#include "core/log.h"
#include "core/string.h"

struct out {
	char *buf;
	size_t size, at;
};

struct spec {
	bool left, zero, alt;
	int width, precision; /* precision -1: none */
};

static void put(struct out *o, char c)
{
	if (o->at < o->size)
		o->buf[o->at] = c;
	o->at++;
}

static void put_many(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text, int n)
{
	if (!s->left)
		put_many(o, ' ', s->width - n);
	for (int i = 0; i < n; i++)
		put(o, text[i]);
	if (s->left)
		put_many(o, ' ', s->width - n);
}

static void put_number(struct out *o, const struct spec *s, uint64_t v, unsigned int base, bool upper, bool minus)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	const char *prefix = minus ? "-" : s->alt && base == 16 && v ? (upper ? "0X" : "0x") : "";
	char text[24];
	int n = 0, zeros, total;

	for (; v; v /= base)
		text[n++] = digits[v % base];
	zeros = (s->precision < 0 ? 1 : s->precision) - n;
	zeros = MAX(zeros, 0);
	total = n + zeros + (int)strlen(prefix);
	if (s->zero && !s->left && s->precision < 0 && total < s->width) {
		zeros += s->width - total;
		total = s->width;
	}
	if (!s->left)
		put_many(o, ' ', s->width - total);
	while (*prefix)
		put(o, *prefix++);
	put_many(o, '0', zeros);
	while (n)
		put(o, text[--n]);
	if (s->left)
		put_many(o, ' ', s->width - total);
}

static int decimal(const char **fmt)
{
	int v = 0;

	while (**fmt >= '0' && **fmt <= '9' && v < 100000)
		v = v * 10 + *(*fmt)++ - '0';
	return v;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { buf, size ? size - 1 : 0, 0 };

	for (; *fmt; fmt++) {
		struct spec s = { .precision = -1 };
		int longs = 0;
		int64_t v;

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		for (fmt++;; fmt++) {
			if (*fmt == '-')
				s.left = true;
			else if (*fmt == '0')
				s.zero = true;
			else if (*fmt == '#')
				s.alt = true;
			else
				break;
		}
		if (*fmt == '*') {
			s.width = va_arg(ap, int);
			fmt++;
			if (s.width < 0) {
				s.left = true;
				s.width = -s.width;
			}
		} else {
			s.width = decimal(&fmt);
		}
		if (*fmt == '.') {
			fmt++;
			if (*fmt == '*') {
				s.precision = va_arg(ap, int);
				fmt++;
			} else {
				s.precision = decimal(&fmt);
			}
		}
		for (; *fmt == 'l' || *fmt == 'z'; fmt++)
			longs++;
		switch (*fmt) {
		case 'd':
		case 'i':
			v = longs ? va_arg(ap, long) : va_arg(ap, int);
			put_number(&o, &s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, false, v < 0);
			break;
		case 'u':
			put_number(&o, &s, longs ? va_arg(ap, unsigned long) : va_arg(ap, unsigned int), 10, false,
				   false);
			break;
		case 'o':
			put_number(&o, &s, longs ? va_arg(ap, unsigned long) : va_arg(ap, unsigned int), 8, false,
				   false);
			break;
		case 'x':
		case 'X':
			put_number(&o, &s, longs ? va_arg(ap, unsigned long) : va_arg(ap, unsigned int), 16,
				   *fmt == 'X', false);
			break;
		case 'p':
			s.alt = true;
			put_number(&o, &s, (uintptr_t)va_arg(ap, void *), 16, false, false);
			break;
		case 'c':
			put_text(&o, &s, (const char[]){ (char)va_arg(ap, int) }, 1);
			break;
		case 's': {
			const char *text = va_arg(ap, const char *);

			if (!text)
				text = "(null)";
			put_text(&o, &s, text,
				 (int)(s.precision < 0 ? strlen(text) : strnlen(text, (size_t)s.precision)));
			break;
		}
		case '%':
			put(&o, '%');
			break;
		default:
			panic("vsnprintf: unknown format letter 0x%x", (unsigned char)*fmt);
		}
	}
	if (size)
		buf[MIN(o.at, o.size)] = '\0';
	return (int)o.at;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
