/* SPDX-License-Identifier: MIT */
/* The terminal as a device: reads, writes, ioctl, job control.
 * Owns: session and foreground group. Relies on: tty.c, and signals by process group.
 * Never: lets a background process read. */
#include "abi/poll.h"
#include "arch/arch.h"
#include "core/string.h"
#include "fs/console.h"
#include "fs/tty.h"
#include "fs/uio.h"
#include "fs/vfs.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "time/timekeeping.h"

#define CHUNK 256u
#define DECISECOND_NS (NSEC_PER_SEC / 10)
#define SPEED 115200u

static struct tty *const tty = &console_tty;

static bool controls(const struct process *p)
{
	return tty->session && p->sid == tty->session;
}

/* A background process touches its terminal: 0: let it; else -EIO or, after the signal, -ERESTARTSYS. */
static long check_background(int signo)
{
	struct process *p = current_process();

	if (!controls(p) || !tty->pgrp || p->pgid == tty->pgrp)
		return 0;
	if (!signal_would_act(signo))
		return signo == SIGTTIN ? -EIO : 0;
	if (process_group_orphaned(p->pgid))
		return -EIO;
	signal_kernel_group(p->pgid, signo);
	return -ERESTARTSYS;
}

static struct termios termios_now(void)
{
	unsigned long flags = spin_lock(&tty->lock);
	struct termios t = tty->termios;

	spin_unlock(&tty->lock, flags);
	return t;
}

/* Wait for `want` bytes (in canonical mode: a line). 0, -EINTR, -ETIMEDOUT. */
static long wait_input(unsigned int want, uint64_t deadline)
{
	return wait_event(&tty->queue_wait, tty_available(tty) >= want || tty->ended, deadline);
}

/* Until read() may take: 0, or its result. VMIN and VTIME are POSIX's four cases. */
static long wait_readable(const struct file *f, size_t n)
{
	struct termios t = termios_now();
	bool canonical = t.c_lflag & ICANON;
	unsigned int min = canonical ? 1 : (unsigned int)MIN((size_t)t.c_cc[VMIN], n);
	uint64_t time_ns = canonical ? 0 : t.c_cc[VTIME] * DECISECOND_NS;
	long r = 0;

	if (f->flags & O_NONBLOCK)
		return tty_available(tty) || tty->ended ? 0 : -EAGAIN;
	if (min && !time_ns)
		r = wait_input(min, NO_DEADLINE);
	else if (!min && time_ns)
		r = wait_input(1, clock_now_ns() + time_ns);
	for (unsigned int have = 0; min && time_ns && !r && have < min && !tty->ended;) {
		/* The timer runs between bytes only, and anew after each. */
		r = wait_input(have + 1, have ? clock_now_ns() + time_ns : NO_DEADLINE);
		have = tty_available(tty);
	}
	return r == -EINTR && !tty_available(tty) ? -ERESTARTSYS : 0;
}

static long tty_read(struct file *f, struct uio *u, uint64_t *pos)
{
	size_t n0 = u->left;
	char chunk[CHUNK];
	bool line_end, fault;
	size_t n;
	long r;

	(void)pos;
	for (;;) {
		r = check_background(SIGTTIN);
		if (!r)
			r = wait_readable(f, u->left);
		if (r)
			return r;
		do {
			n = tty_take(tty, chunk, MIN(u->left, sizeof(chunk)), &line_end);
			fault = uio_write(u, chunk, n) < n;
		} while (n == sizeof(chunk) && u->left && !line_end && !fault);
		console_drained();
		if (fault)
			return n0 == u->left ? -EFAULT : (long)(n0 - u->left);
		/* Another reader may have been faster. */
		if (n0 > u->left || line_end || tty->ended || !(termios_now().c_lflag & ICANON) ||
		    f->flags & O_NONBLOCK)
			return (long)(n0 - u->left);
	}
}

static long tty_write(struct file *f, struct uio *u, uint64_t *pos)
{
	size_t n0 = u->left;
	char chunk[CHUNK];
	long r = 0;

	(void)pos;
	if (termios_now().c_lflag & TOSTOP)
		r = check_background(SIGTTOU);
	if (r)
		return r;
	mutex_lock(&tty->writing);
	while (u->left && !r) {
		size_t want = MIN(u->left, sizeof(chunk)), n;
		unsigned long flags;

		if (tty->output_stopped) {
			r = -EAGAIN;
			if (!(f->flags & O_NONBLOCK))
				r = wait_event(&tty->queue_wait, !tty->output_stopped, NO_DEADLINE);
			if (r)
				break;
		}
		n = uio_read(u, chunk, want);
		flags = spin_lock(&tty->lock);
		tty_output_locked(tty, chunk, n);
		spin_unlock(&tty->lock, flags);
		if (n < want)
			r = -EFAULT;
	}
	mutex_unlock(&tty->writing);
	return n0 > u->left ? (long)(n0 - u->left) : r == -EINTR ? -ERESTARTSYS : r;
}

static unsigned int tty_poll(struct file *f, struct waiter *w)
{
	struct termios t = termios_now();
	unsigned int min = t.c_lflag & ICANON || t.c_cc[VTIME] || !t.c_cc[VMIN] ? 1 : t.c_cc[VMIN];
	unsigned int bits = tty->output_stopped ? 0 : POLLOUT | POLLWRNORM;

	(void)f;
	if (w)
		waitq_add(&tty->queue_wait, w);
	if (tty_available(tty) >= min)
		bits |= POLLIN | POLLRDNORM;
	if (tty->ended)
		bits |= POLLIN | POLLRDNORM | POLLHUP;
	return bits;
}

/* Is the terminal's session over, because its leader is gone? */
static bool session_over(void)
{
	struct process *leader = process_get(tty->session);
	bool over = !leader || leader->dead || leader->sid != tty->session;

	if (leader)
		process_put(leader);
	return over;
}

static void set_session(int sid, int pgrp)
{
	unsigned long flags = spin_lock(&tty->lock);

	tty->session = sid;
	tty->pgrp = pgrp;
	spin_unlock(&tty->lock, flags);
}

void tty_adopt(int sid, int pgid)
{
	set_session(sid, pgid);
}

void tty_session_end(int sid)
{
	int pgrp = tty->pgrp;

	if (!sid || tty->session != sid)
		return;
	set_session(0, 0);
	if (pgrp) {
		signal_kernel_group(pgrp, SIGHUP);
		signal_kernel_group(pgrp, SIGCONT);
	}
}

void tty_of_session(int sid, int *number, int *pgrp)
{
	bool ours = sid && tty->session == sid;

	*number = ours ? (int)DEV(5, 1) : 0;
	*pgrp = ours ? tty->pgrp : -1;
}

static long take_terminal(bool steal)
{
	struct process *p = current_process();

	if (controls(p))
		return p->sid == p->pid ? 0 : -EPERM;
	if (p->sid != p->pid)
		return -EPERM;
	if (tty->session && !session_over() && (!steal || fs_uid()))
		return -EPERM;
	set_session(p->sid, p->pgid);
	return 0;
}

static long leave_terminal(void)
{
	struct process *p = current_process();

	if (!controls(p))
		return -ENOTTY;
	/* One process cannot leave its session's terminal without the others here. */
	if (p->sid != p->pid)
		return -EPERM;
	tty_session_end(p->sid);
	return 0;
}

struct group_search {
	int pgid, sid;
	bool found;
};

static void look_for_group(struct process *p, void *arg)
{
	struct group_search *s = arg;

	s->found |= p->pgid == s->pgid && p->sid == s->sid;
}

static long set_foreground(uaddr_t arg)
{
	struct process *p = current_process();
	struct group_search search = { .sid = p->sid };
	long r = controls(p) ? check_background(SIGTTOU) : -ENOTTY;

	if (r)
		return r;
	if (copy_from_user(&search.pgid, arg, sizeof(search.pgid)))
		return -EFAULT;
	if (search.pgid < 0)
		return -EINVAL;
	process_each(look_for_group, &search);
	if (!search.found)
		return -EPERM;
	set_session(p->sid, search.pgid);
	return 0;
}

static long get_termios(uaddr_t arg, bool two)
{
	struct termios2 t = { .base = termios_now(), .c_ispeed = SPEED, .c_ospeed = SPEED };

	return copy_to_user(arg, &t, two ? sizeof(t) : sizeof(t.base));
}

static long change_termios(uaddr_t arg, bool two, bool flush)
{
	struct termios2 t;
	long r = check_background(SIGTTOU);

	if (r)
		return r;
	if (copy_from_user(&t, arg, two ? sizeof(t) : sizeof(t.base)))
		return -EFAULT;
	tty_set_termios(tty, &t.base, flush);
	return 0;
}

static long set_size(uaddr_t arg)
{
	struct winsize size;
	unsigned long flags;
	bool changed;

	if (copy_from_user(&size, arg, sizeof(size)))
		return -EFAULT;
	flags = spin_lock(&tty->lock);
	changed = memcmp(&size, &tty->size, sizeof(size));
	tty->size = size;
	spin_unlock(&tty->lock, flags);
	if (changed && tty->pgrp)
		signal_kernel_group(tty->pgrp, SIGWINCH);
	return 0;
}

#define TCIFLUSH 0
#define TCOFLUSH 1
#define TCIOFLUSH 2
#define TCOOFF 0
#define TCOON 1
#define TCION 3

static long flush(uint64_t what)
{
	long r = check_background(SIGTTOU);

	if (r || what > TCIOFLUSH)
		return r ? r : -EINVAL;
	if (what != TCOFLUSH)
		tty_flush_input(tty);
	return 0;
}

static long flow(uint64_t what)
{
	long r = check_background(SIGTTOU);
	unsigned long flags;

	if (r || what > TCION)
		return r ? r : -EINVAL;
	if (what <= TCOON) {
		flags = spin_lock(&tty->lock);
		tty->output_stopped = what == TCOOFF;
		spin_unlock(&tty->lock, flags);
		waitq_wake(&tty->queue_wait, WAKE_ALL);
	}
	return 0;
}

static long tty_ioctl(struct file *f, unsigned int cmd, uaddr_t arg)
{
	struct process *p = current_process();
	int value = 0;

	(void)f;
	switch (cmd) {
	case TCGETS:
	case TCGETS2:
		return get_termios(arg, cmd == TCGETS2);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return change_termios(arg, false, cmd == TCSETSF);
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
		return change_termios(arg, true, cmd == TCSETSF2);
	case TIOCGWINSZ:
		return copy_to_user(arg, &tty->size, sizeof(tty->size));
	case TIOCSWINSZ:
		return set_size(arg);
	case TIOCGPGRP:
	case TIOCGSID:
		if (!controls(p))
			return -ENOTTY;
		value = cmd == TIOCGSID ? tty->session : tty->pgrp;
		break;
	case TIOCSPGRP:
		return set_foreground(arg);
	case TIOCSCTTY:
		return take_terminal(arg == 1);
	case TIOCNOTTY:
		return leave_terminal();
	case FIONREAD:
		value = (int)tty_available(tty);
		break;
	case TIOCOUTQ:
	case TIOCGETD:
		break;
	case TCFLSH:
		return flush(arg);
	case TCXONC:
		return flow(arg);
	case TCSBRK:
	case TCSBRKP:
		return check_background(SIGTTOU);
	default:
		return -ENOTTY;
	}
	return copy_to_user(arg, &value, sizeof(value));
}

static const struct file_ops tty_ops = { .read = tty_read, .write = tty_write, .poll = tty_poll, .ioctl = tty_ioctl };

int tty_open(struct file *f, bool controlling)
{
	struct process *p = current_process();

	if (!console_is_terminal() || (controlling && !controls(p)))
		return -ENXIO;
	f->ops = &tty_ops;
	if (!controlling && !(f->flags & O_NOCTTY) && p->sid == p->pid && !controls(p) &&
	    (!tty->session || session_over()))
		set_session(p->sid, p->pgid);
	return 0;
}
