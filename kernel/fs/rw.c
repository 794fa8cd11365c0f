/* SPDX-License-Identifier: MIT */
/* read, write and their relatives, and copying between files.
 * Owns: file positions while a call uses them. Relies on: file ops.
 * Never: trusts a length from user mode. */
#include "core/string.h"
#include "fs/uio.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "syscall/syscall.h"

#define FAST_IOV 8
#define COPY_CHUNK 65536UL
#define CURRENT_POS UINT64_MAX

/* Positions are off_t's: neither the first nor the last byte's may be negative. */
static bool in_range(uint64_t at, size_t n)
{
	return at <= INT64_MAX && n <= INT64_MAX - at;
}

/* `at` is CURRENT_POS or the position to use instead of the file's. */
static long transfer(struct file *f, struct uio *u, uint64_t at, bool writing)
{
	long (*op)(struct file *, struct uio *, uint64_t *) = writing ? f->ops->write : f->ops->read;
	long n;

	if (writing ? !file_writable(f) : !file_readable(f))
		return -EBADF;
	if (at != CURRENT_POS && !f->ops->seekable)
		return S_ISDIR(f->inode->mode) ? -EISDIR : -ESPIPE;
	if (!op)
		return S_ISDIR(f->inode->mode) ? -EISDIR : -EINVAL;
	if (!u->left)
		return at == CURRENT_POS || in_range(at, 0) ? 0 : -EINVAL;
	if (!f->ops->seekable)
		return op(f, u, NULL);
	if (at != CURRENT_POS)
		return in_range(at, u->left) ? op(f, u, &at) : -EINVAL;
	mutex_lock(&f->pos_lock);
	n = in_range(f->pos, u->left) ? op(f, u, &f->pos) : -EINVAL;
	mutex_unlock(&f->pos_lock);
	return n;
}

static long simple(int fd, uaddr_t buf, uint64_t n, uint64_t at, bool writing)
{
	UIO_ONE(iov, buf, MIN(n, RW_MAX), false);
	struct file *f;
	long r;

	if ((int64_t)n < 0)
		return -EINVAL;
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	r = transfer(f, &u, at, writing);
	file_put(f);
	return r;
}

static long vector_transfer(struct file *f, struct iovec *iov, uaddr_t uiov, unsigned int count, uint64_t at,
			    bool writing)
{
	struct uio u = { .iov = iov };

	if (copy_from_user(iov, uiov, count * sizeof(*iov)))
		return -EFAULT;
	for (unsigned int i = 0; i < count; i++) {
		if ((int64_t)iov[i].iov_len < 0)
			return -EINVAL;
		iov[i].iov_len = MIN(iov[i].iov_len, RW_MAX - u.left);
		u.left += iov[i].iov_len;
	}
	return transfer(f, &u, at, writing);
}

static long vector(int fd, uaddr_t uiov, uint64_t count, uint64_t at, bool writing)
{
	struct iovec fast[FAST_IOV], *iov = fast;
	struct file *f = fd_get(fd);
	long r;

	if (!f)
		return -EBADF;
	if (count > FAST_IOV && count <= IOV_MAX)
		iov = kmalloc(count * sizeof(*iov));
	if (count > IOV_MAX)
		r = -EINVAL;
	else if (!iov)
		r = -ENOMEM;
	else
		r = vector_transfer(f, iov, uiov, (unsigned int)count, at, writing);
	file_put(f);
	if (iov != fast)
		kfree(iov);
	return r;
}

/* The flags ask for nothing that these files do not do anyhow, but for RWF_NOWAIT and RWF_APPEND. */
static long vector2(const uint64_t arg[6], bool writing)
{
	unsigned int flags = (unsigned int)arg[5];

	if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC))
		return -EOPNOTSUPP;
	return vector((int)arg[0], arg[1], arg[2], arg[3], writing);
}

SYSCALL(read) { return simple((int)arg[0], arg[1], arg[2], CURRENT_POS, false); }
SYSCALL(write) { return simple((int)arg[0], arg[1], arg[2], CURRENT_POS, true); }
SYSCALL(readv) { return vector((int)arg[0], arg[1], arg[2], CURRENT_POS, false); }
SYSCALL(writev) { return vector((int)arg[0], arg[1], arg[2], CURRENT_POS, true); }
SYSCALL(preadv2) { return vector2(arg, false); }
SYSCALL(pwritev2) { return vector2(arg, true); }

SYSCALL(pread64)
{
	return (int64_t)arg[3] < 0 ? -EINVAL : simple((int)arg[0], arg[1], arg[2], arg[3], false);
}

SYSCALL(pwrite64)
{
	return (int64_t)arg[3] < 0 ? -EINVAL : simple((int)arg[0], arg[1], arg[2], arg[3], true);
}

SYSCALL(preadv)
{
	return (int64_t)arg[3] < 0 ? -EINVAL : vector((int)arg[0], arg[1], arg[2], arg[3], false);
}

SYSCALL(pwritev)
{
	return (int64_t)arg[3] < 0 ? -EINVAL : vector((int)arg[0], arg[1], arg[2], arg[3], true);
}

long file_read_kernel(struct file *f, void *buf, size_t n, uint64_t pos)
{
	UIO_ONE(iov, (uintptr_t)buf, n, true);

	if (!f->ops->read || !f->ops->seekable)
		return S_ISDIR(f->inode->mode) ? -EISDIR : -EINVAL;
	return n ? f->ops->read(f, &u, &pos) : 0;
}

/* Move up to `n` bytes. NULL positions are the files' own. */
static long copy_between(struct file *in, uint64_t *in_pos, struct file *out, uint64_t *out_pos, size_t n)
{
	char *buf = kmalloc(COPY_CHUNK);
	size_t done = 0;
	long r = 0;

	if (!buf)
		return -ENOMEM;
	while (done < n) {
		UIO_ONE(in_iov, (uintptr_t)buf, MIN(n - done, COPY_CHUNK), true);
		struct iovec out_iov = { (uintptr_t)buf, 0 };
		struct uio w = { .iov = &out_iov, .kernel = true };
		uint64_t start = in_pos ? *in_pos : in->pos;
		long got = transfer(in, &u, in_pos ? *in_pos : CURRENT_POS, false);

		r = got;
		if (got <= 0)
			break;
		out_iov.iov_len = w.left = (size_t)got;
		r = transfer(out, &w, out_pos ? *out_pos : CURRENT_POS, true);
		if (in_pos)
			*in_pos = start + (uint64_t)MAX(r, 0L);
		else if (in->ops->seekable && r < got)
			in->pos = start + (uint64_t)MAX(r, 0L);
		if (r <= 0)
			break;
		if (out_pos)
			*out_pos += (uint64_t)r;
		done += (size_t)r;
		if (r < got)
			break;
	}
	kfree(buf);
	return done ? (long)done : r;
}

static int get_pos(uaddr_t from, uint64_t *pos)
{
	if (from && copy_from_user(pos, from, sizeof(*pos)))
		return -EFAULT;
	return from && (int64_t)*pos < 0 ? -EINVAL : 0;
}

SYSCALL(sendfile)
{
	struct file *out = fd_get((int)arg[0]), *in = fd_get((int)arg[1]);
	uint64_t pos = 0;
	long r = in && out ? get_pos(arg[2], &pos) : -EBADF;

	if (!r && (!in->ops->seekable || (out->flags & O_APPEND && S_ISREG(out->inode->mode))))
		r = -EINVAL;
	if (!r)
		r = copy_between(in, arg[2] ? &pos : NULL, out, NULL, MIN(arg[3], RW_MAX));
	if (r >= 0 && arg[2] && copy_to_user(arg[2], &pos, sizeof(pos)))
		r = -EFAULT;
	if (in)
		file_put(in);
	if (out)
		file_put(out);
	return r;
}

SYSCALL(copy_file_range)
{
	struct file *in = fd_get((int)arg[0]), *out = fd_get((int)arg[2]);
	uint64_t in_pos = 0, out_pos = 0;
	long r = in && out ? get_pos(arg[1], &in_pos) : -EBADF;

	if (!r)
		r = get_pos(arg[3], &out_pos);
	if (!r && (S_ISDIR(in->inode->mode) || S_ISDIR(out->inode->mode)))
		r = -EISDIR;
	if (!r && (!S_ISREG(in->inode->mode) || !S_ISREG(out->inode->mode) || arg[5]))
		r = -EINVAL;
	if (!r && out->flags & O_APPEND)
		r = -EBADF;
	if (!r && in->inode == out->inode) {
		uint64_t a = arg[1] ? in_pos : in->pos, b = arg[3] ? out_pos : out->pos;

		if (a < b + arg[4] && b < a + arg[4])
			r = -EINVAL;
	}
	if (!r)
		r = copy_between(in, arg[1] ? &in_pos : NULL, out, arg[3] ? &out_pos : NULL, MIN(arg[4], RW_MAX));
	if (r >= 0 && arg[1] && copy_to_user(arg[1], &in_pos, sizeof(in_pos)))
		r = -EFAULT;
	if (r >= 0 && arg[3] && copy_to_user(arg[3], &out_pos, sizeof(out_pos)))
		r = -EFAULT;
	if (in)
		file_put(in);
	if (out)
		file_put(out);
	return r;
}
