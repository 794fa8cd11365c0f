/* SPDX-License-Identifier: MIT */
/* prctl, personality: the parts that mean something here.
 * Owns: thread names, the parent-death signal. Relies on: process.h.
 * Never: accepts an option that it does not carry out; those are EINVAL. */
#include "abi/errno.h"
#include "core/string.h"
#include "mm/uaccess.h"
#include "proc/internal.h"

#define PR_SET_PDEATHSIG 1
#define PR_GET_PDEATHSIG 2
#define PR_GET_DUMPABLE 3
#define PR_GET_KEEPCAPS 7
#define PR_GET_TIMING 13
#define PR_SET_TIMING 14
#define PR_SET_NAME 15
#define PR_GET_NAME 16
#define PR_SET_NO_NEW_PRIVS 38
#define PR_GET_NO_NEW_PRIVS 39
#define PR_GET_TID_ADDRESS 40

static char *name_of(struct thread *t)
{
	return t->tid == t->process->pid ? t->process->name : t->name;
}

static long set_name(struct thread *t, uaddr_t from)
{
	char name[16] = "", *to = name_of(t);
	unsigned long flags;

	/* The string ends at 15 bytes, or before: what lies behind its NUL need not be readable. */
	for (int i = 0; i < 15; i++) {
		if (copy_from_user(&name[i], from + (uaddr_t)i, 1))
			return -EFAULT;
		if (!name[i])
			break;
	}
	flags = spin_lock(&t->process->lock);
	memcpy(to, name, sizeof(name));
	spin_unlock(&t->process->lock, flags);
	return 0;
}

SYSCALL(prctl)
{
	struct thread *t = current_thread();
	struct process *p = t->process;

	switch ((int)arg[0]) {
	case PR_SET_PDEATHSIG:
		if (arg[1] > NSIG)
			return -EINVAL;
		p->parent_death_signal = (int)arg[1];
		return 0;
	case PR_GET_PDEATHSIG:
		return copy_to_user(arg[1], &p->parent_death_signal, sizeof(int));
	case PR_GET_DUMPABLE:
	case PR_GET_KEEPCAPS:
	case PR_GET_TIMING:
		return 0;
	case PR_SET_TIMING:
		return arg[1] ? -EINVAL : 0;
	case PR_SET_NAME:
		return set_name(t, arg[1]);
	case PR_GET_NAME:
		return copy_to_user(arg[1], name_of(t), 16);
	case PR_SET_NO_NEW_PRIVS:
		if (arg[1] != 1 || arg[2] || arg[3] || arg[4])
			return -EINVAL;
		p->no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return arg[1] || arg[2] || arg[3] || arg[4] ? -EINVAL : p->no_new_privs;
	case PR_GET_TID_ADDRESS:
		return copy_to_user(arg[1], &t->clear_child_tid, sizeof(t->clear_child_tid));
	}
	return -EINVAL;
}

#define PER_QUERY 0xffffffffu
#define ADDR_NO_RANDOMIZE 0x0040000u

/* PER_LINUX, and the one flag that execve honours. */
SYSCALL(personality)
{
	struct thread *t = current_thread();
	uint32_t new = (uint32_t)arg[0], old = t->personality;

	if (new == PER_QUERY)
		return old;
	if (new & ~ADDR_NO_RANDOMIZE)
		return -EINVAL;
	t->personality = new;
	return old;
}
