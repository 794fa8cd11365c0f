/* SPDX-License-Identifier: MIT */
/* Device nodes: /dev, and what opening each does.
 * Owns: the table of devices. Relies on: ramfs for the nodes.
 * Never: knows where a node lies; the number decides. */
#include "abi/poll.h"
#include "arch/arch.h"
#include "core/random.h"
#include "core/string.h"
#include "fs/console.h"
#include "fs/uio.h"
#include "fs/vfs.h"
#include "mm/page.h"
#include "mm/uaccess.h"

#define RNDGETENTCNT 0x80045200u
#define ENTROPY_BITS 256

static long null_read(struct file *f, struct uio *u, uint64_t *pos)
{
	(void)f, (void)u, (void)pos;
	return 0;
}

/* Takes everything without looking. */
static long null_write(struct file *f, struct uio *u, uint64_t *pos)
{
	(void)f, (void)pos;
	return (long)u->left;
}

static long zero_read(struct file *f, struct uio *u, uint64_t *pos)
{
	size_t n = uio_zero(u, u->left);

	(void)f, (void)pos;
	return n ? (long)n : -EFAULT;
}

static long full_write(struct file *f, struct uio *u, uint64_t *pos)
{
	(void)f, (void)u, (void)pos;
	return -ENOSPC;
}

static long random_read(struct file *f, struct uio *u, uint64_t *pos)
{
	size_t n0 = u->left;
	char chunk[256];

	(void)f, (void)pos;
	while (u->left) {
		size_t n = MIN(u->left, sizeof(chunk));

		random_bytes(chunk, n);
		if (uio_write(u, chunk, n) < n)
			break;
	}
	return n0 - u->left ? (long)(n0 - u->left) : -EFAULT;
}

static long random_ioctl(struct file *f, unsigned int cmd, uaddr_t arg)
{
	int bits = ENTROPY_BITS;

	(void)f;
	return cmd == RNDGETENTCNT ? copy_to_user(arg, &bits, sizeof(bits)) : -ENOTTY;
}

static unsigned int always_ready(struct file *f, struct waiter *w)
{
	(void)f, (void)w;
	return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
}

static const struct file_ops null_ops = { .read = null_read, .write = null_write, .seekable = true };
static const struct file_ops zero_ops = { .read = zero_read, .write = null_write, .seekable = true };
static const struct file_ops full_ops = { .read = zero_read, .write = full_write, .seekable = true };
static const struct file_ops random_ops = {
	.read = random_read,
	.write = null_write,
	.poll = always_ready,
	.ioctl = random_ioctl,
	.seekable = true,
};

static int open_console(struct file *f)
{
	return console_is_terminal() ? tty_open(f, false) : stream_open(f, CONSOLE_OUT);
}

static int open_tty(struct file *f)
{
	return tty_open(f, true);
}

static int open_host_out(struct file *f)
{
	return stream_open(f, CONSOLE_OUT);
}

static int open_host_err(struct file *f)
{
	return stream_open(f, CONSOLE_ERR);
}

static const struct device {
	const char *name; /* in /dev */
	uint32_t mode;
	unsigned int major, minor;
	const struct file_ops *ops;
	int (*open)(struct file *f); /* where ops is NULL; both NULL: nothing answers */
} devices[] = {
	{ "null", 0666, 1, 3, &null_ops, NULL },
	{ "zero", 0666, 1, 5, &zero_ops, NULL },
	{ "full", 0666, 1, 7, &full_ops, NULL },
	{ "random", 0666, 1, 8, &random_ops, NULL },
	{ "urandom", 0666, 1, 9, &random_ops, NULL },
	{ "tty", 0666, 5, 0, NULL, open_tty },
	{ "console", 0600, 5, 1, NULL, open_console },
	{ "ptmx", 0666, 5, 2, NULL, NULL },
	{ "host/in", 0600, HOST_MAJOR, 0, NULL, open_host_out },
	{ "host/out", 0600, HOST_MAJOR, 1, NULL, open_host_out },
	{ "host/err", 0600, HOST_MAJOR, 2, NULL, open_host_err },
};

int device_open(struct inode *ino, struct file *f)
{
	if (!S_ISCHR(ino->mode))
		return -ENXIO;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		const struct device *d = &devices[i];

		if (ino->rdev != DEV(d->major, d->minor))
			continue;
		f->ops = d->ops;
		return d->ops ? 0 : d->open ? d->open(f) : -ENXIO;
	}
	return -ENXIO;
}

bool device_has_page(uint64_t rdev)
{
	return rdev == DEV(1, 5);
}

int device_zero_page(struct inode *ino, uint64_t index, paddr_t *pa)
{
	(void)ino, (void)index;
	*pa = page_alloc(0);
	return *pa ? 0 : -ENOMEM;
}

static const char *const links[][2] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

int devfs_fill(struct inode *root)
{
	struct inode *host, *shm, *node;
	int err = root->ops->create(root, "shm", S_IFDIR | S_ISVTX | 0777, 0, &shm);

	if (err)
		return err;
	inode_put(shm);
	err = root->ops->create(root, "host", S_IFDIR | 0755, 0, &host);
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(devices) && !err; i++) {
		const struct device *d = &devices[i];
		bool in_host = d->major == HOST_MAJOR;
		const char *name = in_host ? strrchr(d->name, '/') + 1 : d->name;

		err = root->ops->create(in_host ? host : root, name, S_IFCHR | d->mode, DEV(d->major, d->minor), &node);
		if (!err)
			inode_put(node);
	}
	inode_put(host);
	for (size_t i = 0; i < ARRAY_SIZE(links) && !err; i++)
		err = root->ops->symlink(root, links[i][0], links[i][1]);
	return err;
}
