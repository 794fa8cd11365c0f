/* SPDX-License-Identifier: MIT */
/* Alternate signal stacks.
 * Owns: struct thread's altstack fields. Relies on: the thread itself being the one that asks.
 * Never: takes from a signal frame what sigaltstack would refuse. */
#include "abi/errno.h"
#include "mm/uaccess.h"
#include "proc/process.h"

bool altstack_holds(const struct thread *t, uaddr_t sp)
{
	return !(t->altstack_flags & SS_DISABLE) && sp > t->altstack && sp - t->altstack <= t->altstack_size;
}

bool altstack_frame_fits(const struct thread *t, uaddr_t sp, uaddr_t top, uaddr_t frame)
{
	if (frame > (top ? top : sp))
		return false;
	return !(top || altstack_holds(t, sp)) || altstack_holds(t, frame);
}

struct stack_user altstack_of(const struct thread *t)
{
	return (struct stack_user){ .sp = t->altstack, .flags = (int32_t)t->altstack_flags, .size = t->altstack_size };
}

void altstack_restore(struct thread *t, const struct stack_user *s, uaddr_t sp)
{
	uint32_t given = (uint32_t)s->flags;
	unsigned long flags;

	if (altstack_holds(t, sp) && !(t->altstack_flags & SS_AUTODISARM))
		return;
	if (given & ~(SS_ONSTACK | SS_DISABLE | SS_AUTODISARM) || (!(given & SS_DISABLE) && s->size < MINSIGSTKSZ))
		return;
	flags = spin_lock(&t->process->signal_lock);
	t->altstack_flags = given & ~SS_ONSTACK;
	t->altstack = given & SS_DISABLE ? 0 : s->sp;
	t->altstack_size = given & SS_DISABLE ? 0 : s->size;
	spin_unlock(&t->process->signal_lock, flags);
}

SYSCALL(sigaltstack)
{
	struct thread *t = current_thread();
	uaddr_t sp = arch_regs_sp(arch_thread_regs(t));
	bool inside = !(t->altstack_flags & SS_AUTODISARM) && altstack_holds(t, sp);
	struct stack_user new, old = { .sp = t->altstack, .size = t->altstack_size };
	unsigned int mode;

	old.flags = (int32_t)(t->altstack_flags | (inside ? SS_ONSTACK : 0));
	if (arg[0]) {
		if (copy_from_user(&new, arg[0], sizeof(new)))
			return -EFAULT;
		if (inside)
			return -EPERM;
		mode = (unsigned int)new.flags & ~SS_AUTODISARM;
		if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
			return -EINVAL;
		if (mode == SS_DISABLE)
			new.sp = new.size = 0;
		else if (new.size < MINSIGSTKSZ)
			return -ENOMEM;
		t->altstack = new.sp;
		t->altstack_size = new.size;
		t->altstack_flags = mode == SS_DISABLE ? SS_DISABLE : (unsigned int)new.flags & SS_AUTODISARM;
	}
	return arg[1] ? copy_to_user(arg[1], &old, sizeof(old)) : 0;
}
