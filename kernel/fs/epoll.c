/* SPDX-License-Identifier: MIT */
/* epoll.
 * Owns: struct epoll and its items. Relies on: waiters with a notify function; lock order: a file's wait queue,
 * epoll->lock, then (from notify) the wait queue of the epoll file itself, and so on outwards; no cycles, and no more than
 * NESTING_MAX in a row: may_watch().
 * Never: holds a reference on a watched file, which leaves with its last descriptor. */
#include "core/string.h"
#include "fs/poll.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscall.h"

#define BUCKETS 64
#define NESTING_MAX 5
#define BATCH_MAX 1024
#define ALWAYS (POLLERR | POLLHUP)
#define FLAGS (EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP)

struct epoll {
	struct file *file;            /* its own, not referenced */
	struct list buckets[BUCKETS]; /* `changing` */
	uint64_t search;              /* `changing`: the last search that came here, */
	unsigned int levels;          /* and what it found */
	struct spinlock lock;
	struct list ready;            /* lock: items that may be ready */
	struct waitq queue;
};

struct item {
	struct list in_epoll, in_file; /* `changing` */
	struct list in_ready;          /* ep->lock */
	struct epoll *ep;
	struct file *file;
	int fd;
	uint32_t events;               /* ep->lock; only FLAGS left: disarmed */
	uint64_t data;
	unsigned int refs;             /* ep->lock */
	bool removed;                  /* ep->lock */
	struct waiter waiter;
};

/* Guards which items exist, everywhere. */
static struct mutex changing;
static const struct file_ops epoll_ops;

static void item_put_locked(struct item *it)
{
	if (!--it->refs)
		kfree(it);
}

static void mark_ready(struct item *it)
{
	struct epoll *ep = it->ep;
	unsigned long flags = spin_lock(&ep->lock);
	bool added = false;

	if (!it->removed && list_empty(&it->in_ready) && it->events & ~FLAGS) {
		list_push_back(&ep->ready, &it->in_ready);
		added = true;
	}
	spin_unlock(&ep->lock, flags);
	if (added)
		waitq_wake(&ep->queue, WAKE_ALL);
}

static void notify(struct waiter *w)
{
	mark_ready(container_of(w, struct item, waiter));
}

static struct item *find(struct epoll *ep, const struct file *f, int fd)
{
	struct item *it;

	list_each(it, &ep->buckets[(unsigned int)fd % BUCKETS], in_epoll)
		if (it->fd == fd && it->file == f)
			return it;
	return NULL;
}

static void remove_item(struct item *it)
{
	struct epoll *ep = it->ep;
	unsigned long flags;

	list_remove(&it->in_epoll);
	list_remove(&it->in_file);
	waitq_remove(&it->waiter);
	flags = spin_lock(&ep->lock);
	list_remove(&it->in_ready);
	it->removed = true;
	item_put_locked(it);
	spin_unlock(&ep->lock, flags);
}

void epoll_file_gone(struct file *f)
{
	/* No new item can come: whoever adds one holds a reference on the file. */
	if (list_empty(&f->epoll_items))
		return;
	mutex_lock(&changing);
	while (!list_empty(&f->epoll_items))
		remove_item(list_first(&f->epoll_items, struct item, in_file));
	mutex_unlock(&changing);
}

static void epoll_release(struct file *f)
{
	struct epoll *ep = f->data;

	mutex_lock(&changing);
	for (unsigned int i = 0; i < BUCKETS; i++)
		while (!list_empty(&ep->buckets[i]))
			remove_item(list_first(&ep->buckets[i], struct item, in_epoll));
	mutex_unlock(&changing);
	kfree(ep);
}

/* Take the first item that may be ready; it and its file gain a reference. NULL: none. */
static struct item *pop_ready(struct epoll *ep)
{
	unsigned long flags = spin_lock(&ep->lock);
	struct item *it;

	for (;;) {
		it = list_first(&ep->ready, struct item, in_ready);
		if (!it)
			break;
		list_remove(&it->in_ready);
		/* The file's memory is there: epoll_file_gone() needs ep->lock for this item first. */
		if (!file_try_get(it->file))
			continue;
		it->refs++;
		break;
	}
	spin_unlock(&ep->lock, flags);
	return it;
}

/* Ready bits that are wanted; 0: none, or no longer watched. */
static uint32_t item_bits(struct item *it)
{
	uint32_t events = __atomic_load_n(&it->events, __ATOMIC_RELAXED);

	return events & ~FLAGS ? it->file->ops->poll(it->file, NULL) & (events | ALWAYS) & ~FLAGS : 0;
}

/* Gives the references of pop_ready() back; `again`: the item stays ready. */
static void push_back(struct item *it, bool again)
{
	struct epoll *ep = it->ep;
	struct file *f = it->file;
	unsigned long flags = spin_lock(&ep->lock);

	if (again && !it->removed && list_empty(&it->in_ready))
		list_push_back(&ep->ready, &it->in_ready);
	item_put_locked(it);
	spin_unlock(&ep->lock, flags);
	file_put(f);
}

static unsigned int ready_count(struct epoll *ep)
{
	unsigned long flags = spin_lock(&ep->lock);
	unsigned int n = 0;
	struct item *it;

	list_each(it, &ep->ready, in_ready)
		n++;
	spin_unlock(&ep->lock, flags);
	return n;
}

static bool maybe_ready(struct epoll *ep)
{
	unsigned long flags = spin_lock(&ep->lock);
	bool any = !list_empty(&ep->ready);

	spin_unlock(&ep->lock, flags);
	return any;
}

/* Up to `max` events. Looks at each item once: level-triggered ones go back to the end of the list. */
static int harvest(struct epoll *ep, struct arch_epoll_event *out, int max)
{
	unsigned int rounds = ready_count(ep);
	int n = 0;

	while (rounds-- && n < max) {
		struct item *it = pop_ready(ep);
		unsigned long flags;
		uint32_t bits;
		bool again;

		if (!it)
			break;
		bits = item_bits(it);
		flags = spin_lock(&ep->lock);
		if (it->removed)
			bits = 0;
		again = bits && !(it->events & (EPOLLET | EPOLLONESHOT));
		if (bits) {
			memset(&out[n], 0, sizeof(out[n]));
			out[n].events = bits;
			out[n++].data = it->data;
			if (it->events & EPOLLONESHOT)
				it->events &= FLAGS;
		}
		spin_unlock(&ep->lock, flags);
		push_back(it, again);
	}
	return n;
}

static unsigned int epoll_poll(struct file *f, struct waiter *w)
{
	struct epoll *ep = f->data;
	unsigned int rounds = ready_count(ep), bits = 0;

	if (w)
		waitq_add(&ep->queue, w);
	while (rounds-- && !bits) {
		struct item *it = pop_ready(ep);

		if (!it)
			break;
		bits = item_bits(it) ? POLLIN | POLLRDNORM : 0;
		push_back(it, bits);
	}
	return bits;
}

static const struct file_ops epoll_ops = { .poll = epoll_poll, .release = epoll_release };

/* The number of searches so far; `changing`. Each looks at an epoll once, however many ways lead to it. */
static uint64_t searches;

/* How many epolls are in a row from `f` down; more than NESTING_MAX if `target` is among them. */
static unsigned int levels_below(const struct file *f, const struct epoll *target)
{
	struct epoll *ep = f->data;
	unsigned int most = 0;
	struct item *it;

	if (f->ops != &epoll_ops)
		return 0;
	if (ep == target)
		return NESTING_MAX + 1;
	if (ep->search == searches)
		return ep->levels;
	for (unsigned int i = 0; i < BUCKETS; i++)
		list_each(it, &ep->buckets[i], in_epoll)
			most = MAX(most, levels_below(it->file, target));
	ep->search = searches;
	return ep->levels = most + 1;
}

/* And from `ep` up to who watches it. */
static unsigned int levels_above(struct epoll *ep)
{
	unsigned int most = 0;
	struct item *it;

	if (ep->search == searches)
		return ep->levels;
	list_each(it, &ep->file->epoll_items, in_file)
		most = MAX(most, levels_above(it->ep));
	ep->search = searches;
	return ep->levels = most + 1;
}

/* Polling and waking go from epoll to epoll on one kernel stack. */
static bool may_watch(struct epoll *ep, const struct file *f)
{
	unsigned int below;

	if (f->ops != &epoll_ops)
		return true;
	searches++;
	below = levels_below(f, ep);
	searches++;
	return below < NESTING_MAX && below + levels_above(ep) <= NESTING_MAX;
}

static long add(struct epoll *ep, struct file *f, int fd, const struct arch_epoll_event *ev)
{
	struct item *it;

	if (find(ep, f, fd))
		return -EEXIST;
	if (!may_watch(ep, f))
		return -ELOOP;
	it = kmalloc(sizeof(*it));
	if (!it)
		return -ENOMEM;
	it->ep = ep;
	it->file = f;
	it->fd = fd;
	it->events = ev->events;
	it->data = ev->data;
	it->refs = 1;
	list_init(&it->in_ready);
	list_push_back(&ep->buckets[(unsigned int)fd % BUCKETS], &it->in_epoll);
	list_push_back(&f->epoll_items, &it->in_file);
	waiter_init(&it->waiter);
	it->waiter.notify = notify;
	if (f->ops->poll(f, &it->waiter) & (ev->events | ALWAYS) & ~FLAGS)
		mark_ready(it);
	return 0;
}

static long modify(struct item *it, const struct arch_epoll_event *ev)
{
	struct epoll *ep = it->ep;
	unsigned long flags;

	if (it->events & EPOLLEXCLUSIVE || ev->events & EPOLLEXCLUSIVE)
		return -EINVAL;
	flags = spin_lock(&ep->lock);
	__atomic_store_n(&it->events, ev->events, __ATOMIC_RELAXED);
	it->data = ev->data;
	spin_unlock(&ep->lock, flags);
	if (item_bits(it))
		mark_ready(it);
	return 0;
}

static long control(struct epoll *ep, int op, struct file *f, int fd, const struct arch_epoll_event *ev)
{
	struct item *it;
	long r;

	if (!f->ops->poll)
		return -EPERM;
	if (f->data == ep && f->ops == &epoll_ops)
		return -EINVAL;
	mutex_lock(&changing);
	it = find(ep, f, fd);
	if (op == EPOLL_CTL_ADD) {
		r = add(ep, f, fd, ev);
	} else if (!it) {
		r = -ENOENT;
	} else if (op == EPOLL_CTL_MOD) {
		r = modify(it, ev);
	} else {
		remove_item(it);
		r = 0;
	}
	mutex_unlock(&changing);
	return r;
}

SYSCALL(epoll_ctl)
{
	struct arch_epoll_event ev = { 0 };
	int op = (int)arg[1];
	struct file *epf, *f;
	long r;

	if (op != EPOLL_CTL_DEL && copy_from_user(&ev, arg[3], sizeof(ev)))
		return -EFAULT;
	epf = fd_get((int)arg[0]);
	f = fd_get((int)arg[2]);
	if (!epf || !f)
		r = -EBADF;
	else if (epf->ops != &epoll_ops || op < EPOLL_CTL_ADD || op > EPOLL_CTL_MOD)
		r = -EINVAL;
	else
		r = control(epf->data, op, f, (int)arg[2], &ev);
	if (f)
		file_put(f);
	if (epf)
		file_put(epf);
	return r;
}

static long epoll_create_fd(unsigned int flags)
{
	struct epoll *ep;
	struct file *f;
	int fd;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	ep = kmalloc(sizeof(*ep));
	if (!ep)
		return -ENOMEM;
	for (unsigned int i = 0; i < BUCKETS; i++)
		list_init(&ep->buckets[i]);
	list_init(&ep->ready);
	waitq_init(&ep->queue);
	f = file_create_anon("anon_inode:[eventpoll]", 0600, &epoll_ops, ep, O_RDWR);
	if (!f) {
		kfree(ep);
		return -ENOMEM;
	}
	ep->file = f;
	fd = fd_install(f, flags & EPOLL_CLOEXEC);
	if (fd < 0)
		file_put(f);
	return fd;
}

SYSCALL(epoll_create) { return (int)arg[0] <= 0 ? -EINVAL : epoll_create_fd(0); }
SYSCALL(epoll_create1) { return epoll_create_fd((unsigned int)arg[0]); }

static long wait_events(struct epoll *ep, uaddr_t to, int max, uint64_t deadline)
{
	struct arch_epoll_event *out;
	long n, rc = 0;

	out = kmalloc((size_t)MIN(max, BATCH_MAX) * sizeof(*out));
	if (!out)
		return -ENOMEM;
	for (;;) {
		n = harvest(ep, out, MIN(max, BATCH_MAX));
		if (n || rc)
			break;
		if (!deadline)
			break;
		rc = wait_event(&ep->queue, maybe_ready(ep), deadline);
	}
	if (n && copy_to_user(to, out, (size_t)n * sizeof(*out)))
		n = -EFAULT;
	kfree(out);
	return n ? n : rc == -EINTR ? -EINTR : 0;
}

static long do_wait(int epfd, uaddr_t to, int max, uint64_t deadline, uaddr_t mask, uint64_t mask_size)
{
	struct file *f;
	long r;

	if (max <= 0 || (size_t)max > INT32_MAX / sizeof(struct arch_epoll_event))
		return -EINVAL;
	f = fd_get(epfd);
	if (!f)
		return -EBADF;
	r = f->ops == &epoll_ops ? sigmask_from_user(mask, mask_size) : -EINVAL;
	if (!r)
		r = wait_events(f->data, to, max, deadline);
	file_put(f);
	return r;
}

/* 0: do not wait at all. */
static uint64_t deadline_of_ms(int ms)
{
	return ms < 0 ? NO_DEADLINE : ms ? deadline_after(ms * 1000000LL) : 0;
}

SYSCALL(epoll_wait)
{
	return do_wait((int)arg[0], arg[1], (int)arg[2], deadline_of_ms((int)arg[3]), 0, 0);
}

SYSCALL(epoll_pwait)
{
	return do_wait((int)arg[0], arg[1], (int)arg[2], deadline_of_ms((int)arg[3]), arg[4], arg[5]);
}

SYSCALL(epoll_pwait2)
{
	uint64_t deadline;
	int err = deadline_from_user(arg[3], &deadline);

	return err ? err : do_wait((int)arg[0], arg[1], (int)arg[2], deadline, arg[4], arg[5]);
}

void epoll_init(void)
{
	mutex_init(&changing);
}
