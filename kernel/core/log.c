/* SPDX-License-Identifier: MIT */
/* The kernel log: lines go to the console and stay in a ring for syslog(2).
 * Owns: the ring. Relies on: fs/console.c; lock order: log_lock, then the console's own.
 * Never: sleeps; a second panic goes straight to power-off. */
#include "core/log.h"

#include "abi/errno.h"
#include "arch/arch.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "fs/file.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscall.h"
#include "time/timekeeping.h"

#define RING_SIZE 65536u
#define LINE_SIZE 512

static struct spinlock log_lock;
static char ring[RING_SIZE];
static uint64_t ring_end, ring_start; /* bytes ever written; first one of a whole line that is kept */
static bool console_ready;
static unsigned int panicking;

static void ring_put(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ring[ring_end++ % RING_SIZE] = text[i];
	if (ring_end - ring_start <= RING_SIZE)
		return;
	ring_start = ring_end - RING_SIZE;
	while (ring[ring_start++ % RING_SIZE] != '\n')
		;
}

static void log_line(const char *fmt, va_list ap)
{
	char line[LINE_SIZE];
	uint64_t us = clock_now_ns() / 1000;
	unsigned long flags;
	size_t n;

	n = (size_t)snprintf(line, sizeof(line) - 1, "[%5lu.%06lu] ", us / 1000000, us % 1000000);
	n += (size_t)vsnprintf(line + n, sizeof(line) - 1 - n, fmt, ap);
	n = MIN(n, sizeof(line) - 2);
	line[n++] = '\n';
	flags = spin_lock(&log_lock);
	ring_put(line, n);
	if (console_ready)
		console_write(CONSOLE_LOG, line, n);
	spin_unlock(&log_lock, flags);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(fmt, ap);
	va_end(ap);
}

void log_trace(const char *fmt, ...)
{
	char line[LINE_SIZE];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = (size_t)vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	n = MIN(n, sizeof(line) - 2);
	line[n++] = '\n';
	console_write(CONSOLE_TRACE, line, n);
}

static void write_out(void)
{
	uint64_t at = ring_start;

	while (at < ring_end) {
		size_t from = at % RING_SIZE, n = MIN(ring_end - at, RING_SIZE - from);

		console_write(CONSOLE_LOG, ring + from, n);
		at += n;
	}
}

void log_console_ready(void)
{
	unsigned long flags = spin_lock(&log_lock);

	write_out();
	console_ready = true;
	spin_unlock(&log_lock, flags);
}

_Noreturn void panic(const char *fmt, ...)
{
	static char reason[LINE_SIZE];
	va_list ap;

	arch_irq_save();
	if (__atomic_exchange_n(&panicking, 1, __ATOMIC_RELAXED))
		arch_power_off(1);
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	for (char *p = reason; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	if (!console_ready)
		write_out();
	console_panic(reason);
	arch_power_off(1);
}

#define SYSLOG_CLOSE 0
#define SYSLOG_OPEN 1
#define SYSLOG_READ_ALL 3
#define SYSLOG_SIZE_BUFFER 10

static long syslog_read_all(uaddr_t to, size_t size)
{
	char *copy = kmalloc(RING_SIZE);
	unsigned long flags;
	uint64_t at;
	size_t n;
	int err;

	if (!copy)
		return -ENOMEM;
	flags = spin_lock(&log_lock);
	at = ring_start;
	if (ring_end - at > size)
		at = ring_end - size;
	for (n = 0; at + n < ring_end; n++)
		copy[n] = ring[(at + n) % RING_SIZE];
	spin_unlock(&log_lock, flags);
	err = copy_to_user(to, copy, n);
	kfree(copy);
	return err ? err : (long)n;
}

SYSCALL(syslog)
{
	int size = (int)arg[2];

	switch ((int)arg[0]) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
		return 0;
	case SYSLOG_READ_ALL:
		if (!arg[1] || size < 0)
			return -EINVAL;
		return syslog_read_all(arg[1], (size_t)size);
	case SYSLOG_SIZE_BUFFER:
		return RING_SIZE;
	default:
		return current_process()->euid ? -EPERM : -EINVAL;
	}
}
