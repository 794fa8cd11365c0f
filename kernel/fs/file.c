/* SPDX-License-Identifier: MIT */
/* Open files: life and opening.
 * Owns: reference counts of struct file. Relies on: inode ops.
 * Never: checks a descriptor; see fdtable.c. */
#include "core/string.h"
#include "fs/pipe.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "syscall/syscall.h"

struct file *file_alloc(struct inode *ino, const struct file_ops *ops, unsigned int flags)
{
	struct file *f = kmalloc(sizeof(*f));

	if (!f)
		return NULL;
	f->ops = ops;
	f->inode = ino;
	f->refs = 1;
	f->flags = flags;
	mutex_init(&f->pos_lock);
	list_init(&f->epoll_items);
	inode_get(ino);
	__atomic_add_fetch(&ino->sb->users, 1, __ATOMIC_RELAXED);
	return f;
}

void file_get(struct file *f)
{
	__atomic_add_fetch(&f->refs, 1, __ATOMIC_RELAXED);
}

bool file_try_get(struct file *f)
{
	unsigned int refs = __atomic_load_n(&f->refs, __ATOMIC_RELAXED);

	while (refs)
		if (__atomic_compare_exchange_n(&f->refs, &refs, refs + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
	return false;
}

static void file_free(struct file *f)
{
	__atomic_sub_fetch(&f->inode->sb->users, 1, __ATOMIC_RELAXED);
	inode_unclaim(f->inode, f->writers);
	inode_put(f->inode);
	kfree(f->path);
	kfree(f);
}

void file_put(struct file *f)
{
	/* Acquire and release as in inode_put(). */
	if (__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL))
		return;
	epoll_file_gone(f);
	locks_release_file(f);
	if (f->ops && f->ops->release)
		f->ops->release(f);
	file_free(f);
}

static const struct file_ops path_ops = { 0 };

/* what: 1 or -1, see inode_claim(). */
static int claim(struct file *f, int what)
{
	if (!inode_claim(f->inode, what))
		return -ETXTBSY;
	f->writers = what;
	return 0;
}

int file_open_inode(struct inode *ino, unsigned int flags, char *path, struct file **out)
{
	struct file *f = file_alloc(ino, ino->file_ops, flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC));
	int err = 0;

	if (!f) {
		kfree(path);
		return -ENOMEM;
	}
	f->path = path;
	if (!(flags & O_PATH))
		f->flags |= O_LARGEFILE;
	if (S_ISREG(ino->mode) && file_writable(f))
		err = claim(f, 1);
	if (flags & O_PATH)
		f->ops = &path_ops;
	else if (S_ISFIFO(ino->mode))
		err = fifo_open(ino, f);
	else if (!err && ino->ops->open)
		err = ino->ops->open(ino, f);
	if (!err && !f->ops)
		err = -ENXIO;
	if (err) {
		file_free(f);
		return err;
	}
	f->flags &= ~O_NOCTTY;
	*out = f;
	return 0;
}

/* What must hold before `ino`, found or just created, is opened. */
static int may_open(const struct inode *ino, unsigned int flags, bool created, bool slash)
{
	static const unsigned int want[4] = { R_OK, W_OK, R_OK | W_OK, R_OK | W_OK };
	unsigned int need = want[flags & O_ACCMODE];

	if (S_ISLNK(ino->mode))
		return flags & O_PATH && !(flags & O_DIRECTORY) ? 0 : flags & O_DIRECTORY ? -ENOTDIR : -ELOOP;
	if ((flags & O_DIRECTORY || slash) && !S_ISDIR(ino->mode))
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	if (S_ISDIR(ino->mode) && (need & W_OK || flags & O_CREAT))
		return -EISDIR;
	if (S_ISSOCK(ino->mode))
		return -ENXIO;
	if ((S_ISCHR(ino->mode) || S_ISBLK(ino->mode)) && ino->sb->nodev)
		return -EACCES;
	if ((flags & O_NOATIME) && !inode_owner(ino))
		return -EPERM;
	if (flags & O_TRUNC)
		need |= W_OK;
	return created ? 0 : inode_permission(ino, need);
}

static int create_last(struct walk *w, uint32_t mode)
{
	int err;

	if (w->slash)
		return -EISDIR;
	err = inode_permission(w->dir, W_OK | X_OK);
	if (err)
		return err;
	if (!w->dir->ops->create)
		return -EACCES;
	return w->dir->ops->create(w->dir, w->name, S_IFREG | (mode & 07777 & ~fs_umask()), 0, &w->inode);
}

static int open_tmpfile(struct inode *dir, unsigned int flags, uint32_t mode, struct file **out)
{
	struct inode *ino;
	int err;

	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	err = inode_permission(dir, W_OK | X_OK);
	if (err)
		return err;
	if (!dir->ops->tmpfile)
		return -EOPNOTSUPP;
	err = dir->ops->tmpfile(dir, S_IFREG | (mode & 07777 & ~fs_umask()), &ino);
	if (err)
		return err;
	err = file_open_inode(ino, flags & ~(O_TMPFILE_BIT | O_DIRECTORY), kstrdup("/#tmpfile"), out);
	inode_put(ino);
	return err;
}

int do_open(int dirfd, const char *path, unsigned int flags, uint32_t mode, struct file **out)
{
	unsigned int how = WALK_FOLLOW;
	struct walk w;
	bool created = false;
	int err;

	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((flags & O_TMPFILE_BIT) && (!(flags & O_DIRECTORY) || (flags & O_ACCMODE) == O_RDONLY || flags & O_CREAT))
		return -EINVAL;
	if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
		return -EINVAL;
	if (flags & O_NOFOLLOW || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		how &= ~WALK_FOLLOW;
	if (flags & O_CREAT)
		how |= WALK_CREATE;
again:
	err = path_walk(dirfd, path, how, &w);
	if (err)
		return err;
	if (flags & O_TMPFILE_BIT) {
		err = open_tmpfile(w.inode, flags, mode, out);
		walk_done(&w);
		return err;
	}
	if (!w.inode) {
		err = create_last(&w, mode);
		created = !err;
		if (err == -EEXIST && !(flags & O_EXCL)) {
			walk_done(&w);
			goto again;
		}
	} else if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
		err = -EEXIST;
	}
	if (!err)
		err = may_open(w.inode, flags, created, w.slash);
	if (!err)
		err = file_open_inode(w.inode, flags, path_of_walk(&w), out);
	if (!err && (flags & O_TRUNC) && !created && S_ISREG(w.inode->mode) && w.inode->ops->truncate) {
		err = (int)inode_set_size(w.inode, 0);
		if (err)
			file_put(*out);
	}
	walk_done(&w);
	return err;
}

int file_open(const char *path, unsigned int flags, uint32_t mode, struct file **out)
{
	return do_open(AT_FDCWD, path, flags, mode, out);
}

int file_open_exec(int dirfd, const char *path, unsigned int flags, struct file **out)
{
	unsigned int how = (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
	struct walk w;
	int err = path_walk(dirfd, path, how, &w);

	if (err)
		return err;
	if (S_ISLNK(w.inode->mode))
		err = -ELOOP;
	else if (!S_ISREG(w.inode->mode) || w.inode->sb->noexec)
		err = -EACCES;
	else
		err = inode_permission(w.inode, X_OK);
	if (!err)
		err = file_open_inode(w.inode, O_RDONLY, path_of_walk(&w), out);
	walk_done(&w);
	if (!err && claim(*out, -1)) {
		file_put(*out);
		err = -ETXTBSY;
	}
	return err;
}

bool inode_honours_setid(const struct inode *ino)
{
	return !ino->sb->nosuid;
}

uint64_t inode_dev(const struct inode *ino)
{
	return ino->sb->dev;
}

/* Nameless files. They live in a file system of their own, which is mounted nowhere. */

static void anon_destroy(struct inode *ino)
{
	if (S_ISFIFO(ino->mode))
		fifo_destroy(ino);
	inode_fini(ino);
	kfree(ino);
}

static const struct inode_ops anon_ops = { .destroy = anon_destroy };

static struct superblock *anon_sb(void)
{
	static struct superblock anon = { .type = "anon_inodefs", .magic = 0x09041934, .dev = DEV(0, 0xff), .refs = 1 };

	return &anon;
}

struct file *file_create_anon(const char *name, uint32_t type, const struct file_ops *ops, void *data,
			      unsigned int flags)
{
	struct inode *ino = kmalloc(sizeof(*ino));
	struct file *f;

	if (!ino)
		return NULL;
	inode_init(ino, anon_sb(), &anon_ops, type);
	ino->uid = fs_uid();
	ino->gid = fs_gid();
	f = file_alloc(ino, ops, flags & ~O_CLOEXEC);
	inode_put(ino);
	if (!f)
		return NULL;
	f->data = data;
	f->path = kstrdup(name);
	return f;
}

static long open_fd(int dirfd, uaddr_t upath, unsigned int flags, uint32_t mode)
{
	struct file *f;
	char *path;
	int fd, err = path_from_user(&path, upath);

	if (err < 0)
		return err;
	err = do_open(dirfd, path, flags, mode, &f);
	kfree(path);
	if (err)
		return err;
	fd = fd_install(f, flags & O_CLOEXEC);
	if (fd < 0)
		file_put(f);
	return fd;
}

SYSCALL(open)
{
	return open_fd(AT_FDCWD, arg[0], (unsigned int)arg[1], (uint32_t)arg[2]);
}

SYSCALL(openat)
{
	return open_fd((int)arg[0], arg[1], (unsigned int)arg[2], (uint32_t)arg[3]);
}

SYSCALL(creat)
{
	return open_fd(AT_FDCWD, arg[0], O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)arg[1]);
}
