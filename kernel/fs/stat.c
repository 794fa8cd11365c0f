/* SPDX-License-Identifier: MIT */
/* stat, statx, statfs and their relatives.
 * Owns: nothing. Relies on: arch_abi.h for struct stat.
 * Never: leaves padding that holds kernel memory. */
#include "core/string.h"
#include "fs/vfs.h"
#include "mm/uaccess.h"
#include "syscall/syscall.h"

static int64_t seconds(int64_t ns)
{
	return ns / NSEC_PER_SEC - (ns % NSEC_PER_SEC < 0);
}

static uint32_t rest(int64_t ns)
{
	return (uint32_t)(ns - seconds(ns) * NSEC_PER_SEC);
}

static struct arch_stat_time stat_time(int64_t ns)
{
	return (struct arch_stat_time){ seconds(ns), rest(ns) };
}

static struct statx_timestamp statx_time(int64_t ns)
{
	return (struct statx_timestamp){ .tv_sec = seconds(ns), .tv_nsec = rest(ns) };
}

static long put_stat(const struct inode *ino, uaddr_t to)
{
	struct arch_stat st;

	memset(&st, 0, sizeof(st));
	st.st_dev = ino->sb->dev;
	st.st_ino = ino->number;
	st.st_nlink = ino->nlink;
	st.st_mode = ino->mode;
	st.st_uid = ino->uid;
	st.st_gid = ino->gid;
	st.st_rdev = ino->rdev;
	st.st_size = (int64_t)ino->size;
	st.st_blksize = PAGE_SIZE;
	st.st_blocks = (int64_t)ino->blocks;
	st.st_atim = stat_time(ino->atime_ns);
	st.st_mtim = stat_time(ino->mtime_ns);
	st.st_ctim = stat_time(ino->ctime_ns);
	return copy_to_user(to, &st, sizeof(st));
}

static long put_statx(const struct inode *ino, uaddr_t to)
{
	struct statx_user st;

	memset(&st, 0, sizeof(st));
	st.stx_mask = STATX_BASIC_STATS | STATX_MNT_ID;
	st.stx_blksize = PAGE_SIZE;
	st.stx_nlink = ino->nlink;
	st.stx_uid = ino->uid;
	st.stx_gid = ino->gid;
	st.stx_mode = (uint16_t)ino->mode;
	st.stx_ino = ino->number;
	st.stx_size = ino->size;
	st.stx_blocks = ino->blocks;
	st.stx_attributes_mask = STATX_ATTR_MOUNT_ROOT;
	if (ino->sb->root == ino)
		st.stx_attributes = STATX_ATTR_MOUNT_ROOT;
	st.stx_atime = statx_time(ino->atime_ns);
	st.stx_mtime = statx_time(ino->mtime_ns);
	st.stx_ctime = statx_time(ino->ctime_ns);
	st.stx_rdev_major = DEV_MAJOR(ino->rdev);
	st.stx_rdev_minor = DEV_MINOR(ino->rdev);
	st.stx_dev_major = DEV_MAJOR(ino->sb->dev);
	st.stx_dev_minor = DEV_MINOR(ino->sb->dev);
	st.stx_mnt_id = DEV_MINOR(ino->sb->dev);
	return copy_to_user(to, &st, sizeof(st));
}

static long stat_path(int dirfd, uaddr_t path, unsigned int walk, long (*put)(const struct inode *, uaddr_t),
		      uaddr_t to)
{
	struct inode *ino;
	long r = path_inode(dirfd, path, walk, &ino);

	if (r)
		return r;
	r = put(ino, to);
	inode_put(ino);
	return r;
}

static unsigned int walk_flags(unsigned int at_flags)
{
	return (at_flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) | (at_flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
}

SYSCALL(stat) { return stat_path(AT_FDCWD, arg[0], WALK_FOLLOW, put_stat, arg[1]); }
SYSCALL(lstat) { return stat_path(AT_FDCWD, arg[0], 0, put_stat, arg[1]); }

SYSCALL(fstat)
{
	struct file *f = fd_get_any((int)arg[0]);
	long r;

	if (!f)
		return -EBADF;
	r = put_stat(f->inode, arg[1]);
	file_put(f);
	return r;
}

SYSCALL(newfstatat)
{
	unsigned int flags = (unsigned int)arg[3];

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
		return -EINVAL;
	return stat_path((int)arg[0], arg[1], walk_flags(flags), put_stat, arg[2]);
}

SYSCALL(statx)
{
	unsigned int flags = (unsigned int)arg[2];

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE) ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE || (unsigned int)arg[3] & STATX_RESERVED)
		return -EINVAL;
	return stat_path((int)arg[0], arg[1], walk_flags(flags), put_statx, arg[4]);
}

static long put_statfs(const struct inode *ino, uaddr_t to)
{
	const struct superblock *sb = ino->sb;
	struct statfs_user st;

	memset(&st, 0, sizeof(st));
	st.f_type = (int64_t)sb->magic;
	st.f_bsize = st.f_frsize = PAGE_SIZE;
	if (sb->kill) {
		st.f_bfree = st.f_bavail = ramfs_pages_left(sb);
		st.f_blocks = sb->max_pages ? sb->max_pages : st.f_bfree + sb->pages;
	}
	st.f_fsid[0] = (int32_t)sb->dev;
	st.f_namelen = NAME_MAX;
	st.f_flags = ST_VALID | ST_RELATIME | (sb->read_only ? ST_RDONLY : 0) | (sb->nosuid ? ST_NOSUID : 0) |
		     (sb->nodev ? ST_NODEV : 0) | (sb->noexec ? ST_NOEXEC : 0);
	return copy_to_user(to, &st, sizeof(st));
}

SYSCALL(statfs) { return stat_path(AT_FDCWD, arg[0], WALK_FOLLOW, put_statfs, arg[1]); }

SYSCALL(fstatfs)
{
	struct file *f = fd_get_any((int)arg[0]);
	long r;

	if (!f)
		return -EBADF;
	r = put_statfs(f->inode, arg[1]);
	file_put(f);
	return r;
}

static long check_access(int dirfd, uaddr_t path, unsigned int mode, unsigned int flags)
{
	struct inode *ino;
	long r;

	if (mode & ~7u || flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	r = path_inode(dirfd, path, walk_flags(flags), &ino);
	if (r)
		return r;
	if (flags & AT_EACCESS) {
		r = inode_permission(ino, mode);
	} else {
		bool supplementary = ino->gid != fs_gid() && fs_in_group(ino->gid);

		r = inode_permission_as(ino, mode, fs_real_uid(), ino->gid == fs_real_gid() || supplementary);
	}
	inode_put(ino);
	return r;
}

SYSCALL(access) { return check_access(AT_FDCWD, arg[0], (unsigned int)arg[1], 0); }
SYSCALL(faccessat) { return check_access((int)arg[0], arg[1], (unsigned int)arg[2], 0); }
SYSCALL(faccessat2) { return check_access((int)arg[0], arg[1], (unsigned int)arg[2], (unsigned int)arg[3]); }
