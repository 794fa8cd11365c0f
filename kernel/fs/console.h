/* SPDX-License-Identifier: MIT */
/* Owns: how the console's line, its terminal and its plain stream hang together. The protocol is docs/console.md.
 * Relies on: fs/file.h.
 * Who may include: kernel/fs. */
#ifndef VDK_KERNEL_FS_CONSOLE_H
#define VDK_KERNEL_FS_CONSOLE_H

#include "fs/file.h"

/* Device numbers: major 5 minor 1 is /dev/console. */
#define HOST_MAJOR 240u /* the host's three streams, /dev/host/in, out, err: minor 0, 1, 2 */

/* Is the console a terminal, rather than the host's three streams? */
bool console_is_terminal(void);
/* A reader made room: the line goes on if it was paused. No lock held. */
void console_drained(void);

/* Input, with interrupts off, from console_input(). `eof`: nothing follows. */
void tty_receive(unsigned char c);
void tty_receive_eof(void);
bool tty_has_room(void);
void stream_receive(unsigned char c);
void stream_receive_eof(void);
bool stream_has_room(void);
void tty_init(void);
void stream_init(void);

/* Opening: -ENXIO where `f` wants the controlling terminal (/dev/tty) and there is none. */
int tty_open(struct file *f, bool controlling);
int stream_open(struct file *f, enum console_channel channel);
/* The first process: its session's terminal is the console. */
void tty_adopt(int sid, int pgid);
/* The number as /proc/PID/stat shows it, and the foreground group; 0 and -1 for a session without this terminal. */
void tty_of_session(int sid, int *number, int *pgrp);

#endif
