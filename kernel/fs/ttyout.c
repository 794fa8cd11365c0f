/* SPDX-License-Identifier: MIT */
/* The terminal's output: OPOST processing and echo.
 * Owns: the cursor's column, as far as one can know it. Relies on: tty->lock, then the console's line.
 * Never: sleeps. */
#include "fs/file.h"
#include "fs/tty.h"

struct out {
	char bytes[128];
	size_t n;
};

static void put(struct out *o, char c)
{
	if (o->n == sizeof(o->bytes)) {
		console_write(CONSOLE_OUT, o->bytes, o->n);
		o->n = 0;
	}
	o->bytes[o->n++] = c;
}

static bool continuation(const struct tty *t, unsigned char c)
{
	return t->termios.c_iflag & IUTF8 && (c & 0xc0) == 0x80;
}

unsigned int tty_width(const struct tty *t, unsigned char c, unsigned int column)
{
	if (c == '\t')
		return 8 - column % 8;
	if (c < ' ' || c == 0x7f)
		return t->termios.c_lflag & ECHOCTL ? 2 : 0;
	return continuation(t, c) ? 0 : 1;
}

static void process(struct tty *t, struct out *o, unsigned char c)
{
	uint32_t flags = t->termios.c_oflag;

	if (!(flags & OPOST)) {
		put(o, (char)c);
		return;
	}
	switch (c) {
	case '\n':
		if (flags & ONLRET)
			t->column = 0;
		if (flags & ONLCR) {
			t->column = 0;
			put(o, '\r');
		}
		break;
	case '\r':
		if (flags & ONOCR && !t->column)
			return;
		if (flags & OCRNL) {
			c = '\n';
			if (!(flags & ONLRET))
				break;
		}
		t->column = 0;
		break;
	case '\t':
		t->column += 8 - t->column % 8;
		break;
	case '\b':
		if (t->column)
			t->column--;
		break;
	default:
		if (c >= ' ' && c != 0x7f && !continuation(t, c))
			t->column++;
	}
	put(o, (char)c);
}

void tty_output_locked(struct tty *t, const char *bytes, size_t n)
{
	struct out o = { .n = 0 };

	for (size_t i = 0; i < n; i++)
		process(t, &o, (unsigned char)bytes[i]);
	if (o.n)
		console_write(CONSOLE_OUT, o.bytes, o.n);
}

void tty_echo_locked(struct tty *t, unsigned char c)
{
	char text[2] = { '^', (char)(c ^ 0x40) };

	if ((c < ' ' || c == 0x7f) && c != '\n' && c != '\t' && t->termios.c_lflag & ECHOCTL)
		tty_output_locked(t, text, 2);
	else
		tty_output_locked(t, (const char *)&c, 1);
}
