/* SPDX-License-Identifier: MIT */
/* Linux's rt signal frame for loongarch64.
 * Owns: its layout.
 * Relies on: fpu.S; proc/signal.c for which signal, and whose stack; the vDSO's rt_sigreturn keeping sp.
 * Never: takes a privileged bit or an invalid FPU state from the frame. */
#include "abi/errno.h"
#include "abi/signal.h"
#include "core/string.h"
#include "csr.h"
#include "fpu.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "trap_entry.h"

#define FPU_MAGIC 0x46505501u
#define USED_FPU 0x1u
#define ADDRESS_READ (1u << 30) /* the trap was a page fault: of a read or fetch; of a write */
#define ADDRESS_WRITE (1u << 31)
#define RECORDS_MAX 16

/* Extensions follow the frame, each with a head; one of magic 0 ends them. */
struct record {
	uint32_t magic, size; /* with the head */
	uint64_t pad;
};

struct fpu_record {
	struct record head;
	struct fpu_state fpu;
};

struct sigcontext {
	uint64_t pc, regs[32];
	uint32_t flags, pad;
};

struct ucontext {
	uint64_t flags, link;
	struct stack_user stack;
	uint64_t sigmask, room[15], pad; /* the mask may grow to 128 bytes */
	struct sigcontext mcontext;
};

struct frame {
	struct siginfo_user info;
	struct ucontext uc;
	struct fpu_record fpu;
	struct record end;
};
_Static_assert(offsetof(struct ucontext, mcontext) == 176 && offsetof(struct frame, fpu) == 576 &&
	       sizeof(struct frame) == 880, "rt_sigframe of loongarch64");

size_t arch_minsigstksz(void)
{
	return sizeof(struct frame) + 16;
}

static uint32_t fault_flags(const struct thread *t)
{
	return t->arch.fault == FAULT_WRITE ? ADDRESS_WRITE : t->arch.fault == FAULT_READ ? ADDRESS_READ : 0;
}

int arch_signal_push(struct arch_regs *r, const struct sigaction_kernel *act, const struct ksiginfo *info,
		     uint64_t oldmask, uaddr_t altstack_top)
{
	struct thread *t = current_thread();
	uaddr_t at = ALIGN_DOWN((altstack_top ? altstack_top : r->r[3]) - sizeof(struct frame), 16);
	struct frame f = {
		.uc = {
			.stack = altstack_of(t),
			.sigmask = oldmask,
			.mcontext = { .pc = r->pc, .flags = USED_FPU | fault_flags(t) },
		},
		.fpu.head = { .magic = FPU_MAGIC, .size = sizeof(struct fpu_record) },
	};

	if (!altstack_frame_fits(t, r->r[3], altstack_top, at))
		return -EFAULT;
	memcpy(&f.uc.mcontext.regs[1], &r->r[1], sizeof(r->r) - sizeof(r->r[0]));
	fpu_save(&f.fpu.fpu);
	siginfo_to_user(&f.info, info);
	if (copy_to_user(at, &f, sizeof(f)))
		return -EFAULT;
	r->r[1] = t->process->space->sigreturn;
	r->r[3] = at;
	r->r[4] = (uint64_t)info->signo;
	r->r[5] = at + offsetof(struct frame, info);
	r->r[6] = at + offsetof(struct frame, uc);
	r->pc = act->handler;
	r->estat = 1UL << REGS_TRAP_BIT;
	return 0;
}

/* The FPU's state, if the records have one. */
static int find_fpu(uaddr_t at, struct fpu_state *fpu, bool *found)
{
	struct record head;

	for (int i = 0; i < RECORDS_MAX; i++, at += head.size) {
		if (copy_from_user(&head, at, sizeof(head)))
			return -EFAULT;
		if (!head.magic)
			return head.size ? -EFAULT : 0;
		if (head.magic != FPU_MAGIC || head.size < sizeof(struct fpu_record))
			return -EFAULT;
		if (copy_from_user(fpu, at + sizeof(head), sizeof(*fpu)))
			return -EFAULT;
		*found = true;
	}
	return -EFAULT;
}

int arch_signal_pop(struct arch_regs *r, uint64_t *mask)
{
	uaddr_t at = r->r[3];
	struct fpu_state fpu = { 0 };
	struct ucontext uc;
	bool found = false;

	if (copy_from_user(&uc, at + offsetof(struct frame, uc), sizeof(uc)))
		return -EFAULT;
	if (find_fpu(at + offsetof(struct frame, fpu), &fpu, &found))
		return -EFAULT;
	if (uc.mcontext.flags & USED_FPU && !found)
		return -EFAULT;
	fpu.fcsr = fcsr_sound(fpu.fcsr);
	fpu_load(&fpu);
	memcpy(&r->r[1], &uc.mcontext.regs[1], sizeof(r->r) - sizeof(r->r[0]));
	r->pc = uc.mcontext.pc;
	r->estat = 1UL << REGS_TRAP_BIT;
	altstack_restore(current_thread(), &uc.stack, r->r[3]);
	*mask = uc.sigmask;
	return 0;
}
