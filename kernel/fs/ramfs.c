/* SPDX-License-Identifier: MIT */
/* ramfs: directories, links and special files in memory. / and /tmp and /dev are such trees.
 * Owns: directory entries, under tree_lock. Relies on: ramfile.c for regular files.
 * Never: drops an inode under tree_lock. */
#include "fs/ramfs.h"

#include "core/string.h"
#include "fs/pipe.h"
#include "mm/kmalloc.h"

#define TMPFS_MAGIC 0x01021994
#define FIRST_COOKIE 2 /* 0 is `.`, 1 is `..` */

static const struct inode_ops ram_dir_ops, ram_link_ops, ram_special_ops, ram_zero_ops;
static const struct file_ops ram_dir_file_ops;

struct ram_inode *ram_inode_create(struct superblock *sb, uint32_t mode)
{
	struct ram_inode *r = kmalloc(sizeof(*r));

	if (!r)
		return NULL;
	inode_init(&r->inode, sb, &ram_special_ops, mode);
	if (S_ISREG(mode)) {
		r->inode.ops = &ram_reg_ops;
		r->inode.file_ops = &ram_file_ops;
		r->inode.seals = F_SEAL_SEAL; /* only memfds can be sealed */
	} else if (S_ISLNK(mode)) {
		r->inode.ops = &ram_link_ops;
	} else if (S_ISDIR(mode)) {
		r->inode.ops = &ram_dir_ops;
		r->inode.file_ops = &ram_dir_file_ops;
		r->inode.nlink = 2;
		list_init(&r->entries);
		r->next_cookie = FIRST_COOKIE;
	}
	return r;
}

void ram_destroy(struct inode *ino)
{
	struct ram_inode *r = ram(ino);

	if (S_ISFIFO(ino->mode))
		fifo_destroy(ino);
	ram_free_pages(r);
	kfree(r->target);
	kfree(r->buckets);
	inode_fini(ino);
	kfree(r);
}

static int ram_lookup(struct inode *dir, const char *name, struct inode **out)
{
	unsigned long flags = spin_lock(&tree_lock);
	struct ram_entry *e = ram_find(ram(dir), name);

	if (e) {
		*out = e->inode;
		inode_get(e->inode);
	}
	spin_unlock(&tree_lock, flags);
	return e ? 0 : -ENOENT;
}

/* Gives `r` its first name; takes the reference over. With `out`, one more is for the caller. */
static int add_new(struct inode *dir, const char *name, struct ram_inode *r, struct inode **out)
{
	struct ram_inode *d = ram(dir);
	struct ram_entry *e;
	unsigned long flags;
	int err = -ENOMEM;

	if (!r)
		return -ENOMEM;
	inode_set_creator(&r->inode, dir);
	e = ram_entry_create(name, &r->inode);
	if (S_ISDIR(r->inode.mode))
		r->inode.name = kstrdup(name);
	flags = spin_lock(&tree_lock);
	if (!dir->nlink)
		err = -ENOENT;
	else if (ram_find(d, name))
		err = -EEXIST;
	else if (e && (r->inode.name || !S_ISDIR(r->inode.mode)))
		err = ram_reserve(d);
	if (!err) {
		ram_insert(d, e);
		if (S_ISDIR(r->inode.mode)) {
			inode_get(dir);
			r->inode.parent = dir;
			dir->nlink++;
		}
		if (out) {
			inode_get(&r->inode);
			*out = &r->inode;
		}
	}
	spin_unlock(&tree_lock, flags);
	if (err) {
		kfree(e);
		inode_put(&r->inode);
	}
	return err;
}

static int ram_create(struct inode *dir, const char *name, uint32_t mode, uint64_t rdev, struct inode **out)
{
	struct ram_inode *r = ram_inode_create(dir->sb, mode);

	if (r && (S_ISCHR(mode) || S_ISBLK(mode))) {
		r->inode.rdev = rdev;
		if (S_ISCHR(mode) && device_has_page(rdev))
			r->inode.ops = &ram_zero_ops;
	}
	return add_new(dir, name, r, out);
}

static int ram_symlink(struct inode *dir, const char *name, const char *target)
{
	struct ram_inode *r = ram_inode_create(dir->sb, S_IFLNK | 0777);

	if (r) {
		r->target = kstrdup(target);
		if (!r->target) {
			inode_put(&r->inode);
			return -ENOMEM;
		}
		r->inode.size = strlen(target);
	}
	return add_new(dir, name, r, NULL);
}

static int ram_tmpfile(struct inode *dir, uint32_t mode, struct inode **out)
{
	struct ram_inode *r = ram_inode_create(dir->sb, mode);

	if (!r)
		return -ENOMEM;
	inode_set_creator(&r->inode, dir);
	r->inode.nlink = 0;
	r->linkable = true;
	*out = &r->inode;
	return 0;
}

static int ram_link(struct inode *dir, const char *name, struct inode *what)
{
	struct ram_inode *d = ram(dir);
	struct ram_entry *e = ram_entry_create(name, what);
	unsigned long flags;
	int err;

	if (!e)
		return -ENOMEM;
	flags = spin_lock(&tree_lock);
	if (!dir->nlink || (!what->nlink && !ram(what)->linkable))
		err = -ENOENT;
	else
		err = ram_find(d, name) ? -EEXIST : ram_reserve(d);
	if (!err) {
		inode_get(what);
		what->nlink++;
		inode_changed(what);
		ram_insert(d, e);
	}
	spin_unlock(&tree_lock, flags);
	if (err)
		kfree(e);
	return err;
}

/* May the entry go? `for_dir`: what takes its place, or the caller, is a directory. */
static int may_go(struct inode *ino, bool for_dir)
{
	if (!S_ISDIR(ino->mode))
		return for_dir ? -ENOTDIR : 0;
	if (!for_dir)
		return -EISDIR;
	if (ino->mount)
		return -EBUSY;
	return ram(ino)->count ? -ENOTEMPTY : 0;
}

/* The inode of an entry that was taken out of `dir` has a name less. */
static void lose_name(struct inode *dir, struct inode *ino)
{
	if (S_ISDIR(ino->mode)) {
		ino->nlink = 0;
		dir->nlink--;
	} else {
		ino->nlink--;
	}
	inode_changed(ino);
}

static int ram_unlink(struct inode *dir, const char *name, bool rmdir)
{
	unsigned long flags = spin_lock(&tree_lock);
	struct ram_entry *e = ram_find(ram(dir), name);
	int err = e ? may_go(e->inode, rmdir) : -ENOENT;

	if (!err) {
		ram_take_out(ram(dir), e);
		lose_name(dir, e->inode);
	}
	spin_unlock(&tree_lock, flags);
	if (err)
		return err;
	inode_put(e->inode);
	kfree(e);
	return 0;
}

static void set_place(struct inode *ino, struct inode *from, struct inode *to, char **name)
{
	char *old = ino->name;

	if (!S_ISDIR(ino->mode))
		return;
	ino->name = *name;
	*name = old;
	if (from == to)
		return;
	ino->parent = to;
	inode_get(to);
	from->nlink--;
	to->nlink++;
}

static bool is_ancestor(const struct inode *a, const struct inode *of)
{
	while (of && of != a)
		of = of->parent;
	return of != NULL;
}

struct renaming {
	struct inode *from, *to;
	struct ram_entry *old, *victim; /* found; victim may be NULL */
	struct ram_entry *fresh;        /* for the new place */
	char *name, *other_name;        /* of directories, for the new place and, exchanging, the old one */
};

static int exchange_locked(struct renaming *r)
{
	struct inode *a = r->old->inode, *b = r->victim->inode;

	if (is_ancestor(a, r->to) || is_ancestor(b, r->from))
		return -EINVAL;
	r->old->inode = b;
	r->victim->inode = a;
	set_place(a, r->from, r->to, &r->name);
	set_place(b, r->to, r->from, &r->other_name);
	inode_touch(r->from);
	inode_touch(r->to);
	return 0;
}

static int rename_locked(struct renaming *r, unsigned int flags)
{
	struct inode *moved = r->old ? r->old->inode : NULL;
	int err;

	if (!moved || !r->to->nlink)
		return -ENOENT;
	if (moved->mount || (r->victim && r->victim->inode->mount))
		return -EBUSY;
	if (r->victim && flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (flags & RENAME_EXCHANGE)
		return r->victim ? exchange_locked(r) : -ENOENT;
	if (is_ancestor(moved, r->to))
		return -EINVAL;
	if (r->victim && r->victim->inode == moved)
		return 1;
	err = r->victim ? may_go(r->victim->inode, S_ISDIR(moved->mode)) : ram_reserve(ram(r->to));
	if (err)
		return err;
	if (r->victim) {
		ram_take_out(ram(r->to), r->victim);
		lose_name(r->to, r->victim->inode);
	}
	ram_take_out(ram(r->from), r->old);
	r->fresh->inode = moved;
	ram_insert(ram(r->to), r->fresh);
	set_place(moved, r->from, r->to, &r->name);
	inode_changed(moved);
	return 0;
}

static int ram_rename(struct inode *from, const char *name, struct inode *to, const char *new_name, unsigned int how)
{
	struct renaming r = { .from = from, .to = to };
	bool exchange = how & RENAME_EXCHANGE, moved_dirs[2] = { false, false };
	unsigned long flags;
	int err = -ENOMEM;

	r.fresh = ram_entry_create(new_name, NULL);
	r.name = kstrdup(new_name);
	r.other_name = kstrdup(name);
	if (r.fresh && r.name && r.other_name) {
		flags = spin_lock(&tree_lock);
		r.old = ram_find(ram(from), name);
		r.victim = ram_find(ram(to), new_name);
		err = rename_locked(&r, how);
		if (!err && from != to) {
			moved_dirs[0] = S_ISDIR((exchange ? r.victim : r.fresh)->inode->mode);
			moved_dirs[1] = exchange && S_ISDIR(r.old->inode->mode);
		}
		spin_unlock(&tree_lock, flags);
	}
	/* References on parents that moved directories gave up. */
	if (moved_dirs[0])
		inode_put(from);
	if (moved_dirs[1])
		inode_put(to);
	kfree(r.name);
	kfree(r.other_name);
	if (err || exchange) {
		kfree(r.fresh);
		return err < 0 ? err : 0;
	}
	if (r.victim)
		inode_put(r.victim->inode);
	kfree(r.victim);
	kfree(r.old);
	return 0;
}

static long ram_readlink(struct inode *ino, char *buf, size_t size)
{
	size_t n = strlcpy(buf, ram(ino)->target, size);

	return (long)MIN(n, size - 1);
}

static int ram_readdir(struct file *f, struct dirent_sink *sink)
{
	struct inode *dir = f->inode;
	struct ram_entry *e;
	unsigned long flags = spin_lock(&tree_lock);
	bool room = true;

	if (f->pos == 0)
		room = dirent_emit(sink, ".", 1, dir->number, DT_TYPE(S_IFDIR), 1);
	if (room && f->pos == 1)
		room = dirent_emit(sink, "..", 2, (dir->parent ? dir->parent : dir)->number, DT_TYPE(S_IFDIR),
				   FIRST_COOKIE);
	list_each(e, &ram(dir)->entries, link) {
		if (!room)
			break;
		if (e->cookie >= f->pos)
			room = dirent_emit(sink, e->name, e->len, e->inode->number, DT_TYPE(e->inode->mode),
					   e->cookie + 1);
	}
	spin_unlock(&tree_lock, flags);
	return 0;
}

/* Unmounting: takes the tree apart from the leaves, without recursion. */
static void ram_kill(struct inode *root)
{
	struct inode *at = root;

	for (;;) {
		unsigned long flags = spin_lock(&tree_lock);
		struct ram_entry *e = list_first(&ram(at)->entries, struct ram_entry, link);

		if (e && S_ISDIR(e->inode->mode) && ram(e->inode)->count) {
			at = e->inode;
			e = NULL;
		} else if (e) {
			ram_take_out(ram(at), e);
			lose_name(at, e->inode);
		} else if (at == root) {
			spin_unlock(&tree_lock, flags);
			return;
		} else {
			at = at->parent;
		}
		spin_unlock(&tree_lock, flags);
		if (e) {
			inode_put(e->inode);
			kfree(e);
		}
	}
}

struct inode *ramfs_create(const char *type)
{
	struct superblock *sb = sb_create(type, TMPFS_MAGIC);
	struct ram_inode *r = sb ? ram_inode_create(sb, S_IFDIR | 0755) : NULL;

	if (r)
		sb->kill = ram_kill;
	else if (sb)
		sb_put(sb);
	return r ? &r->inode : NULL;
}

/* In a file system of their own, which is mounted nowhere. */
struct inode *ramfs_memfd(void)
{
	static struct superblock memfds = { .type = "tmpfs", .magic = TMPFS_MAGIC, .dev = DEV(0, 0xfe), .refs = 1 };
	struct ram_inode *r = ram_inode_create(&memfds, S_IFREG | 0777);

	if (!r)
		return NULL;
	r->inode.nlink = 0;
	r->inode.uid = fs_uid();
	r->inode.gid = fs_gid();
	return &r->inode;
}

static const struct file_ops ram_dir_file_ops = { .readdir = ram_readdir, .seekable = true };
static const struct inode_ops ram_dir_ops = {
	.lookup = ram_lookup,
	.create = ram_create,
	.tmpfile = ram_tmpfile,
	.link = ram_link,
	.unlink = ram_unlink,
	.rename = ram_rename,
	.symlink = ram_symlink,
	.destroy = ram_destroy,
};
static const struct inode_ops ram_link_ops = { .readlink = ram_readlink, .destroy = ram_destroy };
static const struct inode_ops ram_special_ops = { .open = device_open, .destroy = ram_destroy };
static const struct inode_ops ram_zero_ops = { .open = device_open, .page = device_zero_page, .destroy = ram_destroy };
