/* SPDX-License-Identifier: MIT */
/* Trees that are made up from tables.
 * Owns: struct synth_node; a node lives as long as somebody uses it, and each look-up makes a new one.
 * Relies on: the entries' functions. Never: keeps a text longer than its file is open. */
#include "fs/synth.h"

#include "core/log.h"
#include "core/string.h"
#include "fs/uio.h"
#include "mm/kmalloc.h"

#define STORE_MAX 4096UL
#define FIRST_STATIC 2
#define FIRST_NUMBERED 0x10000

static const struct inode_ops synth_ops, jump_ops;
static const struct file_ops text_ops, dir_ops;

static struct synth_node *node(const struct inode *ino)
{
	return container_of((struct inode *)ino, struct synth_node, inode);
}

/* The same file has the same number each time. FNV-1a over what it is; never 0. */
static uint64_t number_of(const struct synth_entry *e, const int id[2])
{
	uint64_t v[3] = { (uintptr_t)e, (uint32_t)id[0], (uint32_t)id[1] }, h = 14695981039346656037u;

	for (size_t i = 0; i < sizeof(v); i++)
		h = (h ^ ((const uint8_t *)v)[i]) * 1099511628211u;
	return h >> 24 | 1;
}

/* The node of `e` in `dir` (NULL: the root), with its reference. */
static struct synth_node *create(struct superblock *sb, struct inode *dir, const struct synth_entry *e,
				 const char *name, const int id[2])
{
	struct synth_node *n = kmalloc(sizeof(*n));

	if (!n)
		return NULL;
	inode_init(&n->inode, sb, e->follow ? &jump_ops : &synth_ops, e->mode);
	n->entry = e;
	memcpy(n->id, id, sizeof(n->id));
	n->inode.number = number_of(e, id);
	if (S_ISDIR(e->mode)) {
		n->inode.nlink = 2;
		n->inode.file_ops = &dir_ops;
		if (dir) {
			inode_get(dir);
			n->inode.parent = dir;
			n->inode.name = kstrdup(name);
			if (!n->inode.name) {
				inode_put(&n->inode);
				return NULL;
			}
		}
	} else if (S_ISREG(e->mode)) {
		n->inode.file_ops = &text_ops;
	}
	procfs_owner(n, &n->inode.uid, &n->inode.gid);
	return n;
}

static void synth_destroy(struct inode *ino)
{
	inode_fini(ino);
	kfree(node(ino));
}

/* A decimal number without leading zeros, or -1. */
static int parse_number(const char *s)
{
	int v = 0;

	if (*s == '0' && s[1])
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || v > 100000000)
			return -1;
		v = v * 10 + *s - '0';
	}
	return v;
}

static int synth_lookup(struct inode *dir, const char *name, struct inode **out)
{
	const struct synth_node *d = node(dir);
	const struct synth_entry *e = d->entry, *found = NULL;
	struct synth_node *n;
	int id[2] = { d->id[0], d->id[1] }, number;

	for (size_t i = 0; i < e->count && !found; i++)
		if (!strcmp(e->children[i].name, name))
			found = &e->children[i];
	if (!found && e->next) {
		number = parse_number(name);
		if (number >= 0 && e->next(d, number) == number) {
			found = e->numbered;
			id[found->level] = number;
		}
	}
	if (!found)
		return -ENOENT;
	n = create(dir->sb, dir, found, name, id);
	if (!n)
		return -ENOMEM;
	*out = &n->inode;
	return 0;
}

static int synth_readdir(struct file *f, struct dirent_sink *sink)
{
	const struct synth_node *d = node(f->inode);
	const struct synth_entry *e = d->entry;
	struct inode *parent = f->inode->parent ? f->inode->parent : f->inode;

	if (f->pos == 0 && !dirent_emit(sink, ".", 1, f->inode->number, DT_TYPE(S_IFDIR), 1))
		return 0;
	if (f->pos == 1 && !dirent_emit(sink, "..", 2, parent->number, DT_TYPE(S_IFDIR), FIRST_STATIC))
		return 0;
	while (f->pos < FIRST_STATIC + e->count) {
		const struct synth_entry *c = &e->children[f->pos - FIRST_STATIC];

		if (!dirent_emit(sink, c->name, strlen(c->name), number_of(c, d->id), DT_TYPE(c->mode), f->pos + 1))
			return 0;
	}
	if (!e->next)
		return 0;
	if (f->pos < FIRST_NUMBERED)
		f->pos = FIRST_NUMBERED;
	for (;;) {
		int id[2] = { d->id[0], d->id[1] }, number = e->next(d, (int)(f->pos - FIRST_NUMBERED));
		char name[16];

		if (number < 0)
			return 0;
		id[e->numbered->level] = number;
		snprintf(name, sizeof(name), "%d", number);
		if (!dirent_emit(sink, name, strlen(name), number_of(e->numbered, id), DT_TYPE(e->numbered->mode),
				 FIRST_NUMBERED + (uint64_t)number + 1))
			return 0;
	}
}

static long synth_readlink(struct inode *ino, char *buf, size_t size)
{
	const struct synth_node *n = node(ino);
	struct text t = { 0 };
	long r = n->entry->link(n, &t);

	if (!r)
		r = t.failed ? -ENOMEM : (long)MIN(t.n, size - 1);
	if (r > 0)
		memcpy(buf, t.buf, (size_t)r);
	if (r >= 0)
		buf[r] = '\0';
	kfree(t.buf);
	return r;
}

static int synth_follow(struct inode *ino, struct inode **out, char **path)
{
	const struct synth_node *n = node(ino);

	*path = NULL;
	return n->entry->follow(n, out, path);
}

/* The text is made anew when a file is read from its start. */
static int make_text(struct file *f, bool again)
{
	const struct synth_node *n = node(f->inode);
	struct text *t = f->data;
	int err;

	if (t && !again)
		return 0;
	if (!t) {
		t = kmalloc(sizeof(*t));
		if (!t)
			return -ENOMEM;
		f->data = t;
	}
	t->n = 0;
	t->failed = false;
	err = n->entry->show(n, t);
	return err ? err : t->failed ? -ENOMEM : 0;
}

static long text_read(struct file *f, struct uio *u, uint64_t *pos)
{
	const struct text *t;
	long r;

	if (!node(f->inode)->entry->show)
		return -EINVAL;
	mutex_lock(&f->inode->write_lock);
	r = make_text(f, *pos == 0);
	t = f->data;
	if (!r && *pos < t->n) {
		size_t n = MIN(t->n - *pos, u->left);

		r = (long)uio_write(u, t->buf + *pos, n);
		*pos += (uint64_t)r;
		if (!r)
			r = -EFAULT;
	}
	mutex_unlock(&f->inode->write_lock);
	return r;
}

static long text_write(struct file *f, struct uio *u, uint64_t *pos)
{
	const struct synth_node *n = node(f->inode);
	size_t size = u->left;
	char *copy;
	long r;

	if (!n->entry->store || size > STORE_MAX)
		return -EINVAL;
	copy = kmalloc(size + 1);
	if (!copy)
		return -ENOMEM;
	r = uio_read(u, copy, size) < size ? -EFAULT : n->entry->store(n, copy, size);
	kfree(copy);
	if (r)
		return r;
	*pos += size;
	return (long)size;
}

static void text_release(struct file *f)
{
	struct text *t = f->data;

	if (t)
		kfree(t->buf);
	kfree(t);
}

/* Truncation by O_TRUNC, as `echo 1 > /proc/...` asks for, changes nothing. */
static int synth_truncate(struct inode *ino, uint64_t size)
{
	return node(ino)->entry->store && !size ? 0 : -EINVAL;
}

static const struct file_ops text_ops = {
	.read = text_read,
	.write = text_write,
	.release = text_release,
	.seekable = true,
};
static const struct file_ops dir_ops = { .readdir = synth_readdir, .seekable = true };
static const struct inode_ops synth_ops = {
	.lookup = synth_lookup,
	.readlink = synth_readlink,
	.truncate = synth_truncate,
	.destroy = synth_destroy,
};
static const struct inode_ops jump_ops = {
	.readlink = synth_readlink,
	.follow = synth_follow,
	.destroy = synth_destroy,
};

struct inode *synth_create(const char *type, uint64_t magic, const struct synth_entry *root)
{
	static const int none[2] = { 0, -1 };
	struct superblock *sb = sb_create(type, magic);
	struct synth_node *n = sb ? create(sb, NULL, root, NULL, none) : NULL;

	if (!n && sb)
		sb_put(sb);
	return n ? &n->inode : NULL;
}
