/* SPDX-License-Identifier: MIT */
/* fcntl, the general part of ioctl, and memfd_create.
 * Owns: nothing. Relies on: file ops.
 * Never: changes the access mode of an open file. */
#include "abi/termios.h"
#include "core/string.h"
#include "fs/pipe.h"
#include "fs/vfs.h"
#include "mm/uaccess.h"
#include "syscall/syscall.h"

#define CHANGEABLE (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)
#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
#define NOT_SEALABLE F_SEAL_SEAL

static long set_flags(struct file *f, unsigned int flags)
{
	if ((flags ^ f->flags) & O_NOATIME & flags && !inode_owner(f->inode))
		return -EPERM;
	__atomic_store_n(&f->flags, (f->flags & ~CHANGEABLE) | (flags & CHANGEABLE), __ATOMIC_RELAXED);
	return 0;
}

static long add_seals(struct file *f, unsigned int seals)
{
	struct inode *ino = f->inode;
	long r = 0;

	if (!file_writable(f))
		return -EPERM;
	if (!S_ISREG(ino->mode) || !ino->ops->truncate || seals & ~ALL_SEALS)
		return -EINVAL;
	mutex_lock(&ino->write_lock);
	if (ino->seals & F_SEAL_SEAL)
		r = -EPERM;
	else
		ino->seals |= seals;
	mutex_unlock(&ino->write_lock);
	return r;
}

static long fcntl_file(struct file *f, int cmd, uint64_t arg)
{
	switch (cmd) {
	case F_SETFL:
		return set_flags(f, (unsigned int)arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return fcntl_lock(f, cmd, arg);
	case F_GETPIPE_SZ:
		return pipe_get_size(f);
	case F_SETPIPE_SZ:
		return pipe_set_size(f, (unsigned int)arg);
	case F_GET_SEALS:
		return S_ISREG(f->inode->mode) && f->inode->ops->truncate ? (long)f->inode->seals : -EINVAL;
	case F_ADD_SEALS:
		return add_seals(f, (unsigned int)arg);
	default:
		return -EINVAL;
	}
}

SYSCALL(fcntl)
{
	int fd = (int)arg[0], cmd = (int)arg[1];
	struct file *f;
	long r;

	if (cmd == F_GETFD || cmd == F_SETFD)
		return fd_flags(fd, cmd == F_SETFD, arg[2] & FD_CLOEXEC);
	f = fd_get_any(fd);
	if (!f)
		return -EBADF;
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC) {
		r = fd_install_from(f, cmd == F_DUPFD_CLOEXEC, (int)arg[2]);
		if (r >= 0)
			return r;
	} else if (cmd == F_GETFL) {
		r = f->flags;
	} else if (f->flags & O_PATH) {
		r = -EBADF;
	} else {
		r = fcntl_file(f, cmd, arg[2]);
	}
	file_put(f);
	return r;
}

static long ioctl_file(struct file *f, int fd, unsigned int cmd, uaddr_t arg)
{
	uint32_t value;

	switch (cmd) {
	case FIOCLEX:
	case FIONCLEX:
		return fd_flags(fd, true, cmd == FIOCLEX);
	case FIONBIO:
		if (copy_from_user(&value, arg, sizeof(value)))
			return -EFAULT;
		return set_flags(f, value ? f->flags | O_NONBLOCK : f->flags & ~O_NONBLOCK);
	case FIONREAD:
		if (!S_ISREG(f->inode->mode))
			break;
		value = (uint32_t)(f->inode->size - MIN(f->pos, f->inode->size));
		return copy_to_user(arg, &value, sizeof(value));
	}
	return f->ops->ioctl ? f->ops->ioctl(f, cmd, arg) : -ENOTTY;
}

SYSCALL(ioctl)
{
	struct file *f = fd_get((int)arg[0]);
	long r;

	if (!f)
		return -EBADF;
	r = ioctl_file(f, (int)arg[0], (unsigned int)arg[1], arg[2]);
	file_put(f);
	return r;
}

SYSCALL(memfd_create)
{
	unsigned int flags = (unsigned int)arg[1];
	char name[NAME_MAX - 5], path[NAME_MAX + 2] = "/memfd:"; /* the name's limit is Linux's */
	struct inode *ino;
	struct file *f;
	long r;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC))
		return -EINVAL;
	r = strncpy_from_user(name, arg[0], sizeof(name));
	if (r < 0)
		return r == -ENAMETOOLONG ? -EINVAL : r;
	strlcpy(path + strlen(path), name, sizeof(path) - strlen(path));
	ino = ramfs_memfd();
	if (!ino)
		return -ENOMEM;
	ino->mode = S_IFREG | (flags & MFD_NOEXEC_SEAL ? 0666 : 0777);
	ino->seals = flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL) ? 0 : NOT_SEALABLE;
	r = file_open_inode(ino, O_RDWR, kstrdup(path), &f);
	inode_put(ino);
	if (r)
		return r;
	r = fd_install(f, flags & MFD_CLOEXEC);
	if (r < 0)
		file_put(f);
	return r;
}
