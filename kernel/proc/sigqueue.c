/* SPDX-License-Identifier: MIT */
/* Queues of pending signals, and tables of signal actions.
 * Owns: queue entries. Relies on: process->signal_lock for queues, sighand->lock for actions.
 * Never: wakes a thread; that is signal.c. */
#include "abi/errno.h"
#include "core/string.h"
#include "mm/kmalloc.h"
#include "proc/internal.h"

/* Faults go before everything else, so that a handler's frame shows the instruction that failed. */
#define SIG_SYNCHRONOUS \
	(SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) | SIGBIT(SIGFPE) | SIGBIT(SIGSYS))

struct sighand *sighand_create(void)
{
	struct sighand *h = kmalloc(sizeof(*h));

	if (h)
		h->refs = 1;
	return h;
}

void sighand_get(struct sighand *h)
{
	__atomic_add_fetch(&h->refs, 1, __ATOMIC_RELAXED);
}

void sighand_put(struct sighand *h)
{
	if (!__atomic_sub_fetch(&h->refs, 1, __ATOMIC_ACQ_REL))
		kfree(h);
}

void signal_action(struct process *p, int signo, struct sigaction_kernel *out)
{
	struct sighand *h = p->sighand;
	unsigned long flags;

	if (!h) { /* the kernel, parent of pid 1 */
		*out = (struct sigaction_kernel){ .handler = SIG_IGN };
		return;
	}
	flags = spin_lock(&h->lock);
	*out = h->actions[signo - 1];
	spin_unlock(&h->lock, flags);
}

bool signal_action_ignores(const struct sigaction_kernel *act, int signo)
{
	if (SIGBIT(signo) & SIG_UNBLOCKABLE)
		return false;
	return act->handler == SIG_IGN || (act->handler == SIG_DFL && SIGBIT(signo) & SIG_IGNORED_BY_DEFAULT);
}

void sigpending_init(struct sigpending *q)
{
	q->set = 0;
	list_init(&q->queue);
}

static void drop_entry(struct process *p, struct ksiginfo *e)
{
	list_remove(&e->link);
	if (e->timer)
		return;
	p->queued_signals--;
	kfree(e);
}

int sigpending_add(struct process *p, struct sigpending *q, const struct ksiginfo *info, struct ksiginfo *entry)
{
	bool real_time = info->signo >= SIGRTMIN;

	if (entry) { /* a timer's own, which may be queued still */
		if (!list_empty(&entry->link)) {
			entry->overrun++;
			return 0;
		}
		list_push_back(&q->queue, &entry->link);
		q->set |= SIGBIT(info->signo);
		return 0;
	}
	if (!real_time && q->set & SIGBIT(info->signo))
		return 0;
	/* A standard signal gets through without its siginfo, a queued one with data must not. */
	if (!real_time || p->queued_signals < p->rlimits[RLIMIT_SIGPENDING][0])
		entry = kmalloc(sizeof(*entry));
	if (!entry && real_time && info->code != SI_USER)
		return -EAGAIN;
	if (entry) {
		*entry = *info;
		entry->timer = NULL;
		p->queued_signals++;
		list_push_back(&q->queue, &entry->link);
	}
	q->set |= SIGBIT(info->signo);
	return 0;
}

void sigpending_flush(struct process *p, struct sigpending *q, uint64_t set)
{
	struct ksiginfo *e, *tmp;

	if (!(q->set & set))
		return;
	q->set &= ~set;
	list_each_safe(e, tmp, &q->queue, link)
		if (SIGBIT(e->signo) & set)
			drop_entry(p, e);
}

static void recount(struct sigpending *q, int signo)
{
	const struct ksiginfo *e;

	list_each(e, &q->queue, link)
		if (e->signo == signo)
			return;
	q->set &= ~SIGBIT(signo);
}

void sigpending_forget(struct process *p, struct ksiginfo *entry)
{
	struct thread *t;

	if (list_empty(&entry->link))
		return;
	list_remove(&entry->link);
	recount(&p->pending, entry->signo);
	list_each(t, &p->threads, in_process)
		recount(&t->pending, entry->signo);
}

static int first_of(uint64_t set)
{
	if (set & SIG_SYNCHRONOUS)
		set &= SIG_SYNCHRONOUS;
	return __builtin_ctzl(set) + 1;
}

bool sigpending_take(struct process *p, struct sigpending *q, uint64_t set, struct ksiginfo *out)
{
	struct ksiginfo *e, *tmp;
	bool found = false, more = false;
	int signo;

	set &= q->set;
	if (!set)
		return false;
	signo = first_of(set);
	*out = (struct ksiginfo){ .signo = signo, .code = SI_USER };
	list_each_safe(e, tmp, &q->queue, link) {
		if (e->signo != signo)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = true;
		*out = *e;
		drop_entry(p, e);
	}
	list_init(&out->link);
	if (!more)
		q->set &= ~SIGBIT(signo);
	return true;
}

bool signal_dequeue_locked(struct thread *t, uint64_t set, struct ksiginfo *out)
{
	struct process *p = t->process;

	return sigpending_take(p, &t->pending, set, out) || sigpending_take(p, &p->pending, set, out);
}

void siginfo_to_user(struct siginfo_user *u, const struct ksiginfo *k)
{
	uint64_t faults = SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) | SIGBIT(SIGFPE);

	memset(u, 0, sizeof(*u));
	u->si_signo = k->signo;
	u->si_errno = k->err;
	u->si_code = k->code;
	if (k->code == SI_TIMER) {
		u->u.timer.id = k->status;
		u->u.timer.overrun = k->overrun;
		u->u.timer.value = k->value;
	} else if (k->code > 0 && SIGBIT(k->signo) & faults) {
		u->u.fault.addr = k->addr;
	} else if (k->code > 0 && k->code != SI_KERNEL && k->signo != SIGIO) {
		u->u.child.pid = k->pid;
		u->u.child.uid = k->uid;
		u->u.child.status = k->status;
		u->u.child.utime = (int64_t)k->utime;
		u->u.child.stime = (int64_t)k->stime;
	} else {
		u->u.kill.pid = k->pid;
		u->u.kill.uid = k->uid;
		u->u.kill.value = k->value;
	}
}
