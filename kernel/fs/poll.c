/* SPDX-License-Identifier: MIT */
/* poll and select.
 * Owns: nothing between calls. Relies on: poll ops adding a waiter before they look.
 * Never: holds a descriptor table's lock while it asks a file. */
#include "fs/poll.h"

#include "core/string.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscall.h"
#include "time/timekeeping.h"
#include "vdk/clock.h"

struct polled {
	struct file *file; /* referenced; NULL: no such descriptor, or none wanted */
	struct waiter waiter;
	unsigned int want, got;
};

uint64_t deadline_after(int64_t ns)
{
	uint64_t deadline;

	if (ns < 0 || __builtin_add_overflow(clock_now_ns(), (uint64_t)ns, &deadline))
		return NO_DEADLINE;
	return deadline;
}

static int64_t duration(int64_t sec, int64_t ns)
{
	return sec > INT64_MAX / NSEC_PER_SEC - 1 ? INT64_MAX : sec * NSEC_PER_SEC + ns;
}

int deadline_from_user(uaddr_t from, uint64_t *deadline_ns)
{
	struct vdk_timespec t;

	*deadline_ns = NO_DEADLINE;
	if (!from)
		return 0;
	if (copy_from_user(&t, from, sizeof(t)))
		return -EFAULT;
	if (t.tv_sec < 0 || (uint64_t)t.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	*deadline_ns = deadline_after(duration(t.tv_sec, t.tv_nsec));
	return 0;
}

int sigmask_from_user(uaddr_t mask, uint64_t size)
{
	uint64_t set;

	if (!mask)
		return 0;
	if (size != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, mask, sizeof(set)))
		return -EFAULT;
	signal_set_temporary_mask(set);
	return 0;
}

static bool passed(uint64_t deadline)
{
	return deadline != NO_DEADLINE && clock_now_ns() >= deadline;
}

/* Ask every file. With `wait`, stop adding waiters once one is ready. How many are. */
static unsigned int ask(struct polled *p, unsigned int n, bool wait)
{
	unsigned int ready = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct file *f = p[i].file;
		unsigned int bits = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;

		if (!f) {
			ready += p[i].got != 0;
			continue;
		}
		if (f->ops->poll)
			bits = f->ops->poll(f, wait && !ready ? &p[i].waiter : NULL);
		p[i].got = bits & (p[i].want | POLLERR | POLLHUP);
		ready += p[i].got != 0;
	}
	return ready;
}

/* Until one is ready: the number; 0 at the deadline; -EINTR. */
static long wait_ready(struct polled *p, unsigned int n, uint64_t deadline)
{
	int rc = passed(deadline) ? -ETIMEDOUT : 0;
	unsigned int ready;

	for (unsigned int i = 0; i < n; i++)
		waiter_init(&p[i].waiter);
	for (;;) {
		sleep_begin();
		ready = ask(p, n, !rc);
		if (!ready && !rc)
			rc = sleep_commit(deadline);
		else
			sleep_cancel();
		for (unsigned int i = 0; i < n; i++)
			waitq_remove(&p[i].waiter);
		if (ready)
			return ready;
		if (rc == -EINTR)
			return rc;
		if (rc && !ask(p, n, false))
			return 0;
	}
}

static void put_files(struct polled *p, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (p[i].file)
			file_put(p[i].file);
}

static long poll_fds(struct pollfd *fds, struct polled *p, unsigned int n, uint64_t deadline)
{
	long r;

	for (unsigned int i = 0; i < n; i++) {
		if (fds[i].fd < 0)
			continue;
		p[i].file = fd_get(fds[i].fd);
		p[i].want = (uint16_t)fds[i].events;
		if (!p[i].file)
			p[i].got = POLLNVAL;
	}
	r = wait_ready(p, n, deadline);
	for (unsigned int i = 0; i < n; i++)
		fds[i].revents = r > 0 ? (int16_t)p[i].got : 0;
	put_files(p, n);
	return r;
}

static long do_poll(uaddr_t ufds, unsigned int n, uint64_t deadline)
{
	struct pollfd *fds;
	struct polled *p;
	long r = -ENOMEM;

	if (n > process_limit(RLIMIT_NOFILE))
		return -EINVAL;
	fds = kmalloc((n + 1) * sizeof(*fds));
	p = kmalloc((n + 1) * sizeof(*p));
	if (fds && p)
		r = copy_from_user(fds, ufds, n * sizeof(*fds));
	if (!r)
		r = poll_fds(fds, p, n, deadline);
	if (r >= 0 && copy_to_user(ufds, fds, n * sizeof(*fds)))
		r = -EFAULT;
	kfree(fds);
	kfree(p);
	return r;
}

/* What is left until the deadline, for the calls that say so; a failure to store it is nobody's error. */
static void put_left(uaddr_t to, uint64_t deadline, int64_t unit)
{
	uint64_t now = clock_now_ns(), left = deadline > now ? deadline - now : 0;
	int64_t t[2] = { (int64_t)(left / NSEC_PER_SEC), (int64_t)(left % NSEC_PER_SEC) / unit };

	if (to && deadline != NO_DEADLINE && copy_to_user(to, t, sizeof(t)))
		return;
}

SYSCALL(poll)
{
	int ms = (int)arg[2];
	uint64_t deadline = ms < 0 ? NO_DEADLINE : deadline_after(ms * 1000000LL);
	long r;

	if (current_thread()->restart.active)
		deadline = current_thread()->restart.deadline_ns;
	r = do_poll(arg[0], (unsigned int)arg[1], deadline);
	if (r == -EINTR) {
		current_thread()->restart.deadline_ns = deadline;
		return -ERESTART_RESTARTBLOCK;
	}
	return r;
}

SYSCALL(ppoll)
{
	uint64_t deadline;
	long r = deadline_from_user(arg[2], &deadline);

	if (!r)
		r = sigmask_from_user(arg[3], arg[4]);
	if (r)
		return r;
	r = do_poll(arg[0], (unsigned int)arg[1], deadline);
	put_left(arg[2], deadline, 1);
	return r == -EINTR ? -ERESTARTNOHAND : r;
}

#define IN_BITS (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR)
#define OUT_BITS (POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR)
#define EX_BITS POLLPRI
static const unsigned int set_bits[3] = { IN_BITS, OUT_BITS, EX_BITS };

static bool in_set(const uint64_t *set, unsigned int i)
{
	return set[i / 64] >> (i % 64) & 1;
}

/* `sets` are three bitmaps of `words` words each, in and out. */
static long select_sets(uint64_t *sets, unsigned int words, unsigned int n, struct polled *p, uint64_t deadline)
{
	long r = 0, count = 0;

	for (unsigned int i = 0; i < n && !r; i++) {
		for (unsigned int k = 0; k < 3; k++)
			if (in_set(sets + k * words, i))
				p[i].want |= set_bits[k];
		if (!p[i].want)
			continue;
		p[i].file = fd_get((int)i);
		if (!p[i].file)
			r = -EBADF;
	}
	if (!r)
		r = wait_ready(p, n, deadline);
	for (unsigned int i = 0; i < n && r >= 0; i++) {
		for (unsigned int k = 0; k < 3; k++) {
			uint64_t *word = &sets[k * words + i / 64];

			if (!in_set(sets + k * words, i))
				continue;
			if (r > 0 && p[i].got & set_bits[k])
				count++;
			else
				*word &= ~(1UL << (i % 64));
		}
	}
	put_files(p, n);
	return r < 0 ? r : count;
}

static long do_select(int n, const uaddr_t usets[3], uint64_t deadline)
{
	unsigned int limit = MAX(files_capacity(current_process()->files), 1024u), words; /* 1024: FD_SETSIZE */
	struct polled *p;
	uint64_t *sets;
	long r = -ENOMEM;

	if (n < 0)
		return -EINVAL;
	n = (int)MIN((unsigned int)n, limit);
	words = ((unsigned int)n + 63) / 64;
	sets = kmalloc((3 * words + 1) * sizeof(*sets));
	p = kmalloc(((unsigned int)n + 1) * sizeof(*p));
	if (sets && p)
		r = 0;
	for (int k = 0; k < 3 && !r; k++)
		if (usets[k] && copy_from_user(sets + (unsigned int)k * words, usets[k], words * sizeof(*sets)))
			r = -EFAULT;
	if (!r)
		r = select_sets(sets, words, (unsigned int)n, p, deadline);
	for (int k = 0; k < 3 && r >= 0; k++)
		if (usets[k] && copy_to_user(usets[k], sets + (unsigned int)k * words, words * sizeof(*sets)))
			r = -EFAULT;
	kfree(sets);
	kfree(p);
	return r;
}

SYSCALL(select)
{
	uint64_t deadline = NO_DEADLINE;
	struct vdk_timeval tv;
	long r;

	if (arg[4]) {
		if (copy_from_user(&tv, arg[4], sizeof(tv)))
			return -EFAULT;
		if (tv.tv_sec < 0 || tv.tv_usec < 0)
			return -EINVAL;
		tv.tv_sec = MIN(tv.tv_sec, INT64_MAX / 2) + tv.tv_usec / 1000000;
		deadline = deadline_after(duration(tv.tv_sec, tv.tv_usec % 1000000 * 1000));
	}
	r = do_select((int)arg[0], &arg[1], deadline);
	put_left(arg[4], deadline, 1000);
	return r == -EINTR ? -ERESTARTNOHAND : r;
}

SYSCALL(pselect6)
{
	uint64_t deadline, mask[2] = { 0, 0 };
	long r = deadline_from_user(arg[4], &deadline);

	if (!r && arg[5] && copy_from_user(mask, arg[5], sizeof(mask)))
		r = -EFAULT;
	if (!r)
		r = sigmask_from_user(mask[0], mask[1]);
	if (r)
		return r;
	r = do_select((int)arg[0], &arg[1], deadline);
	put_left(arg[4], deadline, 1);
	return r == -EINTR ? -ERESTARTNOHAND : r;
}
