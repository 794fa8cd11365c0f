/* SPDX-License-Identifier: MIT */
/* A process's root, current directory and umask.
 * Owns: struct fs_context. Relies on: process->fs, NULL before the first process.
 * Never: leaves a directory without a user count on its file system. */
#include "core/string.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"

static struct process *me(void)
{
	struct cpu *cpu = arch_this_cpu();

	return cpu && cpu->current ? cpu->current->process : NULL;
}

static struct fs_context *context(void)
{
	struct process *p = me();

	return p ? p->fs : NULL;
}

uint32_t fs_uid(void)
{
	struct process *p = me();

	return p ? p->euid : 0;
}

uint32_t fs_gid(void)
{
	struct process *p = me();

	return p ? p->egid : 0;
}

bool fs_in_group(uint32_t gid)
{
	struct process *p = me();

	return p ? process_in_group(p, gid) : gid == 0;
}

uint32_t fs_real_uid(void)
{
	return me()->uid;
}

uint32_t fs_real_gid(void)
{
	return me()->gid;
}

uint32_t fs_umask(void)
{
	struct fs_context *c = context();

	return c ? __atomic_load_n(&c->umask, __ATOMIC_RELAXED) : 0;
}

void fs_context_root(struct fs_context *c, struct inode **root, struct inode **cwd)
{
	unsigned long flags = spin_lock(&c->lock);

	if (root) {
		*root = c->root;
		inode_get(c->root);
	}
	if (cwd) {
		*cwd = c->cwd;
		inode_get(c->cwd);
	}
	spin_unlock(&c->lock, flags);
}

struct inode *fs_root(void)
{
	struct fs_context *c = context();
	struct inode *ino = vfs_root();

	if (c)
		fs_context_root(c, &ino, NULL);
	else
		inode_get(ino);
	return ino;
}

struct inode *fs_cwd(void)
{
	struct fs_context *c = context();
	struct inode *ino = vfs_root();

	if (c)
		fs_context_root(c, NULL, &ino);
	else
		inode_get(ino);
	return ino;
}

static void use(struct inode *ino)
{
	inode_get(ino);
	__atomic_add_fetch(&ino->sb->users, 1, __ATOMIC_RELAXED);
}

static void unuse(struct inode *ino)
{
	__atomic_sub_fetch(&ino->sb->users, 1, __ATOMIC_RELAXED);
	inode_put(ino);
}

struct fs_context *fs_context_create(void)
{
	struct fs_context *c = kmalloc(sizeof(*c));

	if (!c)
		return NULL;
	c->root = c->cwd = vfs_root();
	use(c->root);
	use(c->cwd);
	c->umask = 022;
	c->refs = 1;
	return c;
}

struct fs_context *fs_context_clone(struct fs_context *from)
{
	struct fs_context *c = kmalloc(sizeof(*c));
	unsigned long flags;

	if (!c)
		return NULL;
	flags = spin_lock(&from->lock);
	c->root = from->root;
	c->cwd = from->cwd;
	c->umask = from->umask;
	use(c->root);
	use(c->cwd);
	spin_unlock(&from->lock, flags);
	c->refs = 1;
	return c;
}

void fs_context_get(struct fs_context *c)
{
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
}

void fs_context_put(struct fs_context *c)
{
	/* Acquire and release as in inode_put(). */
	if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL))
		return;
	unuse(c->root);
	unuse(c->cwd);
	kfree(c);
}

static void replace(struct inode **where, struct inode *with)
{
	struct fs_context *c = context();
	struct inode *old;
	unsigned long flags;

	use(with);
	flags = spin_lock(&c->lock);
	old = *where;
	*where = with;
	spin_unlock(&c->lock, flags);
	unuse(old);
}

static long enter(struct inode *ino, struct inode **where)
{
	int err = S_ISDIR(ino->mode) ? inode_permission(ino, X_OK) : -ENOTDIR;

	if (!err)
		replace(where, ino);
	inode_put(ino);
	return err;
}

SYSCALL(chdir)
{
	struct inode *ino;
	int err = path_inode(AT_FDCWD, arg[0], WALK_FOLLOW, &ino);

	return err ? err : enter(ino, &context()->cwd);
}

SYSCALL(fchdir)
{
	struct file *f = fd_get_any((int)arg[0]);
	struct inode *ino;

	if (!f)
		return -EBADF;
	ino = f->inode;
	inode_get(ino);
	file_put(f);
	return enter(ino, &context()->cwd);
}

SYSCALL(chroot)
{
	struct inode *ino;
	int err = path_inode(AT_FDCWD, arg[0], WALK_FOLLOW, &ino);

	if (err)
		return err;
	if (fs_uid()) {
		inode_put(ino);
		return -EPERM;
	}
	return enter(ino, &context()->root);
}

SYSCALL(getcwd)
{
	struct inode *root = fs_root(), *cwd = fs_cwd();
	char *buf = kmalloc(PATH_MAX), *path = NULL;
	long n = -ENOMEM;

	if (buf && !cwd->nlink)
		n = -ENOENT;
	else if (buf)
		path = path_of(cwd, root, buf, PATH_MAX);
	if (buf && !path && n != -ENOENT) {
		/* Outside the root: what Linux answers, and libcs take for ENOENT. */
		path = buf;
		strlcpy(buf, "(unreachable)/", PATH_MAX);
	}
	if (path) {
		n = (long)strlen(path) + 1;
		if ((uint64_t)n > arg[1])
			n = -ERANGE;
		else if (copy_to_user(arg[0], path, (size_t)n))
			n = -EFAULT;
	}
	kfree(buf);
	inode_put(root);
	inode_put(cwd);
	return n;
}

SYSCALL(umask)
{
	return __atomic_exchange_n(&context()->umask, (uint32_t)arg[0] & 0777, __ATOMIC_RELAXED);
}
