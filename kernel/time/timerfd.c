/* SPDX-License-Identifier: MIT */
/* timerfd.
 * Owns: struct timerfd. Relies on: clock_timer; fs/file.h.
 * Never: interrupts once per interval: how often it expired is worked out when somebody reads. */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/poll.h"
#include "core/string.h"
#include "fs/file.h"
#include "fs/timens.h"
#include "fs/uio.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "time/clock.h"
#include "time/timekeeping.h"

#define TFD_TIMER_CANCEL_ON_SET 2u
#define TFD_IOC_SET_TICKS 0x40085400u

struct timerfd {
	struct clock_timer timer;
	struct waitq queue;
	int clock; /* base */
	struct spinlock lock;
	/* lock */
	int base;  /* of expires_ns */
	bool active, expired;
	uint64_t expires_ns, interval_ns;
	uint64_t ticks; /* counted so far, besides what `expired` stands for */
	/* atomic: read and set with the clocks' lock held, which is inside ours */
	bool cancel_on_set, cancelled;
};

static void expired(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer.timer);
	unsigned long flags = spin_lock(&t->lock);

	t->expired = true;
	spin_unlock(&t->lock, flags);
	waitq_wake(&t->queue, WAKE_ALL);
}

static void clock_set(struct clock_timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);

	if (!__atomic_load_n(&t->cancel_on_set, __ATOMIC_ACQUIRE))
		return;
	__atomic_store_n(&t->cancelled, true, __ATOMIC_RELEASE);
	waitq_wake(&t->queue, WAKE_ALL);
}

/* lock held. Turn an expiry into ticks and arm the timer for the next. */
static void count(struct timerfd *t)
{
	uint64_t now, n;

	if (!t->expired)
		return;
	t->expired = false;
	t->ticks++;
	if (!t->interval_ns) {
		t->active = false;
		return;
	}
	now = clock_base_ns(t->base);
	n = now > t->expires_ns ? (now - t->expires_ns) / t->interval_ns : 0;
	t->ticks += n;
	t->expires_ns = time_add(t->expires_ns, (n + 1) * t->interval_ns);
	clock_timer_arm(&t->timer, t->base, t->expires_ns);
}

/* Ticks taken, 0: none yet, or -ECANCELED. */
static int64_t take(struct timerfd *t)
{
	unsigned long flags;
	int64_t n;

	if (__atomic_exchange_n(&t->cancelled, false, __ATOMIC_ACQ_REL))
		return -ECANCELED;
	flags = spin_lock(&t->lock);
	count(t);
	n = (int64_t)t->ticks;
	t->ticks = 0;
	spin_unlock(&t->lock, flags);
	return n;
}

static long timerfd_read(struct file *f, struct uio *u, uint64_t *pos)
{
	struct timerfd *t = f->data;
	int64_t n;

	(void)pos;
	if (u->left < sizeof(n))
		return -EINVAL;
	n = take(t);
	if (!n && f->flags & O_NONBLOCK)
		return -EAGAIN;
	if (!n && wait_event(&t->queue, (n = take(t)) != 0, NO_DEADLINE))
		return -ERESTARTSYS;
	if (n < 0)
		return n;
	return uio_write(u, &n, sizeof(n)) == sizeof(n) ? (long)sizeof(n) : -EFAULT;
}

static unsigned int timerfd_poll(struct file *f, struct waiter *w)
{
	struct timerfd *t = f->data;
	unsigned long flags;
	bool ready;

	if (w)
		waitq_add(&t->queue, w);
	flags = spin_lock(&t->lock);
	ready = t->expired || t->ticks || __atomic_load_n(&t->cancelled, __ATOMIC_ACQUIRE);
	spin_unlock(&t->lock, flags);
	return ready ? POLLIN | POLLRDNORM : 0;
}

static long timerfd_ioctl(struct file *f, unsigned int cmd, uaddr_t arg)
{
	struct timerfd *t = f->data;
	unsigned long flags;
	uint64_t ticks;

	if (cmd != TFD_IOC_SET_TICKS)
		return -ENOTTY;
	if (copy_from_user(&ticks, arg, sizeof(ticks)))
		return -EFAULT;
	if (!ticks)
		return -EINVAL;
	flags = spin_lock(&t->lock);
	t->ticks = ticks;
	spin_unlock(&t->lock, flags);
	waitq_wake(&t->queue, WAKE_ALL);
	return 0;
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->data;

	clock_timer_cancel(&t->timer);
	kfree(t);
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.poll = timerfd_poll,
	.ioctl = timerfd_ioctl,
	.release = timerfd_release,
};

SYSCALL(timerfd_create)
{
	int id = (int)arg[0], base, fd;
	unsigned int flags = (unsigned int)arg[1];
	struct timerfd *t;
	struct file *f;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK) || !clock_follows(id, &base) || base == VDK_CLOCK_TAI)
		return -EINVAL;
	if (base != id && !process_privileged(current_process()))
		return -EPERM;
	t = kmalloc(sizeof(*t));
	if (!t)
		return -ENOMEM;
	waitq_init(&t->queue);
	t->clock = t->base = base;
	clock_timer_setup(&t->timer, expired);
	t->timer.set = clock_set;
	f = file_create_anon("anon_inode:[timerfd]", 0600, &timerfd_ops, t, O_RDWR | (flags & O_NONBLOCK));
	if (!f) {
		kfree(t);
		return -ENOMEM;
	}
	fd = fd_install(f, flags & O_CLOEXEC);
	if (fd < 0)
		file_put(f);
	return fd;
}

/* lock held: what timerfd_gettime says. */
static void remaining(struct timerfd *t, struct timespec_pair *out)
{
	uint64_t now = clock_base_ns(t->base);

	out->interval = ns_timespec(t->interval_ns);
	out->value = ns_timespec(0);
	if (t->active && !(t->expired && !t->interval_ns))
		out->value = ns_timespec(t->expires_ns > now ? t->expires_ns - now : 1);
}

static int timerfd_get(int fd, struct file **out)
{
	struct file *f = fd_get(fd);

	if (!f)
		return -EBADF;
	if (f->ops != &timerfd_ops) {
		file_put(f);
		return -EINVAL;
	}
	*out = f;
	return 0;
}

static void set(struct timerfd *t, unsigned int tfd_flags, const struct timespec_pair *new, struct timespec_pair *old)
{
	uint64_t value = timespec_ns(&new->value);
	bool absolute = tfd_flags & TIMER_ABSTIME;
	bool watch = absolute && t->clock == VDK_CLOCK_REALTIME && tfd_flags & TFD_TIMER_CANCEL_ON_SET;
	unsigned long flags;

	clock_timer_cancel(&t->timer);
	flags = spin_lock(&t->lock);
	count(t);
	remaining(t, old);
	t->expired = false;
	t->ticks = 0;
	t->interval_ns = timespec_ns(&new->interval);
	t->base = absolute ? t->clock : clock_for_span(t->clock);
	t->expires_ns = absolute ? timens_to_system(t->base, value) : time_add(clock_base_ns(t->base), value);
	t->active = value;
	__atomic_store_n(&t->cancel_on_set, watch, __ATOMIC_RELEASE);
	__atomic_store_n(&t->cancelled, false, __ATOMIC_RELEASE);
	if (value)
		clock_timer_arm(&t->timer, t->base, t->expires_ns);
	else if (watch)
		clock_timer_watch(&t->timer);
	spin_unlock(&t->lock, flags);
}

SYSCALL(timerfd_settime)
{
	unsigned int flags = (unsigned int)arg[1];
	struct timespec_pair new, old;
	struct file *f;
	long rc;

	if (copy_from_user(&new, arg[2], sizeof(new)))
		return -EFAULT;
	if (flags & ~(TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) || !timespec_valid(&new.interval) ||
	    !timespec_valid(&new.value))
		return -EINVAL;
	rc = timerfd_get((int)arg[0], &f);
	if (rc)
		return rc;
	set(f->data, flags, &new, &old);
	file_put(f);
	return arg[3] ? copy_to_user(arg[3], &old, sizeof(old)) : 0;
}

SYSCALL(timerfd_gettime)
{
	struct timespec_pair now;
	struct timerfd *t;
	struct file *f;
	unsigned long flags;
	long rc = timerfd_get((int)arg[0], &f);

	if (rc)
		return rc;
	t = f->data;
	flags = spin_lock(&t->lock);
	count(t);
	remaining(t, &now);
	spin_unlock(&t->lock, flags);
	file_put(f);
	return copy_to_user(arg[1], &now, sizeof(now));
}
