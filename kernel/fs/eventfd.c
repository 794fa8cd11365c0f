/* SPDX-License-Identifier: MIT */
/* eventfd.
 * Owns: struct eventfd. Relies on: its spinlock.
 * Never: lets the counter reach 2^64 - 1. */
#include "abi/poll.h"
#include "fs/uio.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscall.h"

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
	struct spinlock lock;
	struct waitq queue;
	uint64_t count; /* lock */
	bool semaphore;
};

/* Take the counter's value, or 1 from a semaphore; 0: it is zero. */
static uint64_t take(struct eventfd *e)
{
	unsigned long flags = spin_lock(&e->lock);
	uint64_t v = e->semaphore && e->count ? 1 : e->count;

	e->count -= v;
	spin_unlock(&e->lock, flags);
	return v;
}

static bool add(struct eventfd *e, uint64_t v)
{
	unsigned long flags = spin_lock(&e->lock);
	bool fits = v <= COUNT_MAX - e->count;

	if (fits)
		e->count += v;
	spin_unlock(&e->lock, flags);
	return fits;
}

static long eventfd_read(struct file *f, struct uio *u, uint64_t *pos)
{
	struct eventfd *e = f->data;
	uint64_t v;

	(void)pos;
	if (u->left < sizeof(v))
		return -EINVAL;
	v = take(e);
	if (!v && f->flags & O_NONBLOCK)
		return -EAGAIN;
	if (!v && wait_event(&e->queue, (v = take(e)) != 0, NO_DEADLINE))
		return -ERESTARTSYS;
	waitq_wake(&e->queue, WAKE_ALL);
	return uio_write(u, &v, sizeof(v)) == sizeof(v) ? (long)sizeof(v) : -EFAULT;
}

static long eventfd_write(struct file *f, struct uio *u, uint64_t *pos)
{
	struct eventfd *e = f->data;
	uint64_t v;

	(void)pos;
	if (u->left < sizeof(v))
		return -EINVAL;
	if (uio_read(u, &v, sizeof(v)) < sizeof(v))
		return -EFAULT;
	if (v == UINT64_MAX)
		return -EINVAL;
	if (!add(e, v)) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event(&e->queue, add(e, v), NO_DEADLINE))
			return -ERESTARTSYS;
	}
	waitq_wake(&e->queue, WAKE_ALL);
	return sizeof(v);
}

static unsigned int eventfd_poll(struct file *f, struct waiter *w)
{
	struct eventfd *e = f->data;
	unsigned int bits = 0;
	unsigned long flags;

	if (w)
		waitq_add(&e->queue, w);
	flags = spin_lock(&e->lock);
	if (e->count)
		bits |= POLLIN | POLLRDNORM;
	if (e->count < COUNT_MAX)
		bits |= POLLOUT | POLLWRNORM;
	spin_unlock(&e->lock, flags);
	return bits;
}

static void eventfd_release(struct file *f)
{
	kfree(f->data);
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
};

static long eventfd_create(uint32_t count, unsigned int flags)
{
	struct eventfd *e;
	struct file *f;
	int fd;

	if (flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	e = kmalloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	waitq_init(&e->queue);
	e->count = count;
	e->semaphore = flags & EFD_SEMAPHORE;
	f = file_create_anon("anon_inode:[eventfd]", 0600, &eventfd_ops, e, O_RDWR | (flags & O_NONBLOCK));
	if (!f) {
		kfree(e);
		return -ENOMEM;
	}
	fd = fd_install(f, flags & O_CLOEXEC);
	if (fd < 0)
		file_put(f);
	return fd;
}

SYSCALL(eventfd) { return eventfd_create((uint32_t)arg[0], 0); }
SYSCALL(eventfd2) { return eventfd_create((uint32_t)arg[0], (unsigned int)arg[1]); }
