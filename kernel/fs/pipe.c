/* SPDX-License-Identifier: MIT */
/* Pipes and FIFOs.
 * Owns: struct pipe: a ring of pages, made as bytes come. Relies on: its mutex, held while bytes move.
 * Never: splits a write of up to PIPE_BUF bytes. */
#include "fs/pipe.h"

#include "abi/poll.h"
#include "abi/termios.h"
#include "arch/arch.h"
#include "core/log.h"
#include "core/string.h"
#include "fs/uio.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscall.h"

#define DEFAULT_SLOTS 16u
#define SLOTS_MAX 256u /* Linux's pipe-max-size: 1 MiB */

struct pipe {
	struct mutex lock;
	struct waitq data;  /* bytes came, or an end opened or closed: readers, their pollers, openers of a FIFO */
	struct waitq room;  /* bytes went, or an end closed: writers, pollers of write ends */
	/* lock */
	paddr_t *pages;     /* 0: not made yet */
	unsigned int slots;
	size_t start, used; /* bytes: where the first one is, and how many */
	/* atomic */
	unsigned int readers, writers;
	unsigned int opened_for_read, opened_for_write; /* ever: openers wait for these to move */
	unsigned int both; /* open files that are both ends: their pollers are on `data` */
};

static struct pipe *pipe_create(void)
{
	struct pipe *p = kmalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->pages = kmalloc(DEFAULT_SLOTS * sizeof(*p->pages));
	if (!p->pages) {
		kfree(p);
		return NULL;
	}
	p->slots = DEFAULT_SLOTS;
	mutex_init(&p->lock);
	waitq_init(&p->data);
	waitq_init(&p->room);
	return p;
}

static void pipe_free(struct pipe *p)
{
	for (unsigned int i = 0; i < p->slots; i++)
		if (p->pages[i])
			page_put(p->pages[i]);
	kfree(p->pages);
	kfree(p);
}

static size_t capacity(const struct pipe *p)
{
	return p->slots * PAGE_SIZE;
}

static size_t used(const struct pipe *p)
{
	return __atomic_load_n(&p->used, __ATOMIC_RELAXED);
}

static unsigned int ends(const unsigned int *n)
{
	return __atomic_load_n(n, __ATOMIC_RELAXED);
}

static void wake_room(struct pipe *p)
{
	waitq_wake(&p->room, WAKE_ALL);
	if (ends(&p->both))
		waitq_wake(&p->data, WAKE_ALL);
}

/* Both move bytes that the ring has, or has room for, within one page; lock held. */
static size_t take(struct pipe *p, struct uio *u)
{
	size_t at = p->start % PAGE_SIZE, n = MIN(p->used, PAGE_SIZE - at);

	n = uio_write(u, (char *)arch_phys_to_virt(p->pages[p->start / PAGE_SIZE]) + at, n);
	p->start = (p->start + n) % capacity(p);
	__atomic_store_n(&p->used, p->used - n, __ATOMIC_RELAXED);
	if (!p->used)
		p->start = 0;
	return n;
}

/* -ENOMEM; -EFAULT when they are not all there, and then none counts; or the bytes moved. */
static long give(struct pipe *p, struct uio *u)
{
	size_t end = (p->start + p->used) % capacity(p), at = end % PAGE_SIZE;
	size_t n = MIN(MIN(capacity(p) - p->used, PAGE_SIZE - at), u->left);
	paddr_t *page = &p->pages[end / PAGE_SIZE];

	if (!*page)
		*page = page_alloc(0);
	if (!*page)
		return -ENOMEM;
	if (uio_read(u, (char *)arch_phys_to_virt(*page) + at, n) < n)
		return -EFAULT;
	__atomic_store_n(&p->used, p->used + n, __ATOMIC_RELAXED);
	return (long)n;
}

static long pipe_read(struct file *f, struct uio *u, uint64_t *pos)
{
	struct pipe *p = f->data;
	size_t n0 = u->left;
	int err;

	(void)pos;
	for (;;) {
		mutex_lock(&p->lock);
		while (p->used && u->left && take(p, u))
			;
		err = p->used && u->left ? -EFAULT : 0;
		mutex_unlock(&p->lock);
		if (n0 - u->left) {
			wake_room(p);
			return (long)(n0 - u->left);
		}
		if (err)
			return err;
		if (!ends(&p->writers))
			return 0;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event(&p->data, used(p) || !ends(&p->writers), NO_DEADLINE);
		if (err)
			return -ERESTARTSYS;
	}
}

static long broken_pipe(size_t done)
{
	if (done)
		return (long)done;
	signal_current(SIGPIPE);
	return -EPIPE;
}

static long pipe_write(struct file *f, struct uio *u, uint64_t *pos)
{
	struct pipe *p = f->data;
	size_t n0 = u->left, done = 0;
	/* A short write goes in whole. */
	size_t need = n0 <= PIPE_BUF ? n0 : 1;

	(void)pos;
	for (;;) {
		size_t before = done;
		long n = 1;

		if (!ends(&p->readers))
			return broken_pipe(done);
		mutex_lock(&p->lock);
		if (capacity(p) - p->used >= need)
			for (; n > 0 && u->left && p->used < capacity(p); done += (size_t)MAX(n, 0L))
				n = give(p, u);
		mutex_unlock(&p->lock);
		if (done > before)
			waitq_wake(&p->data, WAKE_ALL);
		if (done == n0 || (n < 0 && done))
			return (long)done;
		if (n < 0)
			return n;
		if (f->flags & O_NONBLOCK)
			return done ? (long)done : -EAGAIN;
		if (wait_event(&p->room, capacity(p) - used(p) >= need || !ends(&p->readers), NO_DEADLINE))
			return done ? (long)done : -ERESTARTSYS;
	}
}

static unsigned int pipe_poll(struct file *f, struct waiter *w)
{
	struct pipe *p = f->data;
	unsigned int bits = 0;

	if (w)
		waitq_add(file_readable(f) ? &p->data : &p->room, w);
	if (file_readable(f)) {
		if (used(p))
			bits |= POLLIN | POLLRDNORM;
		/* A FIFO that no writer has opened yet is quiet. */
		if (!ends(&p->writers) && ends(&p->opened_for_write))
			bits |= POLLHUP;
	}
	if (file_writable(f)) {
		if (capacity(p) - used(p) >= PIPE_BUF)
			bits |= POLLOUT | POLLWRNORM;
		if (!ends(&p->readers))
			bits |= POLLERR;
	}
	return bits;
}

static long pipe_ioctl(struct file *f, unsigned int cmd, uaddr_t arg)
{
	struct pipe *p = f->data;
	int n;

	if (cmd != FIONREAD)
		return -ENOTTY;
	n = (int)used(p);
	return copy_to_user(arg, &n, sizeof(n));
}

static void close_ends(struct pipe *p, const struct file *f)
{
	if (file_readable(f))
		__atomic_sub_fetch(&p->readers, 1, __ATOMIC_RELAXED);
	if (file_writable(f))
		__atomic_sub_fetch(&p->writers, 1, __ATOMIC_RELAXED);
	if (file_readable(f) && file_writable(f))
		__atomic_sub_fetch(&p->both, 1, __ATOMIC_RELAXED);
	waitq_wake(&p->data, WAKE_ALL);
	waitq_wake(&p->room, WAKE_ALL);
}

/* The inode keeps the ring; what nobody can read any more is lost. */
static void pipe_release(struct file *f)
{
	struct pipe *p = f->data;

	close_ends(p, f);
	mutex_lock(&p->lock);
	if (!ends(&p->readers) && !ends(&p->writers)) {
		p->start = 0;
		__atomic_store_n(&p->used, 0, __ATOMIC_RELAXED);
	}
	mutex_unlock(&p->lock);
}

static const struct file_ops pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
};

int fifo_open(struct inode *ino, struct file *f)
{
	struct pipe *p = ino->data, *fresh = p ? NULL : pipe_create();
	unsigned int seen;
	unsigned long flags;
	int err = 0;

	if (!p && !fresh)
		return -ENOMEM;
	flags = spin_lock(&ino->lock);
	if (!ino->data) {
		ino->data = fresh;
		fresh = NULL;
	}
	p = ino->data;
	spin_unlock(&ino->lock, flags);
	if (fresh)
		pipe_free(fresh);
	if (!file_readable(f) && f->flags & O_NONBLOCK && !ends(&p->readers))
		return -ENXIO;
	f->data = p;
	f->ops = &pipe_ops;
	if (file_readable(f)) {
		__atomic_add_fetch(&p->opened_for_read, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&p->readers, 1, __ATOMIC_RELAXED);
	}
	if (file_writable(f)) {
		__atomic_add_fetch(&p->opened_for_write, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&p->writers, 1, __ATOMIC_RELAXED);
	}
	if (file_readable(f) && file_writable(f))
		__atomic_add_fetch(&p->both, 1, __ATOMIC_RELAXED);
	waitq_wake(&p->data, WAKE_ALL);
	if ((f->flags & O_ACCMODE) == O_RDWR || f->flags & O_NONBLOCK)
		return 0;
	if (file_readable(f)) {
		seen = ends(&p->opened_for_write);
		if (!ends(&p->writers))
			err = wait_event(&p->data, ends(&p->opened_for_write) != seen, NO_DEADLINE);
	} else {
		seen = ends(&p->opened_for_read);
		if (!ends(&p->readers))
			err = wait_event(&p->data, ends(&p->opened_for_read) != seen, NO_DEADLINE);
	}
	if (err) {
		close_ends(p, f);
		return -ERESTARTSYS;
	}
	return 0;
}

void fifo_destroy(struct inode *ino)
{
	if (ino->data)
		pipe_free(ino->data);
}

long pipe_get_size(struct file *f)
{
	return f->ops == &pipe_ops ? (long)capacity(f->data) : -EBADF;
}

/* The pages that hold bytes move to the ring `pages`, the first one to its start. When the last bytes share a page with
 * the first ones, a fresh page takes them. */
static int move_ring(struct pipe *p, paddr_t *pages, unsigned int slots)
{
	size_t first = p->start / PAGE_SIZE, offset = p->start % PAGE_SIZE;
	size_t count = (offset + p->used + PAGE_SIZE - 1) / PAGE_SIZE;

	if (count > slots)
		return -EBUSY;
	if (count > p->slots) {
		pages[count - 1] = page_alloc(0);
		if (!pages[count - 1])
			return -ENOMEM;
		memcpy(arch_phys_to_virt(pages[--count]), arch_phys_to_virt(p->pages[first]), PAGE_SIZE);
	}
	for (size_t i = 0; i < count; i++) {
		pages[i] = p->pages[(first + i) % p->slots];
		p->pages[(first + i) % p->slots] = 0;
	}
	for (unsigned int i = 0; i < p->slots; i++)
		if (p->pages[i])
			page_put(p->pages[i]);
	p->start = offset;
	return 0;
}

long pipe_set_size(struct file *f, size_t size)
{
	struct pipe *p = f->data;
	unsigned int slots = 1;
	paddr_t *pages;
	long r;

	if (f->ops != &pipe_ops)
		return -EBADF;
	if (size > SLOTS_MAX * PAGE_SIZE)
		return size > INT32_MAX ? -EINVAL : -EPERM;
	while (slots * PAGE_SIZE < size)
		slots *= 2;
	pages = kmalloc(slots * sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	mutex_lock(&p->lock);
	r = move_ring(p, pages, slots);
	if (!r) {
		paddr_t *old = p->pages;

		p->pages = pages;
		p->slots = slots;
		pages = old;
		r = (long)capacity(p);
	}
	mutex_unlock(&p->lock);
	kfree(pages);
	wake_room(p);
	return r;
}

/* Both ends, open and unnamed; 0 or -ENOMEM. */
static int pipe_ends(unsigned int flags, struct file *end[2])
{
	struct pipe *p = pipe_create();
	char name[32];

	if (!p)
		return -ENOMEM;
	end[0] = file_create_anon("pipe:", S_IFIFO | 0600, &pipe_ops, p, O_RDONLY | flags);
	if (!end[0]) {
		pipe_free(p);
		return -ENOMEM;
	}
	end[0]->inode->data = p;
	p->readers = p->opened_for_read = 1;
	end[1] = file_alloc(end[0]->inode, &pipe_ops, O_WRONLY | flags);
	if (!end[1]) {
		file_put(end[0]);
		return -ENOMEM;
	}
	end[1]->data = p;
	p->writers = p->opened_for_write = 1;
	snprintf(name, sizeof(name), "pipe:[%lu]", end[0]->inode->number);
	for (int i = 0; i < 2; i++) {
		kfree(end[i]->path);
		end[i]->path = kstrdup(name);
	}
	return 0;
}

static long make_pipe(uaddr_t to, unsigned int flags)
{
	struct file *end[2];
	int fd[2] = { -1, -1 };
	long r;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return flags & O_DIRECT ? -EOPNOTSUPP : -EINVAL;
	r = pipe_ends(flags & O_NONBLOCK, end);
	if (r)
		return r;
	for (int i = 0; i < 2 && r >= 0; i++)
		r = fd[i] = fd_install(end[i], flags & O_CLOEXEC);
	if (r >= 0)
		r = copy_to_user(to, fd, sizeof(fd));
	for (int i = 0; i < 2 && r < 0; i++) {
		if (fd[i] >= 0)
			fd_close(fd[i]);
		else
			file_put(end[i]);
	}
	return r < 0 ? r : 0;
}

SYSCALL(pipe) { return make_pipe(arg[0], 0); }
SYSCALL(pipe2) { return make_pipe(arg[0], (unsigned int)arg[1]); }
