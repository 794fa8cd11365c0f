/* SPDX-License-Identifier: MIT */
/* Inodes: life, permissions, times.
 * Owns: reference counts. Relies on: the file system's destroy op to free what inode_fini() leaves.
 * Never: knows a file system. */
#include "core/string.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "time/timekeeping.h"

#define DAY_NS (86400 * NSEC_PER_SEC)

void inode_init(struct inode *ino, struct superblock *sb, const struct inode_ops *ops, uint32_t mode)
{
	ino->ops = ops;
	ino->refs = 1;
	ino->mode = mode;
	ino->nlink = 1;
	ino->sb = sb;
	__atomic_add_fetch(&sb->refs, 1, __ATOMIC_RELAXED);
	ino->number = sb_next_number(sb);
	ino->atime_ns = ino->mtime_ns = ino->ctime_ns = clock_realtime_ns();
	list_init(&ino->locks);
	mutex_init(&ino->write_lock);
}

void inode_fini(struct inode *ino)
{
	inode_put(ino->parent);
	kfree(ino->name);
	sb_put(ino->sb);
}

void inode_get(struct inode *ino)
{
	__atomic_add_fetch(&ino->refs, 1, __ATOMIC_RELAXED);
}

void inode_put(struct inode *ino)
{
	/* Release orders this holder's accesses before the destruction; acquire is its partner in the last one. */
	if (ino && !__atomic_sub_fetch(&ino->refs, 1, __ATOMIC_ACQ_REL))
		ino->ops->destroy(ino);
}

int inode_permission_as(const struct inode *ino, unsigned int want, uint32_t uid, bool in_group)
{
	unsigned int have;

	if ((want & W_OK) && ino->sb->read_only && (S_ISREG(ino->mode) || S_ISDIR(ino->mode) || S_ISLNK(ino->mode)))
		return -EROFS;
	if (!uid)
		return (want & X_OK) && !S_ISDIR(ino->mode) && !(ino->mode & 0111) ? -EACCES : 0;
	have = ino->uid == uid ? ino->mode >> 6 : in_group ? ino->mode >> 3 : ino->mode;
	return want & ~have & 7 ? -EACCES : 0;
}

int inode_permission(const struct inode *ino, unsigned int want)
{
	return inode_permission_as(ino, want, fs_uid(), fs_in_group(ino->gid));
}

bool inode_owner(const struct inode *ino)
{
	return !fs_uid() || fs_uid() == ino->uid;
}

void inode_set_creator(struct inode *ino, const struct inode *dir)
{
	ino->uid = fs_uid();
	ino->gid = fs_gid();
	if (dir->mode & S_ISGID) {
		ino->gid = dir->gid;
		if (S_ISDIR(ino->mode))
			ino->mode |= S_ISGID;
	}
}

int inode_may_delete(const struct inode *dir, const struct inode *victim)
{
	int err = inode_permission(dir, W_OK | X_OK);

	if (err)
		return err;
	if ((dir->mode & S_ISVTX) && !inode_owner(dir) && !inode_owner(victim))
		return -EPERM;
	return 0;
}

void inode_touch(struct inode *ino)
{
	ino->mtime_ns = ino->ctime_ns = clock_realtime_ns();
}

void inode_changed(struct inode *ino)
{
	ino->ctime_ns = clock_realtime_ns();
}

void inode_accessed(struct inode *ino)
{
	int64_t now;

	if (ino->sb->read_only)
		return;
	now = clock_realtime_ns();
	if (ino->atime_ns <= ino->mtime_ns || ino->atime_ns <= ino->ctime_ns || now - ino->atime_ns >= DAY_NS)
		ino->atime_ns = now;
}

bool inode_claim(struct inode *ino, int what)
{
	int n = __atomic_load_n(&ino->writers, __ATOMIC_RELAXED);

	while (what > 0 ? n >= 0 : n <= 0)
		if (__atomic_compare_exchange_n(&ino->writers, &n, n + what, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return true;
	return false;
}

void inode_unclaim(struct inode *ino, int what)
{
	__atomic_sub_fetch(&ino->writers, what, __ATOMIC_ACQ_REL);
}

void inode_drop_setid(struct inode *ino)
{
	unsigned long flags;

	if (!(ino->mode & (S_ISUID | S_ISGID)) || !fs_uid())
		return;
	flags = spin_lock(&ino->lock);
	ino->mode &= ~S_ISUID;
	if (ino->mode & S_IXGRP)
		ino->mode &= ~S_ISGID;
	spin_unlock(&ino->lock, flags);
}

char *kstrdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = kmalloc(n);

	return copy ? memcpy(copy, s, n) : NULL;
}
