/* SPDX-License-Identifier: MIT */
/* Positions and sizes: lseek, truncate, fallocate, and the sync calls.
 * Owns: nothing. Relies on: inode ops.
 * Never: changes a size without the inode's write_lock. */
#include "fs/vfs.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscall.h"

size_t file_size_limit(uint64_t pos, size_t n)
{
	uint64_t limit = MIN(process_limit(RLIMIT_FSIZE), (uint64_t)INT64_MAX);

	if (pos < limit)
		return (size_t)MIN((uint64_t)n, limit - pos);
	if (limit < INT64_MAX)
		signal_current(SIGXFSZ);
	return 0;
}

static int64_t seek_data(struct inode *ino, uint64_t from, bool hole)
{
	if (from >= ino->size)
		return -ENXIO;
	if (ino->ops->seek)
		return ino->ops->seek(ino, from, hole);
	return hole ? (int64_t)ino->size : (int64_t)from;
}

static int64_t seek_target(struct file *f, int64_t offset, unsigned int whence)
{
	struct inode *ino = f->inode;
	int64_t to;

	switch (whence) {
	case SEEK_SET:
		to = offset;
		break;
	case SEEK_CUR:
		if (__builtin_add_overflow((int64_t)f->pos, offset, &to))
			return -EINVAL;
		break;
	case SEEK_END:
		if (S_ISDIR(ino->mode))
			return -EINVAL;
		if (__builtin_add_overflow((int64_t)ino->size, offset, &to))
			return -EINVAL;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		return offset < 0 ? -ENXIO : seek_data(ino, (uint64_t)offset, whence == SEEK_HOLE);
	default:
		return -EINVAL;
	}
	return to < 0 ? -EINVAL : to;
}

SYSCALL(lseek)
{
	struct file *f = fd_get((int)arg[0]);
	int64_t to;

	if (!f)
		return -EBADF;
	mutex_lock(&f->pos_lock);
	if (!f->ops->seekable)
		to = -ESPIPE;
	else if (S_ISCHR(f->inode->mode))
		to = 0;
	else
		to = seek_target(f, (int64_t)arg[1], (unsigned int)arg[2]);
	if (to >= 0)
		f->pos = (uint64_t)to;
	mutex_unlock(&f->pos_lock);
	file_put(f);
	return to;
}

long inode_set_size(struct inode *ino, int64_t size)
{
	int err;

	if (size < 0)
		return -EINVAL;
	if (S_ISDIR(ino->mode))
		return -EISDIR;
	if (!S_ISREG(ino->mode) || !ino->ops->truncate)
		return -EINVAL;
	if (!inode_claim(ino, 1))
		return -ETXTBSY;
	mutex_lock(&ino->write_lock);
	if ((uint64_t)size > ino->size && !file_size_limit((uint64_t)size - 1, 1))
		err = -EFBIG;
	else
		err = ino->ops->truncate(ino, (uint64_t)size);
	mutex_unlock(&ino->write_lock);
	inode_unclaim(ino, 1);
	if (!err)
		inode_drop_setid(ino);
	return err;
}

SYSCALL(truncate)
{
	struct inode *ino;
	long r = path_inode(AT_FDCWD, arg[0], WALK_FOLLOW, &ino);

	if (r)
		return r;
	r = S_ISDIR(ino->mode) ? -EISDIR : inode_permission(ino, W_OK);
	if (!r)
		r = inode_set_size(ino, (int64_t)arg[1]);
	inode_put(ino);
	return r;
}

SYSCALL(ftruncate)
{
	struct file *f = fd_get((int)arg[0]);
	long r;

	if (!f)
		return -EBADF;
	r = file_writable(f) && S_ISREG(f->inode->mode) ? inode_set_size(f->inode, (int64_t)arg[1]) : -EINVAL;
	file_put(f);
	return r;
}

static long allocate(struct file *f, unsigned int mode, int64_t from, int64_t n)
{
	struct inode *ino = f->inode;
	int64_t end;
	long r;

	if (from < 0 || n <= 0)
		return -EINVAL;
	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE) ||
	    (mode & FALLOC_FL_PUNCH_HOLE && mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)))
		return -EOPNOTSUPP;
	if (!file_writable(f))
		return -EBADF;
	if (S_ISFIFO(ino->mode))
		return -ESPIPE;
	if (!S_ISREG(ino->mode))
		return S_ISDIR(ino->mode) ? -EISDIR : -ENODEV;
	if (__builtin_add_overflow(from, n, &end))
		return -EFBIG;
	if (!ino->ops->allocate)
		return -EOPNOTSUPP;
	mutex_lock(&ino->write_lock);
	if (!(mode & FALLOC_FL_KEEP_SIZE) && (uint64_t)end > ino->size && !file_size_limit((uint64_t)end - 1, 1))
		r = -EFBIG;
	else
		r = ino->ops->allocate(ino, mode, (uint64_t)from, (uint64_t)n);
	mutex_unlock(&ino->write_lock);
	return r;
}

SYSCALL(fallocate)
{
	struct file *f = fd_get((int)arg[0]);
	long r;

	if (!f)
		return -EBADF;
	r = allocate(f, (unsigned int)arg[1], (int64_t)arg[2], (int64_t)arg[3]);
	file_put(f);
	return r;
}

/* Memory is the medium: everything is always written back. */
static long check_sync(uint64_t fd, bool data)
{
	struct file *f = fd_get((int)fd);
	long r = 0;

	if (!f)
		return -EBADF;
	if (data && !S_ISREG(f->inode->mode) && !S_ISDIR(f->inode->mode))
		r = -EINVAL;
	file_put(f);
	return r;
}

SYSCALL(sync) { return 0; }
SYSCALL(fsync) { return check_sync(arg[0], true); }
SYSCALL(fdatasync) { return check_sync(arg[0], true); }
SYSCALL(syncfs) { return check_sync(arg[0], false); }

SYSCALL(fadvise64)
{
	struct file *f = fd_get((int)arg[0]);
	long r = 0;

	if (!f)
		return -EBADF;
	if (S_ISFIFO(f->inode->mode))
		r = -ESPIPE;
	else if ((int64_t)arg[2] < 0 || (unsigned int)arg[3] > 5)
		r = -EINVAL;
	file_put(f);
	return r;
}
