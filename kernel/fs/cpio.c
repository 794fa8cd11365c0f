/* SPDX-License-Identifier: MIT */
/* Unpacks the initrd: a cpio archive, format "newc" (cpio(5)), or several in a row.
 * Owns: nothing after it returned. Relies on: a ramfs to unpack into.
 * Never: reads outside the archive; any breach of the format panics, naming the entry. */
#include "core/log.h"
#include "core/string.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"

#define TRAILER "TRAILER!!!"
#define FIELDS 13

/* In the header's order, behind the magic number; each is 8 hexadecimal digits. */
enum field { INO, MODE, UID, GID, NLINK, MTIME, FILESIZE, DEVMAJOR, DEVMINOR, RDEVMAJOR, RDEVMINOR, NAMESIZE, CHECK };

struct entry {
	uint32_t f[FIELDS];
	const char *name; /* NUL-terminated, in the archive; no leading slash */
	const char *data;
};

/* Files that have more names to come. */
struct hard_link {
	struct list link;
	uint32_t ino, major, minor;
	struct inode *inode; /* referenced */
};

struct unpacking {
	const char *at, *end, *base;
	struct inode *root;
	const char *previous; /* name of the last entry that was well-formed; NULL: none */
	struct list links;
};

/* `name` NULL: the entry's name is not known. */
static _Noreturn void bad(const struct unpacking *u, const char *name, const char *reason)
{
	unsigned long at = (unsigned long)(u->at - u->base);

	if (name)
		panic("initrd: entry '%.128s' at byte %lu: %s", name, at, reason);
	if (u->previous)
		panic("initrd: the entry after '%.128s' at byte %lu: %s", u->previous, at, reason);
	panic("initrd: the first entry: %s", reason);
}

static bool parse_hex(const char *p, uint32_t *v)
{
	*v = 0;
	for (int i = 0; i < 8; i++) {
		char c = p[i];
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			digit = (uint32_t)((c | 32) - 'a' + 10);
		else
			return false;
		*v = *v << 4 | digit;
	}
	return true;
}

/* Move over `n` bytes and the padding to the archive's next multiple of 4. */
static const char *take(struct unpacking *u, const char *name, uint64_t n, const char *what)
{
	const char *p = u->at;
	uint64_t left = (uint64_t)(u->end - p), padded;

	if (n > left)
		bad(u, name, what);
	padded = ALIGN_UP((uint64_t)(p - u->base) + n, 4UL) - (uint64_t)(p - u->base);
	u->at = p + MIN(padded, left);
	return p;
}

static void read_entry(struct unpacking *u, struct entry *e)
{
	const char *header = u->at;

	if (header == u->end)
		bad(u, NULL, "it is missing: the archive has no end mark");
	if (u->end - header >= 2 && !memcmp(header, "\x1f\x8b", 2))
		bad(u, NULL, "the archive is compressed, which is not supported");
	if ((size_t)(u->end - header) < 6 + 8 * FIELDS)
		bad(u, NULL, "the header is cut off");
	if (memcmp(header, "070701", 6) && memcmp(header, "070702", 6))
		bad(u, NULL, "no newc header (magic number 070701)");
	for (unsigned int i = 0; i < FIELDS; i++)
		if (!parse_hex(header + 6 + 8 * i, &e->f[i]))
			bad(u, NULL, "the header has a field that is no hexadecimal number");
	if (!e->f[NAMESIZE] || e->f[NAMESIZE] > PATH_MAX)
		bad(u, NULL, "the length of the name is 0 or more than 4096");
	u->at += 6 + 8 * FIELDS;
	/* The name's padding counts from the header, which is itself aligned in the archive. */
	e->name = take(u, NULL, e->f[NAMESIZE], "the name is cut off");
	if (strnlen(e->name, e->f[NAMESIZE]) != e->f[NAMESIZE] - 1)
		bad(u, NULL, "the name does not end where its length says");
	e->data = take(u, e->name, e->f[FILESIZE], "the contents are cut off");
	while (*e->name == '/')
		e->name++;
	u->previous = e->name;
}

/* The directory that `name` is to be in, and its last component, in `last`; NULL: `name` is the root itself. */
static struct inode *parent_of(struct unpacking *u, const char *name, char last[NAME_MAX + 1])
{
	struct inode *dir = u->root, *next;
	const char *p = name;

	inode_get(dir);
	last[0] = '\0';
	for (;;) {
		const char *end;
		size_t n;

		while (*p == '/')
			p++;
		end = strchr(p, '/');
		n = end ? (size_t)(end - p) : strlen(p);
		if (!n)
			break;
		if (n > NAME_MAX)
			bad(u, name, "a component is longer than 255 bytes");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			bad(u, name, "'..' in a name");
		if (last[0]) {
			if (dir->ops->lookup(dir, last, &next))
				bad(u, name, "its directory is not in the archive before it");
			inode_put(dir);
			dir = next;
			if (!S_ISDIR(dir->mode))
				bad(u, name, "its directory is not a directory");
		}
		last[0] = '\0';
		if (n != 1 || p[0] != '.') {
			memcpy(last, p, n);
			last[n] = '\0';
		}
		p += n;
	}
	if (last[0])
		return dir;
	inode_put(dir);
	return NULL;
}

static struct inode *find_link(struct unpacking *u, const struct entry *e)
{
	struct hard_link *l;

	list_each(l, &u->links, link)
		if (l->ino == e->f[INO] && l->major == e->f[DEVMAJOR] && l->minor == e->f[DEVMINOR])
			return l->inode;
	return NULL;
}

static void remember_link(struct unpacking *u, const struct entry *e, struct inode *ino)
{
	struct hard_link *l = kmalloc(sizeof(*l));

	if (!l)
		bad(u, e->name, "no memory");
	l->ino = e->f[INO];
	l->major = e->f[DEVMAJOR];
	l->minor = e->f[DEVMINOR];
	l->inode = ino;
	inode_get(ino);
	list_push_back(&u->links, &l->link);
}

static void set_attributes(struct inode *ino, const struct entry *e)
{
	ino->mode = (ino->mode & S_IFMT) | (e->f[MODE] & 07777);
	ino->uid = e->f[UID];
	ino->gid = e->f[GID];
	ino->atime_ns = ino->mtime_ns = ino->ctime_ns = (int64_t)e->f[MTIME] * NSEC_PER_SEC;
}

/* A later entry of the same name takes the place of an earlier one; a directory stays. */
static struct inode *existing(struct unpacking *u, struct inode *dir, const char *name, const struct entry *e)
{
	struct inode *ino;
	int err;

	if (dir->ops->lookup(dir, name, &ino))
		return NULL;
	if (S_ISDIR(ino->mode) && S_ISDIR(e->f[MODE]))
		return ino;
	err = dir->ops->unlink(dir, name, S_ISDIR(ino->mode));
	inode_put(ino);
	if (err)
		bad(u, e->name, "a directory that is not empty has the same name");
	return NULL;
}

static struct inode *make(struct unpacking *u, struct inode *dir, const char *name, const struct entry *e)
{
	uint32_t mode = e->f[MODE];
	struct inode *ino = NULL;
	char *target;
	int err;

	if (S_ISLNK(mode)) {
		if (!e->f[FILESIZE] || e->f[FILESIZE] >= PATH_MAX || strnlen(e->data, e->f[FILESIZE]) < e->f[FILESIZE])
			bad(u, e->name, "a symbolic link with an impossible target");
		target = kmalloc(e->f[FILESIZE] + 1);
		err = -ENOMEM;
		if (target) {
			memcpy(target, e->data, e->f[FILESIZE]);
			err = dir->ops->symlink(dir, name, target);
		}
		kfree(target);
		if (!err)
			err = dir->ops->lookup(dir, name, &ino);
	} else if (S_ISREG(mode) || S_ISDIR(mode) || S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) ||
		   S_ISSOCK(mode)) {
		err = dir->ops->create(dir, name, mode & (S_IFMT | 07777), DEV(e->f[RDEVMAJOR], e->f[RDEVMINOR]), &ino);
	} else {
		bad(u, e->name, "a file of an unknown type");
	}
	if (err)
		bad(u, e->name, "no memory");
	return ino;
}

static void unpack_entry(struct unpacking *u, const struct entry *e)
{
	bool linked = S_ISREG(e->f[MODE]) && e->f[NLINK] > 1;
	char last[NAME_MAX + 1];
	int64_t dir_times;
	struct inode *dir = parent_of(u, e->name, last), *ino;

	if (!dir) {
		if (!S_ISDIR(e->f[MODE]))
			bad(u, e->name, "the root must be a directory");
		set_attributes(u->root, e);
		return;
	}
	dir_times = dir->mtime_ns;
	ino = existing(u, dir, last, e);
	if (!ino && linked && find_link(u, e)) {
		ino = find_link(u, e);
		inode_get(ino);
		if (dir->ops->link(dir, last, ino))
			bad(u, e->name, "no memory");
	} else if (!ino) {
		ino = make(u, dir, last, e);
		if (linked)
			remember_link(u, e, ino);
	}
	if (S_ISREG(ino->mode) && e->f[FILESIZE] && ram_write_kernel(ino, 0, e->data, e->f[FILESIZE]))
		bad(u, e->name, "no memory for the contents");
	set_attributes(ino, e);
	inode_put(ino);
	dir->mtime_ns = dir->ctime_ns = dir_times;
	inode_put(dir);
}

static void forget_links(struct unpacking *u)
{
	while (!list_empty(&u->links)) {
		struct hard_link *l = list_first(&u->links, struct hard_link, link);

		list_remove(&l->link);
		inode_put(l->inode);
		kfree(l);
	}
}

void cpio_unpack(struct inode *root, const void *archive, uint64_t size)
{
	struct unpacking u = { .at = archive, .base = archive, .root = root };
	struct entry e;

	u.end = u.at + size;
	list_init(&u.links);
	for (;;) {
		read_entry(&u, &e);
		if (strcmp(e.name, TRAILER)) {
			unpack_entry(&u, &e);
			continue;
		}
		forget_links(&u);
		while (u.at < u.end && !*u.at)
			u.at++;
		if (u.at == u.end)
			return;
	}
}
