/* SPDX-License-Identifier: MIT */
/* Linux's rt signal frame for x86_64.
 * Owns: its layout.
 * Relies on: fpu.h; proc/signal.c for which signal, and whose stack.
 * Never: takes a segment selector, a privileged flag or an invalid FPU state from the frame. */
#include "abi/errno.h"
#include "abi/signal.h"
#include "core/log.h"
#include "core/string.h"
#include "fpu.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "x86.h"

#define RED_ZONE 128
#define FPSTATE_ALIGN 64
#define FP_MAGIC1 0x46505853u
#define FP_MAGIC2 0x46505845u
#define FP_LEGACY_SIZE 512
#define FP_LEGACY_FEATURES 3
#define UC_FP_XSTATE 1
#define UC_SIGCONTEXT_SS 2
#define UC_STRICT_RESTORE_SS 4
#define RFLAGS_USER (RFLAGS_AC | RFLAGS_OF | RFLAGS_DF | RFLAGS_TF | RFLAGS_SF | RFLAGS_ZF | RFLAGS_AF | RFLAGS_PF | \
		     RFLAGS_CF | RFLAGS_RF)

struct sigcontext {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2, fpstate, reserved[8];
};

struct ucontext {
	uint64_t flags, link;
	struct stack_user stack;
	struct sigcontext mcontext;
	uint64_t sigmask;
};

struct frame {
	uint64_t pretcode;
	struct ucontext uc;
	struct siginfo_user info;
};
_Static_assert(sizeof(struct sigcontext) == 256 && sizeof(struct ucontext) == 304 && sizeof(struct frame) == 440,
	       "rt_sigframe of x86_64");

/* The last 48 bytes of the FXSAVE area, which belong to software. */
struct fp_software {
	uint32_t magic1, extended_size;
	uint64_t features;
	uint32_t state_size, pad[7];
};
#define FP_SOFTWARE_AT 464
_Static_assert(FP_SOFTWARE_AT + sizeof(struct fp_software) == FP_LEGACY_SIZE, "fpstate");

static size_t fpstate_size(void)
{
	return fpu_size() + (fpu_features() ? sizeof(uint32_t) : 0);
}

size_t arch_minsigstksz(void)
{
	return ALIGN_UP(RED_ZONE + FPSTATE_ALIGN + fpstate_size() + sizeof(struct frame) + 16, 16);
}

static int push_fpstate(uaddr_t to)
{
	struct arch_thread *t = &current_thread()->arch;
	struct fp_software sw = {
		.magic1 = FP_MAGIC1,
		.extended_size = (uint32_t)fpstate_size(),
		.features = fpu_features(),
		.state_size = (uint32_t)fpu_size(),
	};
	uint32_t magic2 = FP_MAGIC2;

	fpu_save(t);
	if (copy_to_user(to, fpu_area(t), fpu_size()))
		return -EFAULT;
	if (!fpu_features())
		return clear_user(to + FP_SOFTWARE_AT, sizeof(sw));
	if (copy_to_user(to + FP_SOFTWARE_AT, &sw, sizeof(sw)))
		return -EFAULT;
	return copy_to_user(to + fpu_size(), &magic2, sizeof(magic2));
}

static void save_context(struct sigcontext *c, const struct arch_regs *r, const struct arch_thread *t)
{
	*c = (struct sigcontext){
		.r8 = r->r8, .r9 = r->r9, .r10 = r->r10, .r11 = r->r11,
		.r12 = r->r12, .r13 = r->r13, .r14 = r->r14, .r15 = r->r15,
		.rdi = r->rdi, .rsi = r->rsi, .rbp = r->rbp, .rbx = r->rbx,
		.rdx = r->rdx, .rax = r->rax, .rcx = r->rcx, .rsp = r->rsp,
		.rip = r->rip, .rflags = r->rflags,
		.cs = SEL_USER_CS, .ss = SEL_USER_DS,
		.err = t->error, .trapno = t->trapno, .cr2 = t->cr2,
	};
}

int arch_signal_push(struct arch_regs *r, const struct sigaction_kernel *act, const struct ksiginfo *info,
		     uint64_t oldmask, uaddr_t altstack_top)
{
	struct thread *t = current_thread();
	uaddr_t sp = altstack_top ? altstack_top : r->rsp - RED_ZONE, fpstate, at;
	struct frame f = {
		.uc = {
			.flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS | (fpu_features() ? UC_FP_XSTATE : 0),
			.stack = altstack_of(t),
			.sigmask = oldmask,
		},
		.pretcode = act->restorer,
	};

	if (!(act->flags & SA_RESTORER))
		return -EFAULT;
	fpstate = ALIGN_DOWN(sp - fpstate_size(), FPSTATE_ALIGN);
	at = ALIGN_DOWN(fpstate - sizeof(f), 16) - 8;
	if (!altstack_frame_fits(t, r->rsp, altstack_top, at))
		return -EFAULT;
	save_context(&f.uc.mcontext, r, &t->arch);
	f.uc.mcontext.oldmask = oldmask;
	f.uc.mcontext.fpstate = fpstate;
	siginfo_to_user(&f.info, info);
	if (push_fpstate(fpstate) || copy_to_user(at, &f, sizeof(f)))
		return -EFAULT;
	fpu_reset();
	r->rdi = (uint64_t)info->signo;
	r->rsi = at + offsetof(struct frame, info);
	r->rdx = at + offsetof(struct frame, uc);
	r->rax = 0;
	r->rip = act->handler;
	r->rsp = at;
	r->cs = SEL_USER_CS;
	r->ss = SEL_USER_DS;
	r->rflags &= ~(uint64_t)(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
	r->vector = 0;
	return 0;
}

/* Does an extended state of a size that we know lie there? Else it is a plain FXSAVE image, as on Linux. */
static bool is_extended(const struct fp_software *sw, uaddr_t from)
{
	uint32_t magic2;

	if (!fpu_features() || sw->magic1 != FP_MAGIC1)
		return false;
	if (sw->state_size < FP_LEGACY_SIZE + FPSTATE_ALIGN || sw->state_size > fpu_size() ||
	    sw->state_size > sw->extended_size)
		return false;
	return !copy_from_user(&magic2, from + sw->state_size, sizeof(magic2)) && magic2 == FP_MAGIC2;
}

/* By way of a buffer: to copy may mean to sleep, and then the thread's own area is written. */
static int pop_fpstate(uaddr_t from)
{
	uint8_t state[ARCH_FPU_SPACE] __attribute__((aligned(FPSTATE_ALIGN)));
	struct fp_software sw;
	uint64_t features = FP_LEGACY_FEATURES;
	size_t size = FP_LEGACY_SIZE;

	if (!from) {
		fpu_reset();
		return 0;
	}
	if (copy_from_user(&sw, from + FP_SOFTWARE_AT, sizeof(sw)))
		return -EFAULT;
	if (is_extended(&sw, from)) {
		features = sw.features;
		size = sw.state_size;
	}
	memset(state, 0, sizeof(state));
	if (copy_from_user(state, from, size))
		return -EFAULT;
	return fpu_load(state, features) ? 0 : -EFAULT;
}

static void restore_context(struct arch_regs *r, const struct sigcontext *c)
{
	*r = (struct arch_regs){
		.r8 = c->r8, .r9 = c->r9, .r10 = c->r10, .r11 = c->r11,
		.r12 = c->r12, .r13 = c->r13, .r14 = c->r14, .r15 = c->r15,
		.rdi = c->rdi, .rsi = c->rsi, .rbp = c->rbp, .rbx = c->rbx,
		.rdx = c->rdx, .rax = c->rax, .rcx = c->rcx, .rsp = c->rsp,
		.rip = c->rip,
		.rflags = (r->rflags & ~(uint64_t)RFLAGS_USER) | (c->rflags & RFLAGS_USER),
		.cs = SEL_USER_CS, .ss = SEL_USER_DS,
		.orig_rax = (uint64_t)-1,
	};
}

/* The handler's RET has taken pretcode off the stack. */
int arch_signal_pop(struct arch_regs *r, uint64_t *mask)
{
	struct ucontext uc;

	if (copy_from_user(&uc, r->rsp - sizeof(uint64_t) + offsetof(struct frame, uc), sizeof(uc)))
		return -EFAULT;
	if (uc.mcontext.cs != SEL_USER_CS)
		return -EFAULT;
	if (pop_fpstate(uc.mcontext.fpstate))
		return -EFAULT;
	restore_context(r, &uc.mcontext);
	altstack_restore(current_thread(), &uc.stack, r->rsp);
	*mask = uc.sigmask;
	return 0;
}
