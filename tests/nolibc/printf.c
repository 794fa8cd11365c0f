/* SPDX-License-Identifier: MIT */
/* Formatted output: flags, width, precision, and the conversions d i u x X o c s p f.
 *
 * Owns: the printf family. Relies on: fwrite(). Output goes through a buffer of its own, so that a call is one write.
 * Never: guesses: an unknown conversion ends the program. */
#include <stdio.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct output {
	char *to;
	size_t size, length; /* the length may be beyond the size */
};

struct conversion {
	bool left, zero, plus, space, alternate;
	int width, precision; /* -1: none */
};

static void put(struct output *o, const char *from, size_t length)
{
	for (; length > 0; length--, o->length++, from++)
		if (o->length < o->size)
			o->to[o->length] = *from;
}

static void fill(struct output *o, char c, long count)
{
	for (; count > 0; count--)
		put(o, &c, 1);
}

/* Sign or prefix, so many zeros, body, in the field. */
static void put_field(struct output *o, const struct conversion *c, const char *prefix, long zeros, const char *body,
		      size_t length)
{
	long pad = c->width - (long)strlen(prefix) - zeros - (long)length;

	if (c->zero && !c->left && pad > 0)
		zeros += pad, pad = 0;
	if (!c->left)
		fill(o, ' ', pad);
	put(o, prefix, strlen(prefix));
	fill(o, '0', zeros);
	put(o, body, length);
	if (c->left)
		fill(o, ' ', pad);
}

static void put_number(struct output *o, struct conversion *c, const char *sign, unsigned long value, unsigned int base,
		       bool upper)
{
	char digits[64];
	size_t at = sizeof(digits);
	long zeros;

	if (c->alternate && value && base != 10)
		sign = base == 8 ? "0" : upper ? "0X" : "0x";
	for (; value; value /= base)
		digits[--at] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value % base];
	zeros = (c->precision < 0 ? 1 : c->precision) - (long)(sizeof(digits) - at);
	c->zero = c->zero && c->precision < 0;
	put_field(o, c, sign, zeros > 0 ? zeros : 0, digits + at, sizeof(digits) - at);
}

/* Exact for values below 2^63 / 10^precision, which clocks are; the last digit is rounded to nearest. */
static void put_double(struct output *o, struct conversion *c, const char *sign, double value)
{
	unsigned long scale = 1, scaled, fraction;
	char body[64];
	int precision = c->precision < 0 ? 6 : c->precision;
	size_t at = sizeof(body);

	for (int i = 0; i < precision; i++)
		scale *= 10;
	if (precision > 18 || !(value * (double)scale < 9e18)) {
		put_field(o, c, sign, 0, "(too large)", 11);
		return;
	}
	scaled = (unsigned long)(value * (double)scale + 0.5);
	fraction = scaled % scale;
	for (int i = 0; i < precision; i++, fraction /= 10)
		body[--at] = (char)('0' + fraction % 10);
	if (precision)
		body[--at] = '.';
	scaled /= scale;
	do
		body[--at] = (char)('0' + scaled % 10);
	while (scaled /= 10);
	put_field(o, c, sign, 0, body + at, sizeof(body) - at);
}

static const char *sign_of(const struct conversion *c, bool negative)
{
	return negative ? "-" : c->plus ? "+" : c->space ? " " : "";
}

static int number(const char **format, va_list *args)
{
	int value = 0;

	if (**format == '*') {
		++*format;
		return va_arg(*args, int);
	}
	for (; **format >= '0' && **format <= '9'; ++*format)
		value = value * 10 + **format - '0';
	return value;
}

/* h, hh, l, ll, z, j, t: what is not int is long. -1, 0, 1: shorter than int, int, long. */
static int size_of(const char **format)
{
	int size = 0;

	for (; **format && strchr("hlzjt", **format); ++*format)
		size = **format == 'h' ? size - 1 : 1;
	return size;
}

static void convert(struct output *o, const char **format, va_list *args)
{
	struct conversion c = { .precision = -1 };
	const char *text;
	long value;
	double real;
	int size;
	char byte;

	for (; **format && strchr("-0+ #", **format); ++*format) {
		c.left |= **format == '-';
		c.zero |= **format == '0';
		c.plus |= **format == '+';
		c.space |= **format == ' ';
		c.alternate |= **format == '#';
	}
	c.width = number(format, args);
	if (c.width < 0)
		c.left = true, c.width = -c.width;
	if (**format == '.') {
		++*format;
		c.precision = number(format, args);
	}
	size = size_of(format);
	switch (*(*format)++) {
	case 'd':
	case 'i':
		value = size > 0 ? va_arg(*args, long) : va_arg(*args, int);
		value = size == -2 ? (signed char)value : size == -1 ? (short)value : value;
		put_number(o, &c, sign_of(&c, value < 0), value < 0 ? -(unsigned long)value : (unsigned long)value, 10,
			   false);
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		value = size > 0 ? va_arg(*args, long) : (long)va_arg(*args, unsigned int);
		value = size == -2 ? (unsigned char)value : size == -1 ? (unsigned short)value : value;
		byte = (*format)[-1];
		put_number(o, &c, "", (unsigned long)value, byte == 'u' ? 10 : byte == 'o' ? 8 : 16, byte == 'X');
		break;
	case 'p':
		c.alternate = true;
		put_number(o, &c, "", (unsigned long)va_arg(*args, void *), 16, false);
		break;
	case 'f':
		real = va_arg(*args, double);
		put_double(o, &c, sign_of(&c, real < 0), real < 0 ? -real : real);
		break;
	case 'c':
		byte = (char)va_arg(*args, int);
		put_field(o, &c, "", 0, &byte, 1);
		break;
	case 's': {
		size_t length = 0;

		text = va_arg(*args, const char *);
		text = text ? text : "(null)";
		while ((c.precision < 0 || length < (size_t)c.precision) && text[length])
			length++;
		c.zero = false;
		put_field(o, &c, "", 0, text, length);
		break;
	}
	case '%':
		put(o, "%", 1);
		break;
	default:
		abort();
	}
}

int vsnprintf(char *to, size_t size, const char *format, va_list list)
{
	struct output o = { to, size ? size - 1 : 0, 0 };
	va_list args;

	va_copy(args, list);
	while (*format) {
		size_t literal = strcspn(format, "%");

		put(&o, format, literal);
		format += literal;
		if (*format++ != '%')
			break;
		convert(&o, &format, &args);
	}
	va_end(args);
	if (size)
		to[o.length < size ? o.length : size - 1] = '\0';
	return (int)o.length;
}

int vfprintf(FILE *file, const char *format, va_list args)
{
	char text[4096];
	int length = vsnprintf(text, sizeof(text), format, args);

	if ((size_t)length >= sizeof(text))
		return EOF;
	return length == 0 || fwrite(text, 1, (size_t)length, file) ? length : EOF;
}

int vprintf(const char *format, va_list args)
{
	return vfprintf(stdout, format, args);
}

#define WITH_ARGS(call)           \
	va_list args;             \
	int result;               \
                                  \
	va_start(args, format);   \
	result = call;            \
	va_end(args);             \
	return result

int printf(const char *format, ...)
{
	WITH_ARGS(vfprintf(stdout, format, args));
}

int fprintf(FILE *file, const char *format, ...)
{
	WITH_ARGS(vfprintf(file, format, args));
}

int snprintf(char *to, size_t size, const char *format, ...)
{
	WITH_ARGS(vsnprintf(to, size, format, args));
}
