/* SPDX-License-Identifier: MIT */
/* Reading directories.
 * Owns: struct dirent_sink. Relies on: readdir ops, which may emit under a spinlock.
 * Never: writes to user memory before readdir has returned. */
#include "core/string.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "syscall/syscall.h"

#define BUFFER_MAX 32768UL

struct dirent64 {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
} __attribute__((packed));

/* getdents's own: the type is the record's last byte. */
struct dirent_old {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	char name[];
} __attribute__((packed));

struct dirent_sink {
	struct file *f;
	char *buf;
	size_t size, used;
	bool old, full;
};

bool dirent_emit(struct dirent_sink *s, const char *name, size_t len, uint64_t number, uint8_t type, uint64_t next)
{
	size_t fixed = s->old ? sizeof(struct dirent_old) + 2 : sizeof(struct dirent64) + 1;
	size_t n = ALIGN_UP(fixed + len, 8UL);
	char *at = s->buf + s->used;

	if (n > s->size - s->used) {
		s->full = true;
		return false;
	}
	memset(at, 0, n);
	if (s->old) {
		struct dirent_old *d = (struct dirent_old *)at;

		*d = (struct dirent_old){ .ino = number, .off = (int64_t)next, .reclen = (uint16_t)n };
		memcpy(d->name, name, len);
		at[n - 1] = (char)type;
	} else {
		struct dirent64 *d = (struct dirent64 *)at;

		*d = (struct dirent64){ .ino = number, .off = (int64_t)next, .reclen = (uint16_t)n, .type = type };
		memcpy(d->name, name, len);
	}
	s->used += n;
	s->f->pos = next;
	return true;
}

static long read_entries(struct file *f, uaddr_t to, size_t size, bool old)
{
	struct dirent_sink s = { .f = f, .size = MIN(size, BUFFER_MAX), .old = old };
	uint64_t start;
	long r;

	if (!f->ops->readdir)
		return -ENOTDIR;
	if (!f->inode->nlink)
		return -ENOENT;
	s.buf = kmalloc(s.size);
	if (!s.buf)
		return -ENOMEM;
	mutex_lock(&f->pos_lock);
	start = f->pos;
	r = f->ops->readdir(f, &s);
	if (!r && !s.used && s.full)
		r = -EINVAL;
	if (!r)
		r = copy_to_user(to, s.buf, s.used);
	if (r)
		f->pos = start;
	mutex_unlock(&f->pos_lock);
	kfree(s.buf);
	inode_accessed(f->inode);
	return r ? r : (long)s.used;
}

static long get_entries(const uint64_t arg[6], bool old)
{
	struct file *f = fd_get((int)arg[0]);
	long r;

	if (!f)
		return -EBADF;
	r = read_entries(f, arg[1], (unsigned int)arg[2], old);
	file_put(f);
	return r;
}

SYSCALL(getdents64) { return get_entries(arg, false); }
SYSCALL(getdents) { return get_entries(arg, true); }
