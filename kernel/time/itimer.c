/* SPDX-License-Identifier: MIT */
/* setitimer, getitimer, alarm.
 * Owns: process->alarm, itimer_virtual, itimer_prof. Relies on: timer.h, cputime_tick().
 * Never: lets SIGALRMs come faster than they are taken: an interval starts when the signal of the last one is. */
#include "abi/errno.h"
#include "core/string.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "time/clock.h"
#include "time/timekeeping.h"

#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2

struct interval { /* struct itimerval, in ns */
	uint64_t interval_ns, value_ns;
};

/* The first moment of the grid expires + n * interval after `now`. */
static uint64_t next_expiry(uint64_t expires, uint64_t interval, uint64_t now)
{
	return expires > now ? expires : expires + ((now - expires) / interval + 1) * interval;
}

void itimer_real_expired(struct timer *t)
{
	struct process *p = container_of(t, struct process, alarm);
	struct ksiginfo info = { .signo = SIGALRM, .code = SI_KERNEL };
	uint64_t interval = __atomic_load_n(&p->alarm_interval_ns, __ATOMIC_ACQUIRE);

	/* Ignored: nobody will take it, so the interval goes on by itself. */
	if (signal_send(p, NULL, &info, NULL) && interval)
		timer_arm(t, next_expiry(t->expires_ns, MAX(interval, (uint64_t)TICK_NS), clock_now_ns()));
}

void itimer_signal_dequeued(struct process *p)
{
	unsigned long flags = spin_lock(&p->lock);

	if (p->alarm_interval_ns && !p->alarm.armed)
		timer_arm(&p->alarm, next_expiry(p->alarm.expires_ns, p->alarm_interval_ns, clock_now_ns()));
	spin_unlock(&p->lock, flags);
}

static void get_real(struct process *p, struct interval *i)
{
	unsigned long flags = spin_lock(&p->lock);
	uint64_t now = clock_now_ns();

	i->interval_ns = p->alarm_interval_ns;
	i->value_ns = !p->alarm.armed ? 0 : p->alarm.expires_ns > now ? p->alarm.expires_ns - now : 1000;
	spin_unlock(&p->lock, flags);
}

static void set_real(struct process *p, const struct interval *i)
{
	unsigned long flags = spin_lock(&p->lock);

	__atomic_store_n(&p->alarm_interval_ns, 0, __ATOMIC_RELEASE);
	timer_cancel(&p->alarm);
	if (i->value_ns) {
		__atomic_store_n(&p->alarm_interval_ns, i->interval_ns, __ATOMIC_RELEASE);
		timer_arm(&p->alarm, time_add(clock_now_ns(), i->value_ns));
	}
	spin_unlock(&p->lock, flags);
}

static struct cpu_timer *cpu_timer_of(struct process *p, int which, uint64_t *used)
{
	uint64_t user, kernel;

	process_cpu_time(p, &user, &kernel);
	*used = which == ITIMER_VIRTUAL ? user : user + kernel;
	return which == ITIMER_VIRTUAL ? &p->itimer_virtual : &p->itimer_prof;
}

static void get_cpu(struct process *p, int which, struct interval *i)
{
	uint64_t used;
	struct cpu_timer *t = cpu_timer_of(p, which, &used);
	unsigned long flags = spin_lock(&p->signal_lock);

	i->interval_ns = t->interval_ns;
	i->value_ns = !t->expires_ns ? 0 : t->expires_ns > used ? t->expires_ns - used : 1000;
	spin_unlock(&p->signal_lock, flags);
}

static void set_cpu(struct process *p, int which, const struct interval *i)
{
	uint64_t used;
	struct cpu_timer *t = cpu_timer_of(p, which, &used);
	unsigned long flags = spin_lock(&p->signal_lock);

	t->expires_ns = i->value_ns ? time_add(used, i->value_ns) : 0;
	t->interval_ns = i->interval_ns;
	spin_unlock(&p->signal_lock, flags);
}

static void get(int which, struct interval *i)
{
	if (which == ITIMER_REAL)
		get_real(current_process(), i);
	else
		get_cpu(current_process(), which, i);
}

static struct vdk_timeval ns_timeval(uint64_t ns)
{
	return (struct vdk_timeval){ (int64_t)(ns / NSEC_PER_SEC), (int64_t)(ns % NSEC_PER_SEC / 1000) };
}

static int put_interval(uaddr_t to, const struct interval *i)
{
	struct vdk_timeval tv[2] = { ns_timeval(i->interval_ns), ns_timeval(i->value_ns) };

	return copy_to_user(to, tv, sizeof(tv));
}

static int timeval_ns(const struct vdk_timeval *tv, uint64_t *ns)
{
	struct vdk_timespec ts = { tv->tv_sec, tv->tv_usec * 1000 };

	if (tv->tv_usec < 0 || tv->tv_usec >= 1000000 || !timespec_valid(&ts))
		return -EINVAL;
	*ns = timespec_ns(&ts);
	return 0;
}

SYSCALL(getitimer)
{
	int which = (int)arg[0];
	struct interval i;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	get(which, &i);
	return put_interval(arg[1], &i);
}

/* A null `new` stops the timer, as on Linux. */
SYSCALL(setitimer)
{
	int which = (int)arg[0];
	struct interval new = { 0, 0 }, old;
	struct vdk_timeval tv[2];

	if (arg[1]) {
		if (copy_from_user(tv, arg[1], sizeof(tv)))
			return -EFAULT;
		if (timeval_ns(&tv[0], &new.interval_ns) || timeval_ns(&tv[1], &new.value_ns))
			return -EINVAL;
	}
	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	get(which, &old);
	if (which == ITIMER_REAL)
		set_real(current_process(), &new);
	else
		set_cpu(current_process(), which, &new);
	return arg[2] ? put_interval(arg[2], &old) : 0;
}

/* The rest of the old alarm in seconds, rounded, but never down to 0. */
SYSCALL(alarm)
{
	struct interval new = { 0, (uint64_t)(uint32_t)arg[0] * NSEC_PER_SEC }, old;
	uint64_t sec;

	get(ITIMER_REAL, &old);
	set_real(current_process(), &new);
	sec = (old.value_ns + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
	return (long)(old.value_ns && !sec ? 1 : sec);
}
