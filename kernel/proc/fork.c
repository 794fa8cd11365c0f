/* SPDX-License-Identifier: MIT */
/* fork, vfork, clone, clone3.
 * Owns: what a child gets. Relies on: arch_thread_fork(), space_clone().
 * Never: namespaces but of time, pidfds, cgroups; those flags are EINVAL. A thread (CLONE_THREAD) always shares CLONE_FS and
 * CLONE_FILES: asking for a thread without them is EINVAL too, since descriptors belong to the process here. */
#include "abi/errno.h"
#include "abi/sched.h"
#include "core/string.h"
#include "fs/file.h"
#include "fs/timens.h"
#include "mm/kmalloc.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/internal.h"

#define CSIGNAL 0xffUL
#define CLONE_LEGACY_FLAGS 0xffffffffUL
#define SET_TID_LEVELS 32 /* clone3: set_tid_size beyond it is EINVAL */

struct clone_request {
	uint64_t flags; /* without CSIGNAL */
	int exit_signal;
	uaddr_t stack, parent_tid, child_tid, tls;
	int wanted_tid; /* 0: any */
};

static long check_flags(uint64_t flags, const struct process *p)
{
	if (flags & CLONE_THREAD && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if (flags & CLONE_SIGHAND && !(flags & CLONE_VM))
		return -EINVAL;
	if (flags & CLONE_PARENT && p->pid == 1)
		return -EINVAL;
	if (flags & CLONE_NAMESPACES)
		return process_privileged(p) || flags & CLONE_NEWUSER ? -EINVAL : -EPERM;
	if (flags & (CLONE_PIDFD | CLONE_INTO_CGROUP))
		return -EINVAL;
	if (flags & CLONE_THREAD && (flags & (CLONE_FS | CLONE_FILES)) != (CLONE_FS | CLONE_FILES))
		return -EINVAL;
	return 0;
}

struct user_count {
	uint32_t uid;
	unsigned int n;
};

static void count_user(struct process *p, void *arg)
{
	struct user_count *c = arg;

	if (p->uid == c->uid)
		c->n += p->thread_count;
}

static bool process_limit_reached(const struct process *p)
{
	struct user_count c = { p->uid, 0 };

	if (thread_total() >= PID_MAX - 1)
		return true;
	if (process_privileged(p))
		return false;
	process_each(count_user, &c);
	return c.n >= p->rlimits[RLIMIT_NPROC][0];
}

static int copy_groups(struct process *child, struct process *p)
{
	uint32_t *copy = NULL;
	unsigned long flags;
	unsigned int n = p->group_count;
	bool same = true;

	if (n) {
		copy = kmalloc(n * sizeof(*copy));
		if (!copy)
			return -ENOMEM;
	}
	flags = spin_lock(&p->lock);
	if (p->group_count == n)
		memcpy(copy, p->groups, n * sizeof(*copy));
	else
		same = false;
	spin_unlock(&p->lock, flags);
	child->groups = copy;
	child->group_count = n;
	return same ? 0 : -EAGAIN;
}

static int copy_sighand(struct process *child, struct process *p, uint64_t flags)
{
	unsigned long saved;

	if (flags & CLONE_SIGHAND) {
		sighand_get(p->sighand);
		child->sighand = p->sighand;
		return 0;
	}
	child->sighand = sighand_create();
	if (!child->sighand)
		return -ENOMEM;
	saved = spin_lock(&p->sighand->lock);
	memcpy(child->sighand->actions, p->sighand->actions, sizeof(p->sighand->actions));
	spin_unlock(&p->sighand->lock, saved);
	if (flags & CLONE_CLEAR_SIGHAND)
		for (int i = 0; i < NSIG; i++)
			if (child->sighand->actions[i].handler != SIG_IGN)
				child->sighand->actions[i] = (struct sigaction_kernel){ 0 };
	return 0;
}

/* Gives back what copy_process() took; the last reference is the caller's. */
static void drop_process(struct process *child)
{
	if (child->fs)
		fs_context_put(child->fs);
	if (child->files)
		files_put(child->files);
	if (child->space)
		space_put(child->space);
	process_put(child);
}

static struct process *copy_process(struct process *p, const struct clone_request *r, long *error)
{
	struct process *child = process_create();
	int rc;

	*error = -ENOMEM;
	if (!child)
		return NULL;
	memcpy(child->name, p->name, sizeof(child->name));
	memcpy(child->rlimits, p->rlimits, sizeof(child->rlimits));
	child->uid = p->uid;
	child->gid = p->gid;
	child->euid = p->euid;
	child->egid = p->egid;
	child->suid = p->suid;
	child->sgid = p->sgid;
	child->no_new_privs = p->no_new_privs;
	child->exit_signal = r->flags & CLONE_PARENT ? p->exit_signal : r->exit_signal;
	rc = timens_fork(child, p, r->flags);
	if (!rc)
		rc = copy_groups(child, p);
	if (!rc)
		rc = copy_sighand(child, p, r->flags);
	if (rc) {
		*error = rc;
		drop_process(child);
		return NULL;
	}
	if (r->flags & CLONE_FILES)
		files_get(p->files);
	child->files = r->flags & CLONE_FILES ? p->files : files_clone(p->files);
	if (r->flags & CLONE_FS)
		fs_context_get(p->fs);
	child->fs = r->flags & CLONE_FS ? p->fs : fs_context_clone(p->fs);
	if (child->files && child->fs) {
		if (r->flags & CLONE_VM)
			space_get(p->space);
		child->space = r->flags & CLONE_VM ? p->space : space_clone(p->space);
	}
	if (!child->space || (child->timens != p->timens && timens_enter(child))) {
		drop_process(child);
		return NULL;
	}
	return child;
}

static void copy_thread(struct thread *to, const struct thread *from, uint64_t flags)
{
	memcpy(to->name, from->tid == from->process->pid ? from->process->name : from->name, sizeof(to->name));
	to->sigmask = from->sigmask;
	if ((flags & (CLONE_VM | CLONE_VFORK)) != CLONE_VM) {
		to->altstack = from->altstack;
		to->altstack_size = from->altstack_size;
		to->altstack_flags = from->altstack_flags;
	}
	if (from->reset_on_fork) {
		to->policy = 0;
		to->nice = MAX(from->nice, 0);
	} else {
		to->policy = from->policy;
		to->rt_priority = from->rt_priority;
		to->nice = from->nice;
	}
	to->personality = from->personality;
}

/* Numbers the thread (and process) and makes both visible: 0, or why not. */
static long enter_table(struct process *p, struct process *child, struct thread *t, const struct clone_request *r)
{
	unsigned long flags = process_table_lock();
	int tid = r->wanted_tid ? r->wanted_tid : pid_alloc_locked();
	long rc = 0;

	if (r->wanted_tid && pid_in_use_locked(tid))
		rc = -EEXIST;
	else if (!tid || p->exiting || p->exec_thread)
		rc = -EAGAIN;
	if (!rc) {
		t->tid = tid;
		if (child != p) {
			child->pid = tid;
			child->pgid = p->pgid;
			child->sid = p->sid;
			child->parent = r->flags & CLONE_PARENT ? p->parent : p;
			list_push_back(&child->parent->children, &child->sibling);
			process_insert_locked(child);
		}
		thread_insert_locked(t);
	}
	process_table_unlock(flags);
	return rc;
}

static long clone_thread(const struct clone_request *r)
{
	struct thread *parent = current_thread(), *t;
	struct process *p = parent->process, *child = p;
	bool vfork = r->flags & CLONE_VFORK && !(r->flags & CLONE_THREAD);
	long rc = check_flags(r->flags, p);
	int tid;

	if (rc)
		return rc;
	if (r->flags & CLONE_SETTLS && !arch_tls_valid(r->tls))
		return -EPERM;
	if (process_limit_reached(p))
		return -EAGAIN;
	if (r->flags & CLONE_THREAD)
		rc = timens_fork(p, p, r->flags);
	else
		child = copy_process(p, r, &rc);
	if (rc && child == p)
		return rc;
	if (!child)
		return rc;
	t = thread_create(child);
	if (!t) {
		if (child != p)
			drop_process(child);
		return -ENOMEM;
	}
	copy_thread(t, parent, r->flags);
	if (r->flags & CLONE_CHILD_CLEARTID)
		t->clear_child_tid = r->child_tid;
	arch_thread_fork(t, parent, r->stack, r->flags & CLONE_SETTLS, r->tls);
	rc = enter_table(p, child, t, r);
	if (rc) {
		thread_free(t);
		if (child != p)
			drop_process(child);
		return rc;
	}
	tid = t->tid;
	if (r->flags & CLONE_PARENT_SETTID)
		copy_to_user(r->parent_tid, &tid, sizeof(tid));
	if (r->flags & CLONE_CHILD_SETTID)
		space_write(child->space, r->child_tid, &tid, sizeof(tid));
	if (vfork)
		__atomic_add_fetch(&child->refs, 1, __ATOMIC_RELAXED);
	sched_add(t);
	if (vfork) {
		struct waiter w;

		waiter_init(&w);
		for (;;) {
			sleep_begin();
			waitq_add(&child->vfork_wait, &w);
			if (__atomic_load_n(&child->vfork_done, __ATOMIC_ACQUIRE))
				break;
			rc = sleep_commit_killable(NO_DEADLINE);
			waitq_remove(&w);
			if (rc)
				break;
		}
		sleep_cancel();
		waitq_remove(&w);
		process_put(child);
	}
	return tid;
}

SYSCALL(fork)
{
	return clone_thread(&(struct clone_request){ .exit_signal = SIGCHLD });
}

SYSCALL(vfork)
{
	return clone_thread(&(struct clone_request){ .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD });
}

/* The architecture's ABI says in which order the last two arguments come. */
SYSCALL(clone)
{
#ifdef ARCH_CLONE_TLS_BEFORE_CHILD_TID
	uint64_t tls = arg[3], child_tid = arg[4];
#else
	uint64_t child_tid = arg[3], tls = arg[4];
#endif
	struct clone_request r = {
		.flags = (arg[0] & CLONE_LEGACY_FLAGS) & ~CSIGNAL,
		.exit_signal = (int)(arg[0] & CSIGNAL),
		.stack = arg[1],
		.parent_tid = arg[2],
		.child_tid = child_tid,
		.tls = tls,
	};

	return clone_thread(&r);
}

/* Later versions of the structure are longer: what we do not know must be zero. */
static long read_clone_args(struct clone_args *a, uaddr_t from, uint64_t size)
{
	memset(a, 0, sizeof(*a));
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_0)
		return -EINVAL;
	for (uint64_t at = sizeof(*a); at < size; at++) {
		char byte;

		if (copy_from_user(&byte, from + at, 1))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return copy_from_user(a, from, MIN(size, sizeof(*a)));
}

static long read_wanted_tid(const struct clone_args *a, int *tid)
{
	*tid = 0;
	if (a->set_tid_size > SET_TID_LEVELS || !a->set_tid != !a->set_tid_size)
		return -EINVAL;
	if (!a->set_tid_size)
		return 0;
	if (a->set_tid_size > 1)
		return -EINVAL; /* more levels than there are pid namespaces */
	if (copy_from_user(tid, a->set_tid, sizeof(*tid)))
		return -EFAULT;
	if (*tid < 1 || *tid >= PID_MAX)
		return -EINVAL;
	return process_privileged(current_process()) ? 0 : -EPERM;
}

SYSCALL(clone3)
{
	struct clone_args a;
	struct clone_request r;
	long rc = read_clone_args(&a, arg[0], arg[1]);

	if (rc)
		return rc;
	if (a.exit_signal & ~CSIGNAL || a.exit_signal > NSIG)
		return -EINVAL;
	rc = read_wanted_tid(&a, &r.wanted_tid);
	if (rc)
		return rc;
	if (a.flags & ~(CLONE_LEGACY_FLAGS | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP) ||
	    a.flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME)))
		return -EINVAL;
	if (a.flags & CLONE_SIGHAND && a.flags & CLONE_CLEAR_SIGHAND)
		return -EINVAL;
	if (a.flags & (CLONE_THREAD | CLONE_PARENT) && a.exit_signal)
		return -EINVAL;
	if (!a.stack != !a.stack_size)
		return -EINVAL;
	r.flags = a.flags;
	r.exit_signal = (int)a.exit_signal;
	r.stack = a.stack ? a.stack + a.stack_size : 0;
	r.parent_tid = a.parent_tid;
	r.child_tid = a.child_tid;
	r.tls = a.tls;
	return clone_thread(&r);
}
