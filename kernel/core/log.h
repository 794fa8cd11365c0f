/* SPDX-License-Identifier: MIT */
/* Owns: the kernel log, formatting and panic.
 * Relies on: the console.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_CORE_LOG_H
#define VDK_KERNEL_CORE_LOG_H

#include <stdarg.h>

#include "core/types.h"

/* One line of the kernel log: "[seconds.micros] text". No newline in `fmt`. Any context, interrupts included.
 * Formats: %d %i %u %o %x %X %p %s %c %% with l, ll, z, width, precision, 0, -, # and *. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One line on the trace channel (see docs/console.md): strace-like lines and statistics. */
void log_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* console_init() calls it: what was logged so far goes out, and each later line at once. */
void log_console_ready(void);

/* The system can't go on: says why, tells the host, powers off. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define ASSERT(cond)                                                                       \
	do {                                                                               \
		if (unlikely(!(cond)))                                                     \
			panic("assertion failed: %s (%s:%d, %s)", #cond, __FILE__, __LINE__, __func__); \
	} while (0)

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
