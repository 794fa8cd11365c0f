/* SPDX-License-Identifier: MIT */
/* The console's line: output channels and input, framed as in docs/console.md, or plain when QEMU is run by hand.
 * Owns: the line, under `line`. Relies on: arch_console_write(). `line` is innermost of all locks.
 * Never: sleeps; never waits for a lock whose holder has panicked. */
#include "fs/console.h"

#include "core/cmdline.h"
#include "core/log.h"
#include "core/string.h"
#include "fs/vfs.h"
#include "proc/process.h"

#define DLE 0x10
#define LOCK_TRIES 10000000u /* some tenths of a second: then the holder has panicked */

static struct spinlock line;
static enum console_channel selected; /* line; valid if any_selected */
static bool any_selected;
static bool framed, terminal = true;  /* constant after console_init() */
static bool escaped;                  /* the last byte received was DLE */
static unsigned int paused;           /* atomic: console_room() said no */

struct batch {
	char bytes[256];
	size_t n;
};

static void flush(struct batch *b)
{
	arch_console_write(b->bytes, b->n);
	b->n = 0;
}

static void put(struct batch *b, char c)
{
	if (b->n == sizeof(b->bytes))
		flush(b);
	b->bytes[b->n++] = c;
}

static void put_text(struct batch *b, const char *text)
{
	while (*text)
		put(b, *text++);
}

static void put_selection(struct batch *b, enum console_channel ch)
{
	static const char letters[] = {
		[CONSOLE_OUT] = '1', [CONSOLE_ERR] = '2', [CONSOLE_LOG] = 'k', [CONSOLE_TRACE] = 't'
	};

	if (any_selected && selected == ch)
		return;
	put(b, DLE);
	put(b, letters[ch]);
	selected = ch;
	any_selected = true;
}

void console_write(enum console_channel ch, const char *bytes, size_t n)
{
	struct batch b = { .n = 0 };
	unsigned long flags = spin_lock(&line);

	if (framed)
		put_selection(&b, ch);
	for (size_t i = 0; i < n; i++) {
		if (framed && bytes[i] == DLE)
			put(&b, DLE);
		if (!framed && bytes[i] == '\n' && (ch == CONSOLE_LOG || ch == CONSOLE_TRACE))
			put(&b, '\r');
		put(&b, bytes[i]);
	}
	flush(&b);
	spin_unlock(&line, flags);
}

void console_exit_status(int status)
{
	struct batch b = { .n = 0 };
	unsigned long flags;
	char text[16];

	if (!framed)
		return;
	snprintf(text, sizeof(text), "%cq%d;", DLE, status);
	flags = spin_lock(&line);
	put_text(&b, text);
	flush(&b);
	spin_unlock(&line, flags);
}

static bool wants_frames(void)
{
	return cmdline_is("console", "mux") || cmdline_is("console", "mux,tty");
}

/* Also before console_init(): the command line itself may be what is wrong. */
void console_panic(const char *reason)
{
	struct batch b = { .n = 0 };

	for (unsigned int i = 0; i < LOCK_TRIES && __atomic_exchange_n(&line.held, 1, __ATOMIC_ACQUIRE); i++)
		arch_cpu_relax();
	framed = wants_frames();
	if (framed) {
		put(&b, DLE);
		put(&b, 'p');
	} else {
		put_text(&b, "\r\nkernel panic: ");
	}
	put_text(&b, reason);
	put_text(&b, framed ? "\n" : "\r\n");
	flush(&b);
}

bool console_is_terminal(void)
{
	return terminal;
}

void console_init(void)
{
	const char *mode = cmdline_get("console");

	if (mode && !wants_frames())
		panic("command line: console=%s: not mux or mux,tty", mode);
	framed = wants_frames();
	terminal = !mode || !strcmp(mode, "mux,tty");
	if (terminal)
		tty_init();
	else
		stream_init();
	log_console_ready();
}

void console_input(unsigned char c)
{
	if (framed && !escaped && c == DLE) {
		escaped = true;
		return;
	}
	if (escaped && c != DLE) {
		escaped = false;
		if (c != 'e')
			log_warn("console: unknown control byte 0x%02x from the host", c);
		else if (terminal)
			tty_receive_eof();
		else
			stream_receive_eof();
		return;
	}
	escaped = false;
	if (terminal)
		tty_receive(c);
	else
		stream_receive(c);
}

static bool has_room(void)
{
	return terminal ? tty_has_room() : stream_has_room();
}

bool console_room(void)
{
	if (has_room())
		return true;
	/* A reader that drains the queue after this store sees it; of one before it, the second look sees the room. */
	__atomic_store_n(&paused, 1, __ATOMIC_SEQ_CST);
	return has_room();
}

void console_drained(void)
{
	if (__atomic_load_n(&paused, __ATOMIC_SEQ_CST) && has_room()) {
		__atomic_store_n(&paused, 0, __ATOMIC_SEQ_CST);
		arch_console_resume();
	}
}

int console_open_std(struct files *files)
{
	static const struct {
		const char *path;
		unsigned int flags;
	} streams[3] = { { "/dev/host/in", O_RDONLY }, { "/dev/host/out", O_WRONLY }, { "/dev/host/err", O_WRONLY } };

	ASSERT(files == current_process()->files);
	if (terminal)
		tty_adopt(current_process()->sid, current_process()->pgid);
	for (int i = 0; i < 3; i++) {
		struct file *f;
		int err = terminal ? file_open("/dev/console", O_RDWR, 0, &f)
				   : file_open(streams[i].path, streams[i].flags, 0, &f);
		int fd = err ? err : fd_install(f, false);

		if (fd < 0)
			return fd;
	}
	return 0;
}
