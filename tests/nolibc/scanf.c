/* SPDX-License-Identifier: MIT */
/* Formatted input: widths, `*`, and the conversions d x s. A number ends where it can't go on.
 *
 * Owns: fscanf() and sscanf(). Relies on: fgetc(), one character ahead: so one call of fscanf() must end where the next
 * begins, as it does in lines of words. */
#include <stdio.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct input {
	FILE *file; /* NULL: the string */
	const char *string;
	int next; /* the character that comes, or EOF */
};

static void advance(struct input *in)
{
	if (in->file)
		in->next = fgetc(in->file);
	else
		in->next = *in->string ? (unsigned char)*in->string++ : EOF;
}

static bool is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(struct input *in)
{
	while (is_space(in->next))
		advance(in);
}

static size_t word(struct input *in, char *to, size_t width, const char *set)
{
	size_t length = 0;

	while (length < width && in->next != EOF && (set ? strchr(set, in->next) != NULL : !is_space(in->next))) {
		to[length++] = (char)in->next;
		advance(in);
	}
	to[length] = '\0';
	return length;
}

/* False: the input does not match. */
static bool convert(struct input *in, const char **format, va_list *args, int *done)
{
	bool drop = **format == '*', is_long = false;
	unsigned long value;
	char text[512];
	size_t width;
	char *end;

	*format += drop;
	width = strtoul(*format, &end, 10);
	*format = end;
	if (width == 0 || width >= sizeof(text))
		width = sizeof(text) - 1;
	for (; **format == 'l'; ++*format)
		is_long = true;
	skip_space(in);
	switch (*(*format)++) {
	case 's':
		if (!word(in, text, width, NULL))
			return false;
		if (!drop)
			strcpy(va_arg(*args, char *), text);
		break;
	case 'd':
	case 'x':
		end = (*format)[-1] == 'd' ? "+-0123456789" : "0123456789abcdefABCDEF";
		if (!word(in, text, width, end))
			return false;
		value = strtoul(text, NULL, (*format)[-1] == 'd' ? 10 : 16);
		if (!drop && is_long)
			*va_arg(*args, unsigned long *) = value;
		else if (!drop)
			*va_arg(*args, unsigned int *) = (unsigned int)value;
		break;
	default:
		abort();
	}
	*done += !drop;
	return true;
}

static int scan(struct input *in, const char *format, va_list *args)
{
	int done = 0;

	advance(in);
	while (*format) {
		if (is_space(*format)) {
			skip_space(in);
			format++;
		} else if (*format == '%') {
			format++;
			if (!convert(in, &format, args, &done))
				break;
		} else if (in->next == (unsigned char)*format) {
			advance(in);
			format++;
		} else {
			break;
		}
	}
	return done == 0 && in->next == EOF ? EOF : done;
}

int fscanf(FILE *file, const char *format, ...)
{
	struct input in = { .file = file };
	va_list args;
	int done;

	va_start(args, format);
	done = scan(&in, format, &args);
	va_end(args);
	return done;
}

int sscanf(const char *s, const char *format, ...)
{
	struct input in = { .string = s };
	va_list args;
	int done;

	va_start(args, format);
	done = scan(&in, format, &args);
	va_end(args);
	return done;
}
