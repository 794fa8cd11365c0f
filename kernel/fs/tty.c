/* SPDX-License-Identifier: MIT */
/* The terminal's line discipline: what a received byte does.
 * Owns: the input queue. Relies on: tty->lock; signals are sent after it was let go.
 * Never: sleeps: all of it runs in interrupts too. */
#include "fs/tty.h"

#include "core/log.h"
#include "fs/console.h"
#include "mm/kmalloc.h"
#include "proc/process.h"

#define CONTROL(c) ((c) & 0x1f)

struct tty console_tty = {
	.termios = {
		.c_iflag = ICRNL | IXON | IUTF8,
		.c_oflag = OPOST | ONLCR,
		.c_cflag = B115200 | CS8 | CREAD | HUPCL,
		.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.c_cc = {
			[VINTR] = CONTROL('C'), [VQUIT] = CONTROL('\\'), [VERASE] = 0x7f, [VKILL] = CONTROL('U'),
			[VEOF] = CONTROL('D'), [VMIN] = 1, [VSTART] = CONTROL('Q'), [VSTOP] = CONTROL('S'),
			[VSUSP] = CONTROL('Z'), [VREPRINT] = CONTROL('R'), [VDISCARD] = CONTROL('O'),
			[VWERASE] = CONTROL('W'), [VLNEXT] = CONTROL('V'),
		},
	},
};

void tty_init(void)
{
	struct tty *t = &console_tty;

	waitq_init(&t->queue_wait);
	mutex_init(&t->writing);
	t->queue = kmalloc(TTY_QUEUE * sizeof(*t->queue));
	if (!t->queue)
		panic("console: no memory");
}

static bool canonical(const struct tty *t)
{
	return t->termios.c_lflag & ICANON;
}

static uint32_t local(const struct tty *t)
{
	return t->termios.c_lflag;
}

/* Is `c` the special character `which`? 0 disables one. */
static bool is(const struct tty *t, unsigned char c, unsigned int which)
{
	return c && c == t->termios.c_cc[which];
}

static uint16_t *at(struct tty *t, unsigned int position)
{
	return &t->queue[position % TTY_QUEUE];
}

static bool push(struct tty *t, unsigned int entry)
{
	if (t->head - t->tail == TTY_QUEUE)
		return false;
	*at(t, t->head++) = (uint16_t)entry;
	if (entry & TTY_LINE_END) {
		t->lines++;
		t->line_start = t->head;
	}
	return true;
}

static void flush_locked(struct tty *t)
{
	t->tail = t->line_start = t->head;
	t->lines = 0;
}

void tty_flush_input(struct tty *t)
{
	unsigned long flags = spin_lock(&t->lock);

	flush_locked(t);
	spin_unlock(&t->lock, flags);
	console_drained();
}

/* The signal that `c` is typed for; 0: none. */
static int signal_of(const struct tty *t, unsigned char c)
{
	if (!(t->termios.c_lflag & ISIG))
		return 0;
	return is(t, c, VINTR) ? SIGINT : is(t, c, VQUIT) ? SIGQUIT : is(t, c, VSUSP) ? SIGTSTP : 0;
}

static unsigned int column_at(struct tty *t, unsigned int position)
{
	unsigned int column = t->line_column;

	for (unsigned int p = t->line_start; p != position; p++)
		column += tty_width(t, (unsigned char)*at(t, p), column);
	return column;
}

/* Take the last character of the typed line back, on the screen too. */
static void erase_one(struct tty *t)
{
	unsigned int last = t->head - 1, width;
	bool tab;

	while (last != t->line_start && t->termios.c_iflag & IUTF8 && (*at(t, last) & 0xc0) == 0x80)
		last--;
	width = tty_width(t, (unsigned char)*at(t, last), column_at(t, last));
	tab = (unsigned char)*at(t, last) == '\t';
	t->head = last;
	if (!(local(t) & ECHO))
		return;
	for (; width; width--)
		tty_output_locked(t, tab ? "\b" : "\b \b", tab ? 1 : 3);
}

static bool word_character(unsigned int entry)
{
	unsigned char c = (unsigned char)entry;

	return (c >= '0' && c <= '9') || (c | 32) - 'a' < 26u || c == '_' || c >= 0x80;
}

static void erase_word(struct tty *t)
{
	while (t->head != t->line_start && !word_character(*at(t, t->head - 1)))
		erase_one(t);
	while (t->head != t->line_start && word_character(*at(t, t->head - 1)))
		erase_one(t);
}

static void kill_line(struct tty *t, unsigned char c)
{
	if ((local(t) & (ECHO | ECHOE | ECHOKE)) == (ECHO | ECHOE | ECHOKE)) {
		while (t->head != t->line_start)
			erase_one(t);
		return;
	}
	t->head = t->line_start;
	if (local(t) & ECHO)
		tty_echo_locked(t, c);
	if ((local(t) & (ECHO | ECHOK)) == (ECHO | ECHOK))
		tty_output_locked(t, "\n", 1);
}

static void reprint(struct tty *t, unsigned char c)
{
	tty_echo_locked(t, c);
	tty_output_locked(t, "\n", 1);
	t->line_column = t->column;
	for (unsigned int p = t->line_start; p != t->head; p++)
		tty_echo_locked(t, (unsigned char)*at(t, p));
}

static void insert(struct tty *t, unsigned char c)
{
	if (canonical(t) && t->head - t->line_start >= TTY_LINE_MAX)
		return;
	if (t->head == t->line_start)
		t->line_column = t->column;
	if (push(t, c) && local(t) & ECHO)
		tty_echo_locked(t, c);
}

/* Editing of the typed line. False: `c` is an ordinary character. */
static bool edit(struct tty *t, unsigned char c)
{
	bool extended = local(t) & IEXTEN, any = t->head != t->line_start;

	if (is(t, c, VERASE)) {
		if (any && (local(t) & (ECHO | ECHOE)) == ECHO)
			tty_echo_locked(t, c);
		if (any)
			erase_one(t);
	} else if (is(t, c, VWERASE) && extended) {
		erase_word(t);
	} else if (is(t, c, VKILL)) {
		kill_line(t, c);
	} else if (is(t, c, VREPRINT) && extended && local(t) & ECHO) {
		reprint(t, c);
	} else if (is(t, c, VEOF)) {
		push(t, c | TTY_EOF | TTY_LINE_END);
	} else if (c == '\n') {
		if (push(t, c | TTY_LINE_END) && local(t) & (ECHO | ECHONL))
			tty_output_locked(t, "\n", 1);
	} else if (is(t, c, VEOL) || (is(t, c, VEOL2) && extended)) {
		if (push(t, c | TTY_LINE_END) && local(t) & ECHO)
			tty_echo_locked(t, c);
	} else {
		return false;
	}
	return true;
}

/* Everything but the signal, which the caller sends without the lock; 0: none. */
static int receive_locked(struct tty *t, unsigned char c)
{
	uint32_t in = t->termios.c_iflag;
	int signo;

	if (in & ISTRIP)
		c &= 0x7f;
	if (t->literal) {
		t->literal = false;
		insert(t, c);
		return 0;
	}
	if (in & IXON && (is(t, c, VSTOP) || is(t, c, VSTART))) {
		t->output_stopped = is(t, c, VSTOP);
		return 0;
	}
	signo = signal_of(t, c);
	if (signo) {
		t->output_stopped = false;
		if (!(local(t) & NOFLSH))
			flush_locked(t);
		if (local(t) & ECHO)
			tty_echo_locked(t, c);
		return signo;
	}
	if (c == '\r') {
		if (in & IGNCR)
			return 0;
		if (in & ICRNL)
			c = '\n';
	} else if (c == '\n' && in & INLCR) {
		c = '\r';
	}
	if (canonical(t)) {
		if (is(t, c, VLNEXT) && local(t) & IEXTEN) {
			t->literal = true;
			return 0;
		}
		if (edit(t, c))
			return 0;
	}
	insert(t, c);
	return 0;
}

void tty_receive(unsigned char c)
{
	struct tty *t = &console_tty;
	unsigned long flags = spin_lock(&t->lock);
	int signo = receive_locked(t, c), pgrp = t->pgrp;

	spin_unlock(&t->lock, flags);
	if (signo && pgrp)
		signal_kernel_group(pgrp, signo);
	waitq_wake(&t->queue_wait, WAKE_ALL);
}

void tty_receive_eof(void)
{
	struct tty *t = &console_tty;
	unsigned long flags = spin_lock(&t->lock);

	t->ended = true;
	spin_unlock(&t->lock, flags);
	waitq_wake(&t->queue_wait, WAKE_ALL);
}

/* A typed line that is too long loses characters, so that its end still finds room. */
bool tty_has_room(void)
{
	struct tty *t = &console_tty;
	unsigned long flags = spin_lock(&t->lock);
	unsigned int room = TTY_QUEUE - (t->head - t->tail);
	bool has = canonical(t) ? room > TTY_LINE_MAX || !t->lines : room > 0;

	spin_unlock(&t->lock, flags);
	return has;
}

/* Canonical mode begins or ends: what is queued is divided into lines anew. */
static void recount(struct tty *t)
{
	t->lines = 0;
	t->line_start = t->tail;
	for (unsigned int p = t->tail; p != t->head; p++) {
		if ((*at(t, p) & 0xff) == '\n')
			*at(t, p) |= TTY_LINE_END;
		if (*at(t, p) & TTY_LINE_END) {
			t->lines++;
			t->line_start = p + 1;
		}
	}
	t->line_column = t->column;
}

void tty_set_termios(struct tty *t, const struct termios *to, bool flush)
{
	unsigned long flags = spin_lock(&t->lock);
	uint32_t changed = t->termios.c_lflag ^ to->c_lflag;

	t->termios = *to;
	if (flush)
		flush_locked(t);
	else if (changed & ICANON)
		recount(t);
	if (!(to->c_iflag & IXON))
		t->output_stopped = false;
	spin_unlock(&t->lock, flags);
	waitq_wake(&t->queue_wait, WAKE_ALL);
	console_drained();
}

unsigned int tty_available(struct tty *t)
{
	unsigned long flags = spin_lock(&t->lock);
	unsigned int n = canonical(t) ? t->line_start - t->tail : t->head - t->tail;

	spin_unlock(&t->lock, flags);
	return n;
}

size_t tty_take(struct tty *t, char *to, size_t n, bool *line_end)
{
	unsigned long flags = spin_lock(&t->lock);
	unsigned int end = canonical(t) ? t->line_start : t->head;
	size_t done = 0;

	*line_end = false;
	while (t->tail != end && !*line_end) {
		unsigned int entry = *at(t, t->tail);

		/* An end of file right after the last byte that fits goes with it. */
		if (done == n && !(canonical(t) && entry & TTY_EOF))
			break;
		t->tail++;
		if (canonical(t) && entry & TTY_LINE_END) {
			t->lines--;
			*line_end = true;
		}
		if (!(canonical(t) && entry & TTY_EOF))
			to[done++] = (char)entry;
	}
	if (t->line_start - t->tail > TTY_QUEUE)
		t->line_start = t->tail;
	spin_unlock(&t->lock, flags);
	return done;
}
