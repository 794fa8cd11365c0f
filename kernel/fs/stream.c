/* SPDX-License-Identifier: MIT */
/* The host's three streams: what the first process has as 0, 1 and 2 when the console is no terminal.
 * Owns: the queue of received bytes. Relies on: console.c for the framing.
 * Never: changes a byte. */
#include "abi/poll.h"
#include "abi/termios.h"
#include "core/log.h"
#include "core/string.h"
#include "fs/console.h"
#include "fs/uio.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"

#define QUEUE_SIZE 65536u
#define CHUNK 256u

static struct spinlock lock;
static char *queue;                /* lock */
static unsigned int start, length; /* lock */
static bool ended;                 /* lock */
static struct waitq readers;
static struct mutex writing;       /* one write call's bytes stay together */

void stream_init(void)
{
	waitq_init(&readers);
	mutex_init(&writing);
	queue = kmalloc(QUEUE_SIZE);
	if (!queue)
		panic("console: no memory");
}

void stream_receive(unsigned char c)
{
	unsigned long flags = spin_lock(&lock);

	if (length < QUEUE_SIZE)
		queue[(start + length++) % QUEUE_SIZE] = (char)c;
	spin_unlock(&lock, flags);
	waitq_wake(&readers, WAKE_ALL);
}

void stream_receive_eof(void)
{
	unsigned long flags = spin_lock(&lock);

	ended = true;
	spin_unlock(&lock, flags);
	waitq_wake(&readers, WAKE_ALL);
}

bool stream_has_room(void)
{
	unsigned long flags = spin_lock(&lock);
	bool room = length < QUEUE_SIZE;

	spin_unlock(&lock, flags);
	return room;
}

/* Bytes waiting; -1: none, and none will come. */
static int waiting(void)
{
	unsigned long flags = spin_lock(&lock);
	int n = !length && ended ? -1 : (int)length;

	spin_unlock(&lock, flags);
	return n;
}

static size_t take(char *to, size_t n)
{
	unsigned long flags = spin_lock(&lock);

	n = MIN(n, (size_t)length);
	for (size_t i = 0; i < n; i++)
		to[i] = queue[(start + i) % QUEUE_SIZE];
	start = (start + n) % QUEUE_SIZE;
	length -= n;
	spin_unlock(&lock, flags);
	return n;
}

static long stream_read(struct file *f, struct uio *u, uint64_t *pos)
{
	size_t n0 = u->left, n;
	char chunk[CHUNK];
	bool fault;

	(void)pos;
	if (!waiting()) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event(&readers, waiting(), NO_DEADLINE))
			return -ERESTARTSYS;
	}
	do {
		n = take(chunk, MIN(u->left, sizeof(chunk)));
		fault = uio_write(u, chunk, n) < n;
	} while (n == sizeof(chunk) && u->left && !fault);
	console_drained();
	return fault && n0 == u->left ? -EFAULT : (long)(n0 - u->left);
}

static long stream_write(struct file *f, struct uio *u, uint64_t *pos)
{
	enum console_channel channel = (enum console_channel)(uintptr_t)f->data;
	size_t n0 = u->left, n;
	char chunk[CHUNK];

	(void)pos;
	mutex_lock(&writing);
	while (u->left) {
		size_t want = MIN(u->left, sizeof(chunk));

		n = uio_read(u, chunk, want);
		console_write(channel, chunk, n);
		if (n < want)
			break;
	}
	mutex_unlock(&writing);
	return n0 - u->left ? (long)(n0 - u->left) : -EFAULT;
}

static unsigned int stream_poll(struct file *f, struct waiter *w)
{
	unsigned int bits = 0;
	int n;

	if (w)
		waitq_add(&readers, w);
	n = waiting();
	if (file_readable(f) && n)
		bits |= n > 0 ? POLLIN | POLLRDNORM : POLLIN | POLLRDNORM | POLLHUP;
	if (file_writable(f))
		bits |= POLLOUT | POLLWRNORM;
	return bits;
}

static long stream_ioctl(struct file *f, unsigned int cmd, uaddr_t arg)
{
	int n = MAX(waiting(), 0);

	if (cmd != FIONREAD || !file_readable(f))
		return -ENOTTY;
	return copy_to_user(arg, &n, sizeof(n));
}

static const struct file_ops stream_ops = {
	.read = stream_read,
	.write = stream_write,
	.poll = stream_poll,
	.ioctl = stream_ioctl,
};

int stream_open(struct file *f, enum console_channel channel)
{
	if (console_is_terminal())
		return -ENXIO;
	f->ops = &stream_ops;
	f->data = (void *)(uintptr_t)channel;
	return 0;
}
