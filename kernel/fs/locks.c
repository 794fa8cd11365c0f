/* SPDX-License-Identifier: MIT */
/* Record locks (fcntl) and whole-file locks (flock). They advise: no read or write looks at them.
 * Owns: struct lock, in inode->locks under inode->lock. Relies on: nothing.
 * Never: finds deadlocks; a waiter can always be interrupted. */
#include "abi/errno.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscall.h"

struct lock {
	struct list link;
	const void *owner; /* struct files for record locks, struct file for the others */
	bool whole;        /* flock's: these two kinds do not see each other */
	int type;          /* F_RDLCK, F_WRLCK; in a request also F_UNLCK */
	uint64_t start, last;
	int pid;           /* -1: belongs to an open file */
};

/* Woken whenever a lock somewhere was given back; lock-holders are few. */
static struct waitq released = { .waiters = LIST_INIT(released.waiters) };

static struct lock *conflict(struct inode *ino, const struct lock *want)
{
	struct lock *l;

	list_each(l, &ino->locks, link) {
		if (l->whole != want->whole || l->owner == want->owner)
			continue;
		if (l->start > want->last || l->last < want->start)
			continue;
		if (l->type == F_WRLCK || want->type == F_WRLCK)
			return l;
	}
	return NULL;
}

/* Take [want->start, want->last] out of the owner's locks. `spare` is used where one is split; true: it was. */
static bool carve(struct inode *ino, const struct lock *want, struct lock *spare)
{
	struct lock *l, *next;

	list_each_safe(l, next, &ino->locks, link) {
		if (l->whole != want->whole || l->owner != want->owner)
			continue;
		if (l->start > want->last || l->last < want->start)
			continue;
		if (l->start < want->start && l->last > want->last) {
			*spare = *l;
			spare->start = want->last + 1;
			l->last = want->start - 1;
			list_push_back(&ino->locks, &spare->link);
			return true;
		}
		if (l->start < want->start) {
			l->last = want->start - 1;
		} else if (l->last > want->last) {
			l->start = want->last + 1;
		} else {
			list_remove(&l->link);
			kfree(l);
		}
	}
	return false;
}

/* 0, -EAGAIN on a conflict, -ENOMEM. */
static int try_lock(struct inode *ino, const struct lock *want)
{
	struct lock *fresh = kmalloc(sizeof(*fresh)), *spare = kmalloc(sizeof(*spare));
	unsigned long flags;
	int err = 0;

	if (!fresh || !spare) {
		kfree(fresh);
		kfree(spare);
		return -ENOMEM;
	}
	flags = spin_lock(&ino->lock);
	if (want->type != F_UNLCK && conflict(ino, want)) {
		err = -EAGAIN;
	} else {
		if (carve(ino, want, spare))
			spare = NULL;
		if (want->type != F_UNLCK) {
			*fresh = *want;
			list_push_back(&ino->locks, &fresh->link);
			fresh = NULL;
		}
	}
	spin_unlock(&ino->lock, flags);
	kfree(fresh);
	kfree(spare);
	if (!err)
		waitq_wake(&released, WAKE_ALL);
	return err;
}

static long set_lock(struct inode *ino, const struct lock *want, bool wait)
{
	int err = try_lock(ino, want);

	if (err != -EAGAIN || !wait)
		return err;
	if (wait_event(&released, (err = try_lock(ino, want)) != -EAGAIN, NO_DEADLINE))
		return -ERESTARTSYS;
	return err;
}

static void release_all(struct inode *ino, const void *owner)
{
	struct lock *l, *next;
	unsigned long flags;

	if (list_empty(&ino->locks))
		return;
	flags = spin_lock(&ino->lock);
	list_each_safe(l, next, &ino->locks, link) {
		if (l->owner != owner)
			continue;
		list_remove(&l->link);
		kfree(l);
	}
	spin_unlock(&ino->lock, flags);
	waitq_wake(&released, WAKE_ALL);
}

void locks_close(struct files *owner, struct inode *ino)
{
	release_all(ino, owner);
}

void locks_release_file(struct file *f)
{
	release_all(f->inode, f);
}

static int range_from_user(struct file *f, const struct flock_user *fl, struct lock *l)
{
	int64_t start = fl->l_start, base = 0;

	if (fl->l_whence == SEEK_CUR)
		base = (int64_t)f->pos;
	else if (fl->l_whence == SEEK_END)
		base = (int64_t)f->inode->size;
	else if (fl->l_whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(start, base, &start))
		return -EOVERFLOW;
	l->start = (uint64_t)start;
	l->last = INT64_MAX;
	if (fl->l_len > 0 && __builtin_add_overflow(start, fl->l_len - 1, &base))
		return -EOVERFLOW;
	if (fl->l_len > 0)
		l->last = (uint64_t)base;
	if (fl->l_len < 0) {
		l->last = (uint64_t)start - 1;
		start += fl->l_len;
		l->start = (uint64_t)start;
	}
	return start < 0 ? -EINVAL : 0;
}

long fcntl_lock(struct file *f, int cmd, uaddr_t arg)
{
	bool ofd = cmd >= F_OFD_GETLK, get = cmd == F_GETLK || cmd == F_OFD_GETLK;
	struct lock want = { 0 };
	struct flock_user fl;
	long r;

	if (copy_from_user(&fl, arg, sizeof(fl)))
		return -EFAULT;
	if (fl.l_type < F_RDLCK || fl.l_type > F_UNLCK || (get && fl.l_type == F_UNLCK) || (ofd && fl.l_pid))
		return -EINVAL;
	r = range_from_user(f, &fl, &want);
	if (r)
		return r;
	want.type = fl.l_type;
	want.owner = ofd ? (void *)f : (void *)current_process()->files;
	want.pid = ofd ? -1 : current_process()->pid;
	if (get) {
		unsigned long flags = spin_lock(&f->inode->lock);
		struct lock *l = conflict(f->inode, &want);

		fl.l_type = F_UNLCK;
		if (l) {
			fl.l_type = (int16_t)l->type;
			fl.l_whence = SEEK_SET;
			fl.l_start = (int64_t)l->start;
			fl.l_len = l->last == INT64_MAX ? 0 : (int64_t)(l->last - l->start + 1);
			fl.l_pid = l->pid;
		}
		spin_unlock(&f->inode->lock, flags);
		return copy_to_user(arg, &fl, sizeof(fl));
	}
	if ((fl.l_type == F_RDLCK && !file_readable(f)) || (fl.l_type == F_WRLCK && !file_writable(f)))
		return -EBADF;
	return set_lock(f->inode, &want, cmd == F_SETLKW || cmd == F_OFD_SETLKW);
}

SYSCALL(flock)
{
	int op = (int)arg[1];
	struct lock want = { .whole = true, .last = INT64_MAX, .pid = -1 };
	struct file *f;
	long r;

	if (op & ~(LOCK_SH | LOCK_EX | LOCK_NB | LOCK_UN))
		return -EINVAL;
	switch (op & ~LOCK_NB) {
	case LOCK_SH:
		want.type = F_RDLCK;
		break;
	case LOCK_EX:
		want.type = F_WRLCK;
		break;
	case LOCK_UN:
		want.type = F_UNLCK;
		break;
	default:
		return -EINVAL;
	}
	f = fd_get((int)arg[0]);
	if (!f)
		return -EBADF;
	want.owner = f;
	r = set_lock(f->inode, &want, !(op & LOCK_NB));
	file_put(f);
	return r;
}
