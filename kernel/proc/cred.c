/* SPDX-License-Identifier: MIT */
/* User and group ids. uid 0 may do everything, nobody else anything special.
 * Owns: the ids of each process. Relies on: process->lock.
 * Never: file-system ids of their own: they follow the effective ones, so setfsuid() reports that it changed
 * nothing. */
#include "abi/errno.h"
#include "core/string.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "proc/internal.h"

#define KEEP UINT32_MAX
#define GROUPS_MAX 65536
#define CAP_VERSION_1 0x19980330u
#define CAP_VERSION_2 0x20071026u
#define CAP_VERSION_3 0x20080522u
#define CAP_ALL 0x1ffffffffffUL /* 41 capabilities */

struct ids {
	uint32_t real, effective, saved;
};

SYSCALL(getuid) { return current_process()->uid; }
SYSCALL(geteuid) { return current_process()->euid; }
SYSCALL(getgid) { return current_process()->gid; }
SYSCALL(getegid) { return current_process()->egid; }

static struct ids users(const struct process *p)
{
	return (struct ids){ p->uid, p->euid, p->suid };
}

static struct ids groups(const struct process *p)
{
	return (struct ids){ p->gid, p->egid, p->sgid };
}

static bool has(const struct ids *i, uint32_t id)
{
	return id == i->real || id == i->effective || id == i->saved;
}

static void set_users(struct process *p, const struct ids *i)
{
	p->uid = i->real;
	p->euid = i->effective;
	p->suid = i->saved;
}

static void set_groups(struct process *p, const struct ids *i)
{
	p->gid = i->real;
	p->egid = i->effective;
	p->sgid = i->saved;
}

/* The three families of calls, for users and groups alike: 0, -EINVAL or -EPERM. */
static long set_one(struct ids *i, uint32_t id, bool privileged)
{
	if (id == KEEP)
		return -EINVAL;
	if (privileged)
		i->real = i->saved = id;
	else if (id != i->real && id != i->saved)
		return -EPERM;
	i->effective = id;
	return 0;
}

static long set_real_effective(struct ids *i, uint32_t real, uint32_t effective, bool privileged)
{
	struct ids old = *i;

	if (real != KEEP) {
		if (!privileged && real != old.real && real != old.effective)
			return -EPERM;
		i->real = real;
	}
	if (effective != KEEP) {
		if (!privileged && !has(&old, effective))
			return -EPERM;
		i->effective = effective;
	}
	if (real != KEEP || (effective != KEEP && effective != old.real))
		i->saved = i->effective;
	return 0;
}

static long set_all(struct ids *i, uint32_t real, uint32_t effective, uint32_t saved, bool privileged)
{
	struct ids old = *i;

	if (!privileged && ((real != KEEP && !has(&old, real)) || (effective != KEEP && !has(&old, effective)) ||
			    (saved != KEEP && !has(&old, saved))))
		return -EPERM;
	if (real != KEEP)
		i->real = real;
	if (effective != KEEP)
		i->effective = effective;
	if (saved != KEEP)
		i->saved = saved;
	return 0;
}

static long change(bool user, long (*set)(struct ids *i, const uint64_t arg[6], bool privileged), const uint64_t arg[6])
{
	struct process *p = current_process();
	unsigned long flags = spin_lock(&p->lock);
	struct ids i = user ? users(p) : groups(p);
	long rc = set(&i, arg, process_privileged(p));

	if (!rc && user)
		set_users(p, &i);
	else if (!rc)
		set_groups(p, &i);
	spin_unlock(&p->lock, flags);
	return rc;
}

static long one(struct ids *i, const uint64_t arg[6], bool privileged)
{
	return set_one(i, (uint32_t)arg[0], privileged);
}

static long two(struct ids *i, const uint64_t arg[6], bool privileged)
{
	return set_real_effective(i, (uint32_t)arg[0], (uint32_t)arg[1], privileged);
}

static long three(struct ids *i, const uint64_t arg[6], bool privileged)
{
	return set_all(i, (uint32_t)arg[0], (uint32_t)arg[1], (uint32_t)arg[2], privileged);
}

SYSCALL(setuid) { return change(true, one, arg); }
SYSCALL(setgid) { return change(false, one, arg); }
SYSCALL(setreuid) { return change(true, two, arg); }
SYSCALL(setregid) { return change(false, two, arg); }
SYSCALL(setresuid) { return change(true, three, arg); }
SYSCALL(setresgid) { return change(false, three, arg); }
SYSCALL(setfsuid) { return current_process()->euid; }
SYSCALL(setfsgid) { return current_process()->egid; }

static long put_ids(const struct ids *i, const uint64_t arg[6])
{
	if (copy_to_user(arg[0], &i->real, sizeof(i->real)) ||
	    copy_to_user(arg[1], &i->effective, sizeof(i->effective)) ||
	    copy_to_user(arg[2], &i->saved, sizeof(i->saved)))
		return -EFAULT;
	return 0;
}

SYSCALL(getresuid)
{
	struct ids i = users(current_process());

	return put_ids(&i, arg);
}

SYSCALL(getresgid)
{
	struct ids i = groups(current_process());

	return put_ids(&i, arg);
}

bool process_in_group(struct process *p, uint32_t gid)
{
	unsigned long flags = spin_lock(&p->lock);
	bool in = p->egid == gid;

	for (unsigned int i = 0; i < p->group_count && !in; i++)
		in = p->groups[i] == gid;
	spin_unlock(&p->lock, flags);
	return in;
}

SYSCALL(getgroups)
{
	struct process *p = current_process();
	int size = (int)arg[0];
	uint32_t *copy;
	unsigned long flags;
	unsigned int n = p->group_count;
	long rc;

	if (size < 0)
		return -EINVAL;
	if (!size || !n)
		return n;
	if ((unsigned int)size < n)
		return -EINVAL;
	copy = kmalloc(n * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	flags = spin_lock(&p->lock);
	n = MIN(n, p->group_count);
	memcpy(copy, p->groups, n * sizeof(*copy));
	spin_unlock(&p->lock, flags);
	rc = copy_to_user(arg[1], copy, n * sizeof(*copy));
	kfree(copy);
	return rc ? rc : n;
}

SYSCALL(setgroups)
{
	struct process *p = current_process();
	uint64_t n = (uint32_t)arg[0];
	uint32_t *new = NULL, *old;
	unsigned long flags;

	if (!process_privileged(p))
		return -EPERM;
	if (n > GROUPS_MAX)
		return -EINVAL;
	if (n) {
		new = kmalloc(n * sizeof(*new));
		if (!new)
			return -ENOMEM;
		if (copy_from_user(new, arg[1], n * sizeof(*new))) {
			kfree(new);
			return -EFAULT;
		}
	}
	flags = spin_lock(&p->lock);
	old = p->groups;
	p->groups = new;
	p->group_count = (unsigned int)n;
	spin_unlock(&p->lock, flags);
	kfree(old);
	return 0;
}

/* Reads and checks the header; *words is the number of 32-bit halves. */
static long cap_header(uaddr_t from, int *pid, int *words)
{
	struct { uint32_t version; int32_t pid; } head;

	if (copy_from_user(&head, from, sizeof(head)))
		return -EFAULT;
	*pid = head.pid;
	*words = head.version == CAP_VERSION_1 ? 1 : 2;
	if (head.version == CAP_VERSION_1 || head.version == CAP_VERSION_2 || head.version == CAP_VERSION_3)
		return 0;
	head.version = CAP_VERSION_3;
	return copy_to_user(from, &head.version, sizeof(head.version)) ? -EFAULT : -EINVAL;
}

/* A process has all capabilities as long as its effective user is 0, and none afterwards. */
SYSCALL(capget)
{
	struct { uint32_t effective, permitted, inheritable; } data[2];
	struct process *p;
	uint64_t caps;
	int pid, words;
	long rc = cap_header(arg[0], &pid, &words);

	if (rc)
		return rc == -EINVAL && !arg[1] ? 0 : rc;
	if (pid < 0)
		return -EINVAL;
	p = process_get(pid ? pid : current_process()->pid);
	if (!p)
		return -ESRCH;
	caps = process_privileged(p) ? CAP_ALL : 0;
	process_put(p);
	if (!arg[1])
		return 0;
	memset(data, 0, sizeof(data));
	for (int i = 0; i < words; i++)
		data[i].effective = data[i].permitted = (uint32_t)(caps >> (32 * i));
	return copy_to_user(arg[1], data, sizeof(data[0]) * (size_t)words);
}

/* What is there already may be set again; capabilities cannot be given up one by one. */
SYSCALL(capset)
{
	struct { uint32_t effective, permitted, inheritable; } data[2];
	struct process *me = current_process();
	uint64_t effective = 0, permitted = 0, inheritable = 0, caps = process_privileged(me) ? CAP_ALL : 0;
	int pid, words;
	long rc = cap_header(arg[0], &pid, &words);

	if (rc)
		return rc;
	if (pid && pid != me->pid)
		return -EPERM;
	if (copy_from_user(data, arg[1], sizeof(data[0]) * (size_t)words))
		return -EFAULT;
	for (int i = 0; i < words; i++) {
		effective |= (uint64_t)data[i].effective << (32 * i);
		permitted |= (uint64_t)data[i].permitted << (32 * i);
		inheritable |= (uint64_t)data[i].inheritable << (32 * i);
	}
	return effective == caps && permitted == caps && !inheritable ? 0 : -EPERM;
}
