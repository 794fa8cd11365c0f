/* SPDX-License-Identifier: MIT */
/* System calls of the programs that vdsorun has a say in: those that read a clock or wait, when another time is wanted,
 * and those that start to trace a process.
 *
 * Owns: the seccomp filter and its notifications. Relies on: Linux 5.9 (POLLHUP when nobody has the filter any more);
 * the tracer, which lets a process go that somebody else is to trace.
 * Never: changes what a call means, but for the time that it tells; what it can't answer goes on to the kernel. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "arch.h"
#include "vdsorun.h"
#include "waits.h"

#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))
#define ARG_LOW(i) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[i]))
#define EQUAL(value, skip_if, skip_if_not) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skip_if, skip_if_not)
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, action)

/* Calls that tell or take time. */
static const int timed[] = {
	SYS_clock_gettime, SYS_gettimeofday, SYS_clock_nanosleep, SYS_mq_timedsend, SYS_mq_timedreceive, SYS_timer_settime,
	SYS_timerfd_settime,
#ifdef SYS_futex_waitv
	SYS_futex_waitv,
#endif
#ifdef SYS_time
	SYS_time,
#endif
};
/* Calls that take longer or shorter at another rate. */
static const int rated[] = {
	SYS_nanosleep, SYS_ppoll, SYS_pselect6, SYS_rt_sigtimedwait, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_semtimedop,
	SYS_recvmmsg, SYS_io_getevents, SYS_setitimer, SYS_getitimer, SYS_timer_gettime, SYS_timerfd_gettime,
#ifdef SYS_io_pgetevents
	SYS_io_pgetevents,
#endif
#ifdef SYS_alarm
	SYS_alarm,
#endif
#ifdef SYS_select
	SYS_select,
#endif
#ifdef SYS_poll
	SYS_poll,
#endif
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
};

static struct sock_filter *put_calls(struct sock_filter *c, const int *nr, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		*c++ = (struct sock_filter)EQUAL((unsigned int)nr[i], 0, 1);
		*c++ = (struct sock_filter)ANSWER(SECCOMP_RET_USER_NOTIF);
	}
	return c;
}

/* The listener's descriptor; -1 if the kernel gives none. */
int calls_install(const struct run *run)
{
	struct sock_filter code[128], *c = code;
	struct sock_fprog program = { .filter = code };
	long fd;

#define PUT(...) (*c++ = (struct sock_filter)__VA_ARGS__)
	PUT(FIELD(arch));
	PUT(EQUAL(MACHINE_AUDIT, 1, 0));
	PUT(ANSWER(SECCOMP_RET_ALLOW));
	PUT(FIELD(nr));
	PUT(EQUAL(SYS_ptrace, 0, 6));
	PUT(ARG_LOW(0));
	PUT(EQUAL(PTRACE_TRACEME, 2, 0));
	PUT(EQUAL(PTRACE_ATTACH, 1, 0));
	PUT(EQUAL(PTRACE_SEIZE, 0, 1));
	PUT(ANSWER(SECCOMP_RET_USER_NOTIF));
	PUT(ANSWER(SECCOMP_RET_ALLOW));
	if (run->shape.wanted) {
		/* A futex with a time-out: argument 3, of two halves, is not 0. */
		PUT(EQUAL(SYS_futex, 0, 7));
		PUT(ARG_LOW(3));
		PUT(BPF_STMT(BPF_MISC | BPF_TAX, 0));
		PUT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3]) + 4));
		PUT(BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0));
		PUT(EQUAL(0, 1, 0));
		PUT(ANSWER(SECCOMP_RET_USER_NOTIF));
		PUT(ANSWER(SECCOMP_RET_ALLOW));
		c = put_calls(c, timed, sizeof(timed) / sizeof(timed[0]));
		if (run->shape.rate != 1)
			c = put_calls(c, rated, sizeof(rated) / sizeof(rated[0]));
	}
	PUT(ANSWER(SECCOMP_RET_ALLOW));
#undef PUT
	program.len = (unsigned short)(c - code);
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (fd < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return (int)fd;
}

/* The answer to call `id`: `result`, or, if `kernel`, what the kernel says. Nobody may be there to take it. */
void calls_answer(int listener, uint64_t id, bool kernel, long result)
{
	struct seccomp_notif_resp answer = { .id = id, .flags = kernel ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0 };

	if (!kernel) {
		answer.val = result < 0 ? 0 : result;
		answer.error = result < 0 ? (int)result : 0;
	}
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

bool calls_page_time(const struct run *run, int clock_id, struct vdk_timespec *ts)
{
	struct counter counter = run->shared->counter; /* the timekeeper holds its own at times */
	struct vdk_timekeeper tk = { .kpage = run->kpage, .sources = { &counter.cs, &counter.cs } };

	counter.held_reads = 0;
	return vdk_time_now(&tk, clock_id, ts);
}

long calls_give(pid_t pid, uint64_t at, const void *bytes, size_t size)
{
	struct iovec from = { (void *)bytes, size }, to = { (void *)at, size };

	return process_vm_writev(pid, &from, 1, &to, 1, 0) == (ssize_t)size ? 0 : -errno;
}

/* False: it is the kernel's. */
static bool tell_time(const struct run *run, const struct seccomp_notif *n, long *result)
{
	struct vdk_timespec ts;
	struct vdk_timeval tv;
	struct vdk_timezone tz = { 0, 0 };

	*result = 0;
	switch (n->data.nr) {
	case SYS_clock_gettime:
		if (!calls_page_time(run, (int)n->data.args[0], &ts))
			return false;
		*result = calls_give((pid_t)n->pid, n->data.args[1], &ts, sizeof(ts));
		break;
	case SYS_gettimeofday:
		if (!calls_page_time(run, VDK_CLOCK_REALTIME, &ts))
			return false;
		tv = (struct vdk_timeval){ ts.tv_sec, ts.tv_nsec / 1000 };
		if (n->data.args[0])
			*result = calls_give((pid_t)n->pid, n->data.args[0], &tv, sizeof(tv));
		if (!*result && n->data.args[1])
			*result = calls_give((pid_t)n->pid, n->data.args[1], &tz, sizeof(tz));
		break;
#ifdef SYS_time
	case SYS_time:
		if (!calls_page_time(run, VDK_CLOCK_REALTIME_COARSE, &ts))
			return false;
		if (n->data.args[0])
			*result = calls_give((pid_t)n->pid, n->data.args[0], &ts.tv_sec, sizeof(ts.tv_sec));
		if (!*result)
			*result = ts.tv_sec;
		break;
#endif
	default:
		return false;
	}
	return *result != -EPERM && *result != -ENOSYS;
}

void calls_handle(const struct run *run, int listener)
{
	struct seccomp_notif n;
	long result;
	pid_t target;

	memset(&n, 0, sizeof(n)); /* the kernel asks for it */
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) != 0)
		return; /* it was interrupted meanwhile */
	if (n.data.nr == SYS_ptrace) {
		target = n.data.args[0] == PTRACE_TRACEME ? (pid_t)n.pid : (pid_t)n.data.args[1];
		if (!tracer_release(target, n.id, n.data.args[0] == PTRACE_TRACEME))
			calls_answer(listener, n.id, true, 0);
		return;
	}
	run->shared->calls++;
	if (waits_begin(run, (pid_t)n.pid, n.data.nr, (const uint64_t *)n.data.args))
		return;
	if (tell_time(run, &n, &result))
		calls_answer(listener, n.id, false, result);
	else
		calls_answer(listener, n.id, true, 0);
}
