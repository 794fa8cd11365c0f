/* SPDX-License-Identifier: MIT */
/* POSIX timers: timer_create and its family.
 * Owns: struct posix_timer. Relies on: clock_timer for the time, signal_send() for the signal.
 * Never: queues a timer's signal twice: what expires meanwhile is its overrun, counted when the signal is taken;
 * only then is the timer armed again. */
#include "abi/errno.h"
#include "core/string.h"
#include "fs/timens.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "time/clock.h"
#include "time/timekeeping.h"

#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD 2
#define SIGEV_THREAD_ID 4

struct sigevent_user {
	uint64_t value;
	int32_t signo, notify, tid;
	uint8_t pad[44];
};
_Static_assert(sizeof(struct sigevent_user) == 64, "sigevent_t is 64 bytes");

struct posix_timer {
	struct list link;          /* in process->posix_timers */
	struct process *process;
	unsigned int refs;         /* atomic: one for the list, one per call that uses it */
	int id, clock, notify, tid;
	struct clock_timer timer;
	struct ksiginfo info;      /* queued itself */
	/* signal_lock */
	bool deleted;
	bool active;               /* set, and not a single shot that went off */
	int base;                  /* the clock that expires_ns is a time of */
	uint64_t expires_ns, interval_ns;
	int overrun;               /* of the signal that was taken last */
};

/* signal_lock held. */
static struct posix_timer *find_locked(struct process *p, int id)
{
	struct posix_timer *t;

	list_each(t, &p->posix_timers, link)
		if (t->id == id)
			return t;
	return NULL;
}

static struct posix_timer *timer_get(int id)
{
	struct process *p = current_process();
	unsigned long flags = spin_lock(&p->signal_lock);
	struct posix_timer *t = find_locked(p, id);

	if (t)
		__atomic_add_fetch(&t->refs, 1, __ATOMIC_RELAXED);
	spin_unlock(&p->signal_lock, flags);
	return t;
}

static void timer_put(struct posix_timer *t)
{
	if (!__atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL))
		kfree(t);
}

/* Moves `expires_ns` beyond `now`, by whole intervals, at least one: how many more than that. */
static uint64_t forward(struct posix_timer *t, uint64_t now)
{
	uint64_t n = now > t->expires_ns ? (now - t->expires_ns) / t->interval_ns : 0;

	t->expires_ns = time_add(t->expires_ns, (n + 1) * t->interval_ns);
	return n;
}

static int send(struct posix_timer *t)
{
	struct thread *thread;
	unsigned long flags;
	int rc = 1;

	if (t->notify != SIGEV_THREAD_ID)
		return signal_send(t->process, NULL, &t->info, &t->info);
	flags = process_table_lock();
	thread = thread_find(t->tid);
	if (thread && thread->process == t->process)
		rc = signal_send(t->process, thread, &t->info, &t->info);
	process_table_unlock(flags);
	return rc;
}

static void expired(struct timer *timer)
{
	struct posix_timer *t = container_of(timer, struct posix_timer, timer.timer);
	struct process *p = t->process;
	unsigned long flags;
	int rc = send(t);

	flags = spin_lock(&p->signal_lock);
	if (t->deleted) {
		spin_unlock(&p->signal_lock, flags);
		return;
	}
	if (!t->interval_ns) {
		t->active = false;
	} else if (rc) {
		/* Ignored: nobody will take it, so the timer goes on by itself, no faster than the tick. */
		forward(t, clock_base_ns(t->base));
		clock_timer_arm(&t->timer, t->base, MAX(t->expires_ns, time_add(clock_base_ns(t->base), TICK_NS)));
	}
	spin_unlock(&p->signal_lock, flags);
}

static int clamp(uint64_t n)
{
	return n > INT32_MAX ? INT32_MAX : (int)n;
}

void ptimer_signal_dequeued(struct ksiginfo *info)
{
	struct process *p = current_process();
	unsigned long flags = spin_lock(&p->signal_lock);
	struct posix_timer *t = find_locked(p, info->status);
	uint64_t missed = (uint64_t)info->overrun;

	if (t && t == info->timer) {
		t->info.overrun = 0;
		if (t->active && t->interval_ns && !t->timer.timer.armed) {
			missed += forward(t, clock_base_ns(t->base));
			clock_timer_arm(&t->timer, t->base, t->expires_ns);
		}
		t->overrun = info->overrun = clamp(missed);
	}
	spin_unlock(&p->signal_lock, flags);
}

static long check_event(const struct sigevent_user *e)
{
	unsigned long flags;
	struct thread *t;
	bool ok = true;

	switch (e->notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_THREAD_ID:
	case SIGEV_SIGNAL:
	case SIGEV_THREAD: /* the library's own: it asks for the signal and starts the thread itself */
		break;
	default:
		return -EINVAL;
	}
	if (e->notify == SIGEV_THREAD_ID) {
		flags = process_table_lock();
		t = thread_find(e->tid);
		ok = t && t->process == current_process();
		process_table_unlock(flags);
	}
	return ok && e->signo >= 1 && e->signo <= NSIG ? 0 : -EINVAL;
}

/* Each timer's signal counts against RLIMIT_SIGPENDING for as long as the timer is there. */
static long add_timer(struct posix_timer *t)
{
	struct process *p = t->process;
	unsigned long flags = spin_lock(&p->signal_lock);
	long rc = -EAGAIN;

	if (p->queued_signals < p->rlimits[RLIMIT_SIGPENDING][0] && p->next_timer_id < INT32_MAX) {
		p->queued_signals++;
		t->id = t->info.status = p->next_timer_id++;
		rc = 0;
	}
	spin_unlock(&p->signal_lock, flags);
	return rc;
}

static void publish_timer(struct posix_timer *t)
{
	struct process *p = t->process;
	unsigned long flags = spin_lock(&p->signal_lock);

	list_push_back(&p->posix_timers, &t->link);
	spin_unlock(&p->signal_lock, flags);
}

SYSCALL(timer_create)
{
	int id = (int)arg[0], base;
	struct sigevent_user e = { .notify = SIGEV_SIGNAL, .signo = SIGALRM };
	struct process *p = current_process();
	struct posix_timer *t;
	struct vdk_timespec now;
	long rc;

	if (cpu_clock_is(id) || !clock_follows(id, &base))
		return clock_read(id, &now) ? -EINVAL : -EOPNOTSUPP;
	if (base != id && !process_privileged(p)) /* an alarm clock: CAP_WAKE_ALARM */
		return -EPERM;
	if (arg[1] && copy_from_user(&e, arg[1], sizeof(e)))
		return -EFAULT;
	rc = check_event(&e);
	if (rc)
		return rc;
	t = kmalloc(sizeof(*t));
	if (!t)
		return -EAGAIN;
	t->process = p;
	t->refs = 1;
	t->clock = t->base = base;
	t->notify = e.notify;
	t->tid = e.tid;
	t->info = (struct ksiginfo){ .signo = e.signo, .code = SI_TIMER, .timer = t };
	list_init(&t->link);
	list_init(&t->info.link);
	clock_timer_setup(&t->timer, expired);
	rc = add_timer(t);
	if (rc) {
		kfree(t);
		return rc;
	}
	t->info.value = arg[1] ? e.value : (uint64_t)t->id;
	publish_timer(t);
	if (!copy_to_user(arg[2], &t->id, sizeof(t->id)))
		return 0;
	ptimer_delete(t->id);
	return -EFAULT;
}

/* signal_lock held: what timer_gettime says. */
static void remaining(const struct posix_timer *t, struct timespec_pair *out)
{
	uint64_t now, expires = t->expires_ns;

	out->interval = ns_timespec(t->interval_ns);
	out->value = ns_timespec(0);
	if (!t->active)
		return;
	now = clock_base_ns(t->base);
	if (expires <= now && t->interval_ns)
		expires += ((now - expires) / t->interval_ns + 1) * t->interval_ns;
	if (expires > now)
		out->value = ns_timespec(expires - now);
	else if (t->notify != SIGEV_NONE)
		out->value = ns_timespec(1); /* about to go off: 0 would say that it is not set */
}

static long set_timer(struct posix_timer *t, bool absolute, const struct timespec_pair *new, struct timespec_pair *old)
{
	struct process *p = t->process;
	uint64_t value = timespec_ns(&new->value);
	unsigned long flags = spin_lock(&p->signal_lock);

	remaining(t, old);
	t->active = false;
	t->interval_ns = 0;
	spin_unlock(&p->signal_lock, flags);
	clock_timer_cancel(&t->timer);
	flags = spin_lock(&p->signal_lock);
	if (t->deleted) {
		spin_unlock(&p->signal_lock, flags);
		return -EINVAL;
	}
	t->interval_ns = timespec_ns(&new->interval);
	t->active = value;
	t->overrun = 0;
	if (value) {
		t->base = absolute ? t->clock : clock_for_span(t->clock);
		t->expires_ns = absolute ? timens_to_system(t->base, value) : time_add(clock_base_ns(t->base), value);
		if (t->notify != SIGEV_NONE)
			clock_timer_arm(&t->timer, t->base, t->expires_ns);
	}
	spin_unlock(&p->signal_lock, flags);
	return 0;
}

SYSCALL(timer_settime)
{
	struct timespec_pair new, old;
	struct posix_timer *t;
	long rc;

	if (!arg[2])
		return -EINVAL;
	if (copy_from_user(&new, arg[2], sizeof(new)))
		return -EFAULT;
	if (!timespec_valid(&new.interval) || !timespec_valid(&new.value))
		return -EINVAL;
	t = timer_get((int)arg[0]);
	if (!t)
		return -EINVAL;
	rc = set_timer(t, arg[1] & TIMER_ABSTIME, &new, &old);
	timer_put(t);
	if (rc)
		return rc;
	return arg[3] ? copy_to_user(arg[3], &old, sizeof(old)) : 0;
}

SYSCALL(timer_gettime)
{
	struct process *p = current_process();
	unsigned long flags = spin_lock(&p->signal_lock);
	struct posix_timer *t = find_locked(p, (int)arg[0]);
	struct timespec_pair now;

	if (t)
		remaining(t, &now);
	spin_unlock(&p->signal_lock, flags);
	return t ? copy_to_user(arg[1], &now, sizeof(now)) : -EINVAL;
}

SYSCALL(timer_getoverrun)
{
	struct process *p = current_process();
	unsigned long flags = spin_lock(&p->signal_lock);
	struct posix_timer *t = find_locked(p, (int)arg[0]);
	long n = t ? t->overrun : -EINVAL;

	spin_unlock(&p->signal_lock, flags);
	return n;
}

long ptimer_delete(int id)
{
	struct process *p = current_process();
	struct posix_timer *t;
	unsigned long flags = spin_lock(&p->signal_lock);

	t = find_locked(p, id);
	if (t) {
		list_remove(&t->link);
		t->deleted = true;
	}
	spin_unlock(&p->signal_lock, flags);
	if (!t)
		return -EINVAL;
	clock_timer_cancel(&t->timer);
	flags = spin_lock(&p->signal_lock);
	sigpending_forget(p, &t->info);
	p->queued_signals--;
	spin_unlock(&p->signal_lock, flags);
	timer_put(t);
	return 0;
}

SYSCALL(timer_delete)
{
	return ptimer_delete((int)arg[0]);
}

void ptimers_exit(struct process *p)
{
	for (;;) {
		unsigned long flags = spin_lock(&p->signal_lock);
		const struct posix_timer *t = list_first(&p->posix_timers, struct posix_timer, link);
		int id = t ? t->id : -1;

		spin_unlock(&p->signal_lock, flags);
		if (id < 0 || ptimer_delete(id))
			return;
	}
}
