/* SPDX-License-Identifier: MIT */
/* process_vm_readv and process_vm_writev.
 * Owns: nothing. Relies on: space_read(), space_write().
 * Never: runs on the other process's address space. */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "core/string.h"
#include "mm/kmalloc.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscall.h"

/* A list of ranges and a position in it. */
struct cursor {
	struct iovec *v;
	size_t count, at, done; /* `done` bytes of v[at] */
};

static int read_ranges(struct cursor *c, uaddr_t from, uint64_t count)
{
	uint64_t total = 0;

	memset(c, 0, sizeof(*c));
	if (count > IOV_MAX)
		return -EINVAL;
	if (!count)
		return 0;
	c->v = kmalloc(count * sizeof(*c->v));
	if (!c->v)
		return -ENOMEM;
	c->count = count;
	if (copy_from_user(c->v, from, count * sizeof(*c->v)))
		return -EFAULT;
	for (size_t i = 0; i < count; i++) {
		if (c->v[i].iov_len > INT64_MAX || total > INT64_MAX - c->v[i].iov_len)
			return -EINVAL;
		total += c->v[i].iov_len;
	}
	return 0;
}

/* Bytes left in the range at hand, after empty ones; 0 at the end. */
static size_t left(struct cursor *c)
{
	while (c->at < c->count && c->done == c->v[c->at].iov_len) {
		c->at++;
		c->done = 0;
	}
	return c->at < c->count ? c->v[c->at].iov_len - c->done : 0;
}

static uaddr_t address(const struct cursor *c)
{
	return c->v[c->at].iov_base + c->done;
}

static long transfer(struct space *s, struct cursor *local, struct cursor *remote, bool write)
{
	char *buf = kmalloc(PAGE_SIZE);
	long total = 0;
	bool good = buf != NULL;

	while (good) {
		size_t n = MIN(MIN(left(local), left(remote)), PAGE_SIZE), got;

		if (!n)
			break;
		if (write) {
			got = copy_from_user(buf, address(local), n) ? 0 : space_write(s, address(remote), buf, n);
		} else {
			got = space_read(s, address(remote), buf, n);
			if (copy_to_user(address(local), buf, got))
				got = 0;
		}
		total += (long)got;
		local->done += got;
		remote->done += got;
		good = got == n;
	}
	kfree(buf);
	return total || good ? total : buf ? -EFAULT : -ENOMEM;
}

/* What ptrace asks for: all ids of `p` are the caller's real ones. */
static bool same_ids(const struct process *me, const struct process *p)
{
	return me->uid == p->uid && me->uid == p->euid && me->uid == p->suid && me->gid == p->gid && me->gid == p->egid &&
	       me->gid == p->sgid;
}

/* The process's address space, referenced, if the caller may look into it. 0, -ESRCH, -EPERM. */
static int open_space(int pid, struct space **s)
{
	struct process *p = process_get(pid), *me = current_process();
	unsigned long flags;
	int rc = 0;

	if (!p)
		return -ESRCH;
	flags = spin_lock(&p->lock);
	*s = p->space;
	if (!*s)
		rc = -ESRCH;
	else if (p != me && me->euid && !same_ids(me, p))
		rc = -EPERM;
	else
		space_get(*s);
	spin_unlock(&p->lock, flags);
	process_put(p);
	return rc;
}

static long copy_between(const uint64_t arg[6], bool write)
{
	struct cursor local, remote = { 0 };
	struct space *s;
	long rc;

	if (arg[5])
		return -EINVAL;
	rc = read_ranges(&local, arg[1], arg[2]);
	if (!rc)
		rc = read_ranges(&remote, arg[3], arg[4]);
	if (!rc && left(&local) && left(&remote))
		rc = open_space((int)arg[0], &s);
	else
		s = NULL;
	if (!rc && s) {
		rc = transfer(s, &local, &remote, write);
		space_put(s);
	}
	kfree(local.v);
	kfree(remote.v);
	return rc;
}

SYSCALL(process_vm_readv)
{
	return copy_between(arg, false);
}

SYSCALL(process_vm_writev)
{
	return copy_between(arg, true);
}
