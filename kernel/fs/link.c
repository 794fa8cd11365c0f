/* SPDX-License-Identifier: MIT */
/* The calls that make, remove and rename directory entries.
 * Owns: nothing. Relies on: inode ops, which are atomic.
 * Never: touches an entry without permission on its directory. */
#include "core/string.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "syscall/syscall.h"

/* Walk to an entry that is to be made. */
static int walk_new(int dirfd, uaddr_t upath, bool for_dir, struct walk *w)
{
	char *path;
	int err = path_from_user(&path, upath);

	if (err < 0)
		return err;
	err = path_walk(dirfd, path, WALK_CREATE | WALK_ENTRY, w);
	kfree(path);
	if (err)
		return err;
	if (w->inode)
		err = -EEXIST;
	else if (w->slash && !for_dir)
		err = -ENOENT;
	else
		err = inode_permission(w->dir, W_OK | X_OK);
	if (err)
		walk_done(w);
	return err;
}

static long make_node(int dirfd, uaddr_t upath, uint32_t mode, uint64_t dev)
{
	struct inode *ino;
	struct walk w;
	int err;

	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (S_ISDIR(mode))
		return -EPERM;
	if (!S_ISREG(mode) && !S_ISCHR(mode) && !S_ISBLK(mode) && !S_ISFIFO(mode) && !S_ISSOCK(mode))
		return -EINVAL;
	if ((S_ISCHR(mode) || S_ISBLK(mode)) && fs_uid())
		return -EPERM;
	err = walk_new(dirfd, upath, false, &w);
	if (err)
		return err;
	err = -EPERM;
	if (w.dir->ops->create)
		err = w.dir->ops->create(w.dir, w.name, mode & (S_IFMT | 07777) & ~fs_umask(), dev, &ino);
	if (!err)
		inode_put(ino);
	walk_done(&w);
	return err;
}

SYSCALL(mknod) { return make_node(AT_FDCWD, arg[0], (uint32_t)arg[1], (uint32_t)arg[2]); }
SYSCALL(mknodat) { return make_node((int)arg[0], arg[1], (uint32_t)arg[2], (uint32_t)arg[3]); }

static long make_dir(int dirfd, uaddr_t upath, uint32_t mode)
{
	struct inode *ino;
	struct walk w;
	int err = walk_new(dirfd, upath, true, &w);

	if (err)
		return err;
	err = -EPERM;
	if (w.dir->ops->create)
		err = w.dir->ops->create(w.dir, w.name, S_IFDIR | (mode & 01777 & ~fs_umask()), 0, &ino);
	if (!err)
		inode_put(ino);
	walk_done(&w);
	return err;
}

SYSCALL(mkdir) { return make_dir(AT_FDCWD, arg[0], (uint32_t)arg[1]); }
SYSCALL(mkdirat) { return make_dir((int)arg[0], arg[1], (uint32_t)arg[2]); }

static long make_symlink(uaddr_t utarget, int dirfd, uaddr_t upath)
{
	struct walk w;
	char *target;
	int err = path_from_user(&target, utarget);

	if (err < 0)
		return err;
	err = *target ? walk_new(dirfd, upath, false, &w) : -ENOENT;
	if (!err) {
		err = w.dir->ops->symlink ? w.dir->ops->symlink(w.dir, w.name, target) : -EPERM;
		walk_done(&w);
	}
	kfree(target);
	return err;
}

SYSCALL(symlink) { return make_symlink(arg[0], AT_FDCWD, arg[1]); }
SYSCALL(symlinkat) { return make_symlink(arg[0], (int)arg[1], arg[2]); }

static long make_link(int from_fd, uaddr_t from, int to_fd, uaddr_t to, unsigned int flags)
{
	struct inode *what;
	struct walk w;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH && fs_uid())
		return -ENOENT;
	err = path_inode(from_fd, from, (flags & AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0) |
			 (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0), &what);
	if (err)
		return err;
	err = walk_new(to_fd, to, false, &w);
	if (!err) {
		if (w.dir->sb != what->sb)
			err = -EXDEV;
		else if (S_ISDIR(what->mode) || !w.dir->ops->link)
			err = -EPERM;
		else
			err = w.dir->ops->link(w.dir, w.name, what);
		walk_done(&w);
	}
	inode_put(what);
	return err;
}

SYSCALL(link) { return make_link(AT_FDCWD, arg[0], AT_FDCWD, arg[1], 0); }
SYSCALL(linkat) { return make_link((int)arg[0], arg[1], (int)arg[2], arg[3], (unsigned int)arg[4]); }

static long remove_entry(int dirfd, uaddr_t upath, bool dir)
{
	struct walk w;
	char *path;
	int err = path_from_user(&path, upath);

	if (err < 0)
		return err;
	err = path_walk(dirfd, path, WALK_ENTRY, &w);
	kfree(path);
	if (err)
		return err;
	if (!w.name[0])
		err = !dir ? -EISDIR : w.dot ? -EINVAL : w.dotdot ? -ENOTEMPTY : -EBUSY;
	else if (w.inode->sb->root == w.inode)
		err = dir ? -EBUSY : -EISDIR;
	else if (w.slash && !S_ISDIR(w.inode->mode))
		err = -ENOTDIR;
	else
		err = inode_may_delete(w.dir, w.inode);
	if (!err)
		err = w.dir->ops->unlink ? w.dir->ops->unlink(w.dir, w.name, dir) : -EPERM;
	walk_done(&w);
	return err;
}

SYSCALL(unlink) { return remove_entry(AT_FDCWD, arg[0], false); }
SYSCALL(rmdir) { return remove_entry(AT_FDCWD, arg[0], true); }

SYSCALL(unlinkat)
{
	if ((unsigned int)arg[2] & ~AT_REMOVEDIR)
		return -EINVAL;
	return remove_entry((int)arg[0], arg[1], (unsigned int)arg[2] & AT_REMOVEDIR);
}

static int rename_walked(struct walk *a, struct walk *b, unsigned int flags)
{
	int err;

	if (!a->name[0] || !b->name[0])
		return flags & RENAME_NOREPLACE && !b->name[0] ? -EEXIST : -EBUSY;
	if (a->dir->sb != b->dir->sb)
		return -EXDEV;
	if (a->inode->sb->root == a->inode || (b->inode && b->inode->sb->root == b->inode))
		return -EBUSY;
	if (!S_ISDIR(a->inode->mode) && (a->slash || (!b->inode && b->slash)))
		return -ENOTDIR;
	if (b->inode && b->slash && !S_ISDIR(b->inode->mode))
		return -ENOTDIR;
	err = inode_may_delete(a->dir, a->inode);
	if (!err)
		err = b->inode ? inode_may_delete(b->dir, b->inode) : inode_permission(b->dir, W_OK | X_OK);
	if (!err && S_ISDIR(a->inode->mode) && a->dir != b->dir)
		err = inode_permission(a->inode, W_OK);
	if (err)
		return err;
	return a->dir->ops->rename ? a->dir->ops->rename(a->dir, a->name, b->dir, b->name, flags) : -EPERM;
}

static long rename_entry(int from_fd, uaddr_t from, int to_fd, uaddr_t to, unsigned int flags)
{
	struct walk *w;
	char *path;
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	w = kmalloc(2 * sizeof(*w));
	if (!w)
		return -ENOMEM;
	err = path_from_user(&path, from);
	if (err >= 0) {
		err = path_walk(from_fd, path, WALK_ENTRY, &w[0]);
		kfree(path);
	}
	if (err >= 0) {
		err = path_from_user(&path, to);
		if (err >= 0) {
			err = path_walk(to_fd, path, WALK_CREATE | WALK_ENTRY, &w[1]);
			kfree(path);
		}
		if (err >= 0) {
			err = rename_walked(&w[0], &w[1], flags);
			walk_done(&w[1]);
		}
		walk_done(&w[0]);
	}
	kfree(w);
	return err;
}

SYSCALL(rename) { return rename_entry(AT_FDCWD, arg[0], AT_FDCWD, arg[1], 0); }
SYSCALL(renameat) { return rename_entry((int)arg[0], arg[1], (int)arg[2], arg[3], 0); }
SYSCALL(renameat2) { return rename_entry((int)arg[0], arg[1], (int)arg[2], arg[3], (unsigned int)arg[4]); }

static long read_link(int dirfd, uaddr_t upath, uaddr_t buf, int size)
{
	struct inode *ino;
	char *target;
	long n;

	if (size <= 0)
		return -EINVAL;
	n = path_inode(dirfd, upath, WALK_EMPTY, &ino);
	if (n)
		return n;
	target = kmalloc(PATH_MAX);
	if (!target)
		n = -ENOMEM;
	else if (!S_ISLNK(ino->mode))
		n = -EINVAL;
	else
		n = ino->ops->readlink(ino, target, PATH_MAX);
	if (n >= 0) {
		n = MIN(n, (long)size);
		inode_accessed(ino);
		if (copy_to_user(buf, target, (size_t)n))
			n = -EFAULT;
	}
	kfree(target);
	inode_put(ino);
	return n;
}

SYSCALL(readlink) { return read_link(AT_FDCWD, arg[0], arg[1], (int)arg[2]); }
SYSCALL(readlinkat) { return read_link((int)arg[0], arg[1], arg[2], (int)arg[3]); }
