/* SPDX-License-Identifier: MIT */
/* Owns: the terminal's state, between tty.c (line discipline), ttyout.c (output and echo) and ttydev.c (the device).
 * Relies on: abi/termios.h.
 * Who may include: those three. */
#ifndef VDK_KERNEL_FS_TTY_H
#define VDK_KERNEL_FS_TTY_H

#include "abi/termios.h"
#include "core/spinlock.h"
#include "proc/mutex.h"
#include "proc/wait.h"

#define TTY_QUEUE 65536u
#define TTY_LINE_MAX 4095u /* Linux's: what a line may hold before its end */

/* A queued character: the byte, and what it means in canonical mode. */
#define TTY_LINE_END 0x100u
#define TTY_EOF 0x200u /* ends a line and is not read */

struct tty {
	struct spinlock lock;
	/* lock */
	struct termios termios;
	struct winsize size;
	uint16_t *queue;           /* TTY_QUEUE of them, at position % TTY_QUEUE */
	unsigned int head, tail;   /* positions: next to write, next to read */
	unsigned int line_start;   /* of the line that is being typed: tail <= line_start <= head */
	unsigned int lines;        /* complete ones between tail and line_start */
	unsigned int column, line_column; /* of the cursor now, and where the typed line begins */
	bool ended;                /* nothing follows */
	bool literal;              /* VLNEXT was typed */
	bool output_stopped;       /* VSTOP was typed */
	int session, pgrp;         /* 0: nobody's terminal */
	/* */
	struct waitq queue_wait;   /* input came, output goes on */
	struct mutex writing;      /* one write call's bytes stay together */
};

extern struct tty console_tty;

/* ttyout.c, lock held. Bytes of a program, or of the echo: after output processing they go to the console. */
void tty_output_locked(struct tty *t, const char *bytes, size_t n);
void tty_echo_locked(struct tty *t, unsigned char c);
/* The columns that `c` takes when it is echoed at `column`. */
unsigned int tty_width(const struct tty *t, unsigned char c, unsigned int column);

/* tty.c */
void tty_flush_input(struct tty *t);
void tty_set_termios(struct tty *t, const struct termios *to, bool flush);
/* Characters that a read would get: in canonical mode those of complete lines. */
unsigned int tty_available(struct tty *t);
/* Take up to `n` bytes of one line, or of what is there. *line_end: the line is complete. Bytes. */
size_t tty_take(struct tty *t, char *to, size_t n, bool *line_end);

#endif
