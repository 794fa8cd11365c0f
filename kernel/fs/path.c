/* SPDX-License-Identifier: MIT */
/* From a path to an inode.
 * Owns: nothing. Relies on: lookup and follow ops; tree_lock for mounts and parents.
 * Never: holds a lock while a file system looks up a name. */
#include "core/string.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"

struct state {
	struct inode *root, *at; /* referenced */
	char *rest;              /* what a symbolic link put in front of the remaining path; kmalloc'ed, or NULL */
	const char *p;
	unsigned int links;
};

static void move_to(struct state *s, struct inode *to)
{
	inode_put(s->at);
	s->at = to;
}

/* Both take over the reference on `ino` and return one. */
static struct inode *cross_mounts_locked(struct inode *ino)
{
	while (ino->mount) {
		struct inode *top = ino->mount;

		inode_get(top);
		inode_put(ino);
		ino = top;
	}
	return ino;
}

static struct inode *cross_mounts(struct inode *ino)
{
	unsigned long flags;

	if (!S_ISDIR(ino->mode))
		return ino;
	flags = spin_lock(&tree_lock);
	ino = cross_mounts_locked(ino);
	spin_unlock(&tree_lock, flags);
	return ino;
}

static void go_up(struct state *s)
{
	struct inode *to = s->at;
	unsigned long flags = spin_lock(&tree_lock);

	while (to != s->root && to->sb->root == to && to->sb->covered)
		to = to->sb->covered;
	if (to != s->root && to->parent)
		to = to->parent;
	inode_get(to);
	to = cross_mounts_locked(to);
	spin_unlock(&tree_lock, flags);
	move_to(s, to);
}

/* The last component is a symbolic link with a path: put it in front of the rest. */
static int splice_link(struct state *s, struct inode *link, const char *rest)
{
	char *target = kmalloc(PATH_MAX), *joined = NULL;
	long n = target ? link->ops->readlink(link, target, PATH_MAX) : -ENOMEM;

	if (n == 0)
		n = -ENOENT;
	if (n > 0) {
		size_t m = strlen(rest);

		joined = kmalloc((size_t)n + m + 1);
		if (joined) {
			memcpy(joined, target, (size_t)n);
			memcpy(joined + n, rest, m + 1);
		} else {
			n = -ENOMEM;
		}
	}
	kfree(target);
	if (n < 0)
		return (int)n;
	inode_accessed(link);
	if (*joined == '/') {
		inode_get(s->root);
		move_to(s, s->root);
	}
	kfree(s->rest);
	s->p = s->rest = joined;
	return 0;
}

static int start(struct state *s, int dirfd, const char *path, unsigned int flags, struct walk *w)
{
	struct file *f;

	s->root = fs_root();
	s->p = path;
	if (*path == '/') {
		inode_get(s->root);
		s->at = s->root;
		return 0;
	}
	if (!*path && !(flags & WALK_EMPTY))
		return -ENOENT;
	if (dirfd == AT_FDCWD) {
		s->at = fs_cwd();
		return 0;
	}
	f = fd_get_any(dirfd);
	if (!f)
		return -EBADF;
	if (*path && !S_ISDIR(f->inode->mode)) {
		file_put(f);
		return -ENOTDIR;
	}
	s->at = f->inode;
	inode_get(s->at);
	if (!*path && f->path)
		w->path = kstrdup(f->path);
	file_put(f);
	return 0;
}

/* One component. 1: the walk is complete. */
static int step(struct state *s, unsigned int flags, struct walk *w)
{
	const char *rest = s->p + strlen(s->p);
	const char *slash = strchr(s->p, '/');
	struct inode *next;
	size_t n;
	bool last;
	int err;

	if (slash)
		rest = slash;
	n = (size_t)(rest - s->p);
	w->name[0] = '\0';
	w->dot = w->dotdot = w->slash = false;
	if (!S_ISDIR(s->at->mode))
		return -ENOTDIR;
	err = inode_permission(s->at, X_OK);
	if (err)
		return err;
	if (n > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(w->name, s->p, n);
	w->name[n] = '\0';
	s->p = rest;
	while (*s->p == '/')
		s->p++;
	last = !*s->p;
	w->slash = last && slash;
	if (!strcmp(w->name, ".") || !strcmp(w->name, "..")) {
		w->dot = !w->name[1];
		w->dotdot = !w->dot;
		w->name[0] = '\0';
		if (w->dotdot)
			go_up(s);
		return 0;
	}
	err = s->at->ops->lookup ? s->at->ops->lookup(s->at, w->name, &next) : -ENOTDIR;
	if (err == -ENOENT && last && (flags & WALK_CREATE)) {
		w->dir = s->at;
		s->at = NULL;
		return 1;
	}
	if (err)
		return err;
	next = cross_mounts(next);
	if (S_ISLNK(next->mode) && (!last || ((flags & WALK_FOLLOW || w->slash) && !(flags & WALK_ENTRY)))) {
		if (++s->links > SYMLINK_DEPTH) {
			err = -ELOOP;
		} else if (next->ops->follow) {
			struct inode *target;

			kfree(w->path);
			w->path = NULL;
			err = next->ops->follow(next, &target, &w->path);
			if (!err)
				move_to(s, target);
		} else {
			err = splice_link(s, next, rest);
		}
		inode_put(next);
		w->name[0] = '\0';
		return err;
	}
	kfree(w->path);
	w->path = NULL;
	if (!last) {
		move_to(s, next);
		return 0;
	}
	w->dir = s->at;
	w->inode = next;
	s->at = NULL;
	return 1;
}

int path_walk(int dirfd, const char *path, unsigned int flags, struct walk *w)
{
	struct state s = { 0 };
	int err;

	memset(w, 0, sizeof(*w));
	err = start(&s, dirfd, path, flags, w);
	while (!err) {
		while (*s.p == '/')
			s.p++;
		if (!*s.p) {
			w->inode = s.at;
			s.at = NULL;
			break;
		}
		err = step(&s, flags, w);
	}
	inode_put(s.root);
	inode_put(s.at);
	kfree(s.rest);
	if (err >= 0 && w->slash && w->inode && !S_ISDIR(w->inode->mode) &&
	    !(S_ISLNK(w->inode->mode) && flags & WALK_ENTRY))
		err = -ENOTDIR;
	if (err >= 0)
		return 0;
	walk_done(w);
	return err;
}

void walk_done(struct walk *w)
{
	inode_put(w->dir);
	inode_put(w->inode);
	kfree(w->path);
	w->dir = w->inode = NULL;
	w->path = NULL;
}

int path_inode(int dirfd, uaddr_t upath, unsigned int flags, struct inode **out)
{
	struct walk w;
	char *path;
	int err = path_from_user(&path, upath);

	if (err < 0)
		return err;
	err = path_walk(dirfd, path, flags, &w);
	kfree(path);
	if (err)
		return err;
	*out = w.inode;
	w.inode = NULL;
	walk_done(&w);
	return 0;
}

char *path_of_locked(struct inode *dir, struct inode *root, char *buf, size_t size)
{
	char *at = buf + size - 1;

	*at = '\0';
	while (dir != root) {
		size_t n;

		if (dir->sb->root == dir && dir->sb->covered) {
			dir = dir->sb->covered;
			continue;
		}
		if (!dir->parent || !dir->name)
			return NULL;
		n = strlen(dir->name);
		if ((size_t)(at - buf) < n + 1)
			return NULL;
		at -= n;
		memcpy(at, dir->name, n);
		*--at = '/';
		dir = dir->parent;
	}
	if (!*at)
		*--at = '/';
	return at;
}

char *path_of(struct inode *dir, struct inode *root, char *buf, size_t size)
{
	unsigned long flags = spin_lock(&tree_lock);
	char *path = path_of_locked(dir, root, buf, size);

	spin_unlock(&tree_lock, flags);
	return path;
}

char *path_of_walk(const struct walk *w)
{
	bool whole = !w->dir || !w->inode || S_ISDIR(w->inode->mode);
	struct inode *root, *dir = w->inode && whole ? w->inode : w->dir;
	size_t n = strlen(w->name);
	char *buf, *path, *copy;

	if (w->path)
		return kstrdup(w->path);
	buf = kmalloc(PATH_MAX + NAME_MAX + 2);
	if (!buf)
		return NULL;
	root = fs_root();
	path = S_ISDIR(dir->mode) ? path_of(dir, root, buf, PATH_MAX) : NULL;
	inode_put(root);
	if (!path) {
		path = buf;
		strlcpy(buf, "(unreachable)", PATH_MAX);
	}
	if (dir != w->inode) {
		size_t m = strlen(path);

		if (m && path[m - 1] == '/')
			path[--m] = '\0';
		path[m] = '/';
		memcpy(path + m + 1, w->name, n + 1);
	}
	copy = kstrdup(path);
	kfree(buf);
	return copy;
}
