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

/* Without the reserved area, which follows. */
struct sigcontext {
	uint64_t fault_address, x[31], sp, pc, pstate, pad;
};

struct ucontext {
	uint64_t flags, link;
	struct stack_user stack;
	uint64_t sigmask;
	uint8_t sigmask_pad[120], pad[8];
	struct sigcontext mcontext;
};

/* What the kernel writes of a frame: of the reserved area no more than is used. */
struct frame {
	struct siginfo_user info;
	struct ucontext uc;
	uint8_t records[sizeof(struct fpsimd_record) + sizeof(struct esr_record) + sizeof(struct record)];
};
#define RECORDS_AT offsetof(struct frame, records)
#define FRAME_SIZE (RECORDS_AT + RESERVED_SIZE)
_Static_assert(sizeof(struct fpsimd_record) == 528 && offsetof(struct fpsimd_record, state.v) == 16, "fpsimd_context");
_Static_assert(offsetof(struct ucontext, mcontext) == 176 && RECORDS_AT == 128 + 176 + 288, "rt_sigframe of aarch64");

/* Above the frame, for unwinders: what x29 of the handler points to. */
struct frame_record {
	uint64_t fp, lr;
};

size_t arch_minsigstksz(void)
{
	return FRAME_SIZE + sizeof(struct frame_record) + 16;
}

static size_t put_records(uint8_t *to, const struct arch_thread *t)
{
	struct fpsimd_record fpsimd = { .head = { FPSIMD_MAGIC, sizeof(fpsimd) } };
	struct esr_record esr = { .head = { ESR_MAGIC, sizeof(esr) }, .esr = t->esr };
	size_t size = sizeof(fpsimd);

	fpsimd_save(&fpsimd.state);
	memcpy(to, &fpsimd, sizeof(fpsimd));
	if (t->esr) {
		memcpy(to + size, &esr, sizeof(esr));
		size += sizeof(esr);
	}
	memset(to + size, 0, sizeof(struct record));
	return size + sizeof(struct record);
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
	const struct thread *t = current_thread();
	struct frame_record record = { .fp = r->x[29], .lr = r->x[30] };
	struct frame f;
	size_t size;

	memset(&f, 0, RECORDS_AT);
	siginfo_to_user(&f.info, info);
	f.uc.stack = altstack_of(t);
	f.uc.sigmask = oldmask;
	save_context(&f.uc.mcontext, r);
	size = RECORDS_AT + put_records(f.records, &t->arch);
	return copy_to_user(at, &f, size) ? -EFAULT : copy_to_user(record_at, &record, sizeof(record));
}

int arch_signal_push(struct arch_regs *r, const struct sigaction_kernel *act, const struct ksiginfo *info,
		     uint64_t oldmask, uaddr_t altstack_top)
{
	struct thread *t = current_thread();
	uaddr_t record_at = ALIGN_DOWN((altstack_top ? altstack_top : r->sp) - sizeof(struct frame_record), 16);
	uaddr_t at = record_at - FRAME_SIZE;

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

/* FPSIMD is a must; what else Linux may have written is refused, as by a Linux without it. By way of a buffer: to copy
 * may mean to sleep, and then the registers are another thread's. */
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
	struct arch_fpsimd fpsimd;
	uaddr_t at = r->sp;
	struct ucontext uc;

	if (at % 16 || copy_from_user(&uc, at + offsetof(struct frame, uc), sizeof(uc)))
		return -EFAULT;
	if (uc.mcontext.pstate & (PSR_MODE_MASK | PSR_DAIF) || pop_records(at + RECORDS_AT, &fpsimd))
		return -EFAULT;
	memcpy(r->x, uc.mcontext.x, sizeof(r->x));
	r->sp = uc.mcontext.sp;
	r->pc = uc.mcontext.pc;
	r->pstate = uc.mcontext.pstate & PSR_USER;
	r->syscall = -1;
	fpsimd_load(&fpsimd);
	altstack_restore(current_thread(), &uc.stack, r->sp);
	*mask = uc.sigmask;
	return 0;
}
