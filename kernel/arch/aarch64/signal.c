/* SPDX-License-Identifier: MIT */
/* Linux's rt signal frame for aarch64.
 * Owns: its layout.
 * Relies on: proc/signal.c for which signal, and whose stack.
 * Never: takes a privileged bit of PSTATE from the frame. */
#include "abi/errno.h"
#include "abi/signal.h"
#include "core/log.h"
#include "core/string.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "sysreg.h"
#include "trap_entry.h"

#define FPSIMD_MAGIC 0x46508001u
#define ESR_MAGIC 0x45535201u
#define RESERVED_SIZE 4096
#define PSR_USER (PSR_NZCV | PSR_DIT | PSR_SSBS | PSR_BTYPE)

/* The records in sigcontext's reserved area; one of magic 0 and size 0 ends them. */
struct record {
	uint32_t magic, size;
};

struct fpsimd_record {
	struct record head;
	struct arch_fpsimd state;
};

struct esr_record {
	struct record head;
	uint64_t esr;
};

struct sigcontext {
	uint64_t fault_address, x[31], sp, pc, pstate, pad;
	uint8_t reserved[RESERVED_SIZE];
};

struct ucontext {
	uint64_t flags, link;
	struct stack_user stack;
	uint64_t sigmask;
	uint8_t sigmask_pad[120], pad[8];
	struct sigcontext mcontext;
};

struct frame {
	struct siginfo_user info;
	struct ucontext uc;
};
_Static_assert(sizeof(struct fpsimd_record) == 528 && offsetof(struct fpsimd_record, state.v) == 16, "fpsimd_context");
_Static_assert(offsetof(struct ucontext, mcontext) == 176 && offsetof(struct sigcontext, reserved) == 288 &&
	       sizeof(struct frame) == 128 + 176 + 288 + RESERVED_SIZE, "rt_sigframe of aarch64");

/* Above the frame, for unwinders: what x29 of the handler points to. */
struct frame_record {
	uint64_t fp, lr;
};

size_t arch_minsigstksz(void)
{
	return sizeof(struct frame) + sizeof(struct frame_record) + 16;
}

static void put_record(uint8_t *reserved, size_t *at, const void *record, size_t size)
{
	memcpy(reserved + *at, record, size);
	*at += size;
}

/* What precedes the reserved area, and then as much of that as is used: the rest is left as the stack has it. */
static int put_frame(uaddr_t at, struct frame *f)
{
	const struct arch_thread *t = &current_thread()->arch;
	struct fpsimd_record fpsimd = { .head = { FPSIMD_MAGIC, sizeof(fpsimd) } };
	struct esr_record esr = { .head = { ESR_MAGIC, sizeof(esr) }, .esr = t->esr };
	struct record end = { 0, 0 };
	size_t used = 0;

	fpsimd_save(&fpsimd.state);
	put_record(f->uc.mcontext.reserved, &used, &fpsimd, sizeof(fpsimd));
	if (t->esr)
		put_record(f->uc.mcontext.reserved, &used, &esr, sizeof(esr));
	put_record(f->uc.mcontext.reserved, &used, &end, sizeof(end));
	return copy_to_user(at, f, offsetof(struct frame, uc.mcontext.reserved) + used);
}

static void save_context(struct sigcontext *c, const struct arch_regs *r)
{
	c->fault_address = current_thread()->arch.fault_addr;
	memcpy(c->x, r->x, sizeof(c->x));
	c->sp = r->sp;
	c->pc = r->pc;
	c->pstate = r->pstate;
}

static int push(uaddr_t at, uaddr_t record_at, const struct arch_regs *r, const struct ksiginfo *info, uint64_t oldmask)
{
	struct frame_record record = { .fp = r->x[29], .lr = r->x[30] };
	struct frame f;

	memset(&f, 0, offsetof(struct frame, uc.mcontext.reserved));
	siginfo_to_user(&f.info, info);
	f.uc.stack = altstack_of(current_thread());
	f.uc.sigmask = oldmask;
	save_context(&f.uc.mcontext, r);
	if (put_frame(at, &f))
		return -EFAULT;
	return copy_to_user(record_at, &record, sizeof(record));
}

int arch_signal_push(struct arch_regs *r, const struct sigaction_kernel *act, const struct ksiginfo *info,
		     uint64_t oldmask, uaddr_t altstack_top)
{
	struct thread *t = current_thread();
	uaddr_t record_at = ALIGN_DOWN((altstack_top ? altstack_top : r->sp) - sizeof(struct frame_record), 16);
	uaddr_t at = record_at - sizeof(struct frame);

	if (!altstack_frame_fits(t, r->sp, altstack_top, at) || push(at, record_at, r, info, oldmask))
		return -EFAULT;
	r->x[0] = (uint64_t)info->signo;
	if (act->flags & SA_SIGINFO) {
		r->x[1] = at + offsetof(struct frame, info);
		r->x[2] = at + offsetof(struct frame, uc);
	}
	r->x[29] = record_at;
	r->x[30] = act->flags & SA_RESTORER ? act->restorer : t->process->space->sigreturn;
	r->sp = at;
	r->pc = act->handler;
	r->pstate &= ~(uint64_t)PSR_BTYPE;
	r->syscall = -1;
	return 0;
}

/* FPSIMD is a must; what else Linux may have written is refused, as by a Linux without it. By way of a buffer: to copy may
 * mean to sleep, and then the registers are another thread's. */
static int pop_records(uaddr_t at, struct arch_fpsimd *fpsimd)
{
	uaddr_t end = at + RESERVED_SIZE;
	struct record head;
	bool found = false;

	for (; end - at >= sizeof(head); at += head.size) {
		if (copy_from_user(&head, at, sizeof(head)))
			return -EFAULT;
		if (head.magic == 0)
			return head.size == 0 && found ? 0 : -EFAULT;
		if (head.size < sizeof(head) || head.size % 16 || head.size > end - at)
			return -EFAULT;
		if (head.magic == FPSIMD_MAGIC) {
			if (found || head.size != sizeof(struct fpsimd_record) ||
			    copy_from_user(fpsimd, at + sizeof(head), sizeof(*fpsimd)))
				return -EFAULT;
			found = true;
		} else if (head.magic != ESR_MAGIC) {
			return -EFAULT;
		}
	}
	return found ? 0 : -EFAULT;
}

int arch_signal_pop(struct arch_regs *r, uint64_t *mask)
{
	uaddr_t at = r->sp, context = at + offsetof(struct frame, uc.mcontext);
	struct {
		uint64_t fault_address, x[31], sp, pc, pstate;
	} c;
	struct arch_fpsimd fpsimd;
	struct stack_user stack;

	if (at % 16 || copy_from_user(&stack, at + offsetof(struct frame, uc.stack), sizeof(stack)) ||
	    copy_from_user(mask, at + offsetof(struct frame, uc.sigmask), sizeof(*mask)) ||
	    copy_from_user(&c, context, sizeof(c)))
		return -EFAULT;
	if (c.pstate & (PSR_MODE_MASK | PSR_DAIF))
		return -EFAULT;
	if (pop_records(context + offsetof(struct sigcontext, reserved), &fpsimd))
		return -EFAULT;
	memcpy(r->x, c.x, sizeof(r->x));
	r->sp = c.sp;
	r->pc = c.pc;
	r->pstate = c.pstate & PSR_USER;
	r->syscall = -1;
	fpsimd_load(&fpsimd);
	altstack_restore(current_thread(), &stack, r->sp);
	return 0;
}
