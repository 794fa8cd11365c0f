/* SPDX-License-Identifier: MIT */
/* The calls that change a file's mode, owner and times.
 * Owns: nothing. Relies on: inode->lock.
 * Never: changes a type. */
#include "fs/vfs.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscall.h"
#include "time/timekeeping.h"
#include "vdk/clock.h"

#define NS_MAX (INT64_MAX / NSEC_PER_SEC - 1)

/* With a reference. */
static int fd_inode(int fd, struct inode **out)
{
	struct file *f = fd_get(fd);

	if (!f)
		return -EBADF;
	*out = f->inode;
	inode_get(*out);
	file_put(f);
	return 0;
}

static long change_mode(struct inode *ino, uint32_t mode)
{
	unsigned long flags;
	long r = 0;

	if (ino->sb->read_only)
		r = -EROFS;
	else if (!inode_owner(ino))
		r = -EPERM;
	else if (S_ISLNK(ino->mode))
		r = -EOPNOTSUPP;
	if (!r) {
		if (fs_uid() && !fs_in_group(ino->gid) && !S_ISDIR(ino->mode))
			mode &= ~S_ISGID;
		flags = spin_lock(&ino->lock);
		ino->mode = (ino->mode & S_IFMT) | (mode & 07777);
		spin_unlock(&ino->lock, flags);
		inode_changed(ino);
	}
	inode_put(ino);
	return r;
}

static long chmod_path(int dirfd, uaddr_t path, uint32_t mode)
{
	struct inode *ino;
	int err = path_inode(dirfd, path, WALK_FOLLOW, &ino);

	return err ? err : change_mode(ino, mode);
}

SYSCALL(chmod) { return chmod_path(AT_FDCWD, arg[0], (uint32_t)arg[1]); }
SYSCALL(fchmodat) { return chmod_path((int)arg[0], arg[1], (uint32_t)arg[2]); }

SYSCALL(fchmod)
{
	struct inode *ino;
	int err = fd_inode((int)arg[0], &ino);

	return err ? err : change_mode(ino, (uint32_t)arg[1]);
}

static long change_owner(struct inode *ino, uint32_t uid, uint32_t gid)
{
	unsigned long flags;
	long r = 0;

	if (ino->sb->read_only)
		r = -EROFS;
	else if (fs_uid() && ((uid != UINT32_MAX && uid != ino->uid) || ino->uid != fs_uid() ||
			      (gid != UINT32_MAX && gid != ino->gid && !fs_in_group(gid))))
		r = -EPERM;
	if (!r) {
		flags = spin_lock(&ino->lock);
		if (uid != UINT32_MAX)
			ino->uid = uid;
		if (gid != UINT32_MAX)
			ino->gid = gid;
		if (!S_ISDIR(ino->mode)) {
			ino->mode &= ~S_ISUID;
			if (ino->mode & S_IXGRP)
				ino->mode &= ~S_ISGID;
		}
		spin_unlock(&ino->lock, flags);
		inode_changed(ino);
	}
	inode_put(ino);
	return r;
}

static long chown_path(int dirfd, uaddr_t path, uint64_t uid, uint64_t gid, unsigned int walk)
{
	struct inode *ino;
	int err = path_inode(dirfd, path, walk, &ino);

	return err ? err : change_owner(ino, (uint32_t)uid, (uint32_t)gid);
}

SYSCALL(chown) { return chown_path(AT_FDCWD, arg[0], arg[1], arg[2], WALK_FOLLOW); }
SYSCALL(lchown) { return chown_path(AT_FDCWD, arg[0], arg[1], arg[2], 0); }

SYSCALL(fchownat)
{
	unsigned int flags = (unsigned int)arg[4];

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return chown_path((int)arg[0], arg[1], arg[2], arg[3],
			  (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0));
}

SYSCALL(fchown)
{
	struct inode *ino;
	int err = fd_inode((int)arg[0], &ino);

	return err ? err : change_owner(ino, (uint32_t)arg[1], (uint32_t)arg[2]);
}

/* Times as utimensat passes them: nsec may be UTIME_NOW or UTIME_OMIT. Takes the reference over. */
static long change_times(struct inode *ino, const struct vdk_timespec t[2])
{
	bool now = t[0].tv_nsec == UTIME_NOW && t[1].tv_nsec == UTIME_NOW;
	int64_t ns[2], present = clock_realtime_ns();
	long r = 0;

	for (int i = 0; i < 2; i++) {
		int64_t sec = MIN(MAX(t[i].tv_sec, -NS_MAX), NS_MAX);

		if (t[i].tv_nsec != UTIME_NOW && t[i].tv_nsec != UTIME_OMIT && (uint64_t)t[i].tv_nsec >= NSEC_PER_SEC)
			r = -EINVAL;
		ns[i] = t[i].tv_nsec == UTIME_NOW ? present : sec * NSEC_PER_SEC + t[i].tv_nsec;
	}
	if (!r && ino->sb->read_only)
		r = -EROFS;
	if (!r && !inode_owner(ino))
		r = now ? inode_permission(ino, W_OK) : -EPERM;
	if (!r) {
		unsigned long flags = spin_lock(&ino->lock);

		if (t[0].tv_nsec != UTIME_OMIT)
			ino->atime_ns = ns[0];
		if (t[1].tv_nsec != UTIME_OMIT)
			ino->mtime_ns = ns[1];
		ino->ctime_ns = present;
		spin_unlock(&ino->lock, flags);
	}
	inode_put(ino);
	return r;
}

static const struct vdk_timespec both_now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };

SYSCALL(utimensat)
{
	struct vdk_timespec t[2] = { both_now[0], both_now[1] };
	unsigned int flags = (unsigned int)arg[3];
	struct inode *ino;
	int err;

	if (arg[2] && copy_from_user(t, arg[2], sizeof(t)))
		return -EFAULT;
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (t[0].tv_nsec == UTIME_OMIT && t[1].tv_nsec == UTIME_OMIT)
		return 0;
	if (!arg[1])
		err = flags ? -EINVAL : fd_inode((int)arg[0], &ino);
	else
		err = path_inode((int)arg[0], arg[1], (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
				 (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0), &ino);
	return err ? err : change_times(ino, t);
}

static long set_timevals(int dirfd, uaddr_t path, uaddr_t utimes)
{
	struct vdk_timespec t[2] = { both_now[0], both_now[1] };
	struct vdk_timeval tv[2];
	struct inode *ino;
	int err;

	if (utimes) {
		if (copy_from_user(tv, utimes, sizeof(tv)))
			return -EFAULT;
		for (int i = 0; i < 2; i++) {
			if ((uint64_t)tv[i].tv_usec >= 1000000)
				return -EINVAL;
			t[i] = (struct vdk_timespec){ tv[i].tv_sec, tv[i].tv_usec * 1000 };
		}
	}
	err = path ? path_inode(dirfd, path, WALK_FOLLOW, &ino) : fd_inode(dirfd, &ino);
	return err ? err : change_times(ino, t);
}

SYSCALL(utimes) { return set_timevals(AT_FDCWD, arg[0], arg[1]); }
SYSCALL(futimesat) { return set_timevals((int)arg[0], arg[1], arg[2]); }

SYSCALL(utime)
{
	struct vdk_timespec t[2] = { both_now[0], both_now[1] };
	int64_t given[2];
	struct inode *ino;
	int err;

	if (arg[1]) {
		if (copy_from_user(given, arg[1], sizeof(given)))
			return -EFAULT;
		t[0] = (struct vdk_timespec){ given[0], 0 };
		t[1] = (struct vdk_timespec){ given[1], 0 };
	}
	err = path_inode(AT_FDCWD, arg[0], WALK_FOLLOW, &ino);
	return err ? err : change_times(ino, t);
}
