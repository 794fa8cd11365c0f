/* SPDX-License-Identifier: MIT */
/* /proc/PID/stat, status and their like, also for one thread.
 * Owns: nothing. Relies on: process->lock, then signal_lock, then sighand->lock.
 * Never: says a figure that nobody counts; those are 0. */
#include "core/log.h"
#include "core/string.h"
#include "fs/console.h"
#include "fs/proc.h"
#include "fs/timens.h"
#include "mm/space.h"
#include "proc/internal.h"
#include "vdk/clock.h"

#define ALL_CAPABILITIES 0x1ffffffffffUL /* Linux 6.1 has 41 */
#define NS_PER_TICK ((uint64_t)NSEC_PER_SEC / USER_HZ)

/* One moment of a process, or of one of its threads. */
struct snapshot {
	int pid, tid, ppid, pgid, sid, exit_signal, exit_status, nice, policy, rt_priority;
	char name[16], state;
	uint32_t uid[3], gid[3], groups[32], umask;
	unsigned int group_count, threads, queued;
	bool no_new_privs;
	uint64_t user_ns, kernel_ns, child_user_ns, child_kernel_ns, start_ns, switches[2];
	uint64_t queue_limit, pending, shared_pending, blocked, ignored, caught;
	size_t mapped, resident, fd_size;
	uaddr_t start_stack, arg_start, arg_end, env_start, env_end, brk_start;
};

static char state_of(const struct process *p, const struct thread *t)
{
	if (p->dead || !t || t->state == THREAD_DEAD)
		return 'Z';
	return t->state == THREAD_RUNNABLE ? 'R' : t->state == THREAD_STOPPED ? 'T' : 'S';
}

static void take_signals(struct snapshot *s, struct process *p, const struct thread *t)
{
	unsigned long flags = spin_lock(&p->signal_lock), inner;
	struct sighand *h = p->sighand;

	s->shared_pending = p->pending.set;
	s->queued = p->queued_signals;
	s->queue_limit = p->rlimits[RLIMIT_SIGPENDING][0];
	if (t) {
		s->pending = t->pending.set;
		s->blocked = t->sigmask;
	}
	if (h) {
		inner = spin_lock(&h->lock);
		for (unsigned int i = 0; i < NSIG; i++) {
			if (h->actions[i].handler == SIG_IGN)
				s->ignored |= 1UL << i;
			else if (h->actions[i].handler != SIG_DFL)
				s->caught |= 1UL << i;
		}
		spin_unlock(&h->lock, inner);
	}
	spin_unlock(&p->signal_lock, flags);
}

static void take_memory(struct snapshot *s, struct process *p)
{
	struct space *m = proc_space(p);
	struct files *f = proc_files(p);

	if (m) {
		s->mapped = m->mapped_pages;
		s->resident = m->resident_pages;
		s->start_stack = m->start_stack;
		s->arg_start = m->arg_start;
		s->arg_end = m->arg_end;
		s->env_start = m->env_start;
		s->env_end = m->env_end;
		s->brk_start = m->brk_start;
		space_put(m);
	}
	if (f) {
		s->fd_size = files_capacity(f);
		files_put(f);
	}
}

static void take_ids(struct snapshot *s, struct process *p)
{
	const uint32_t uid[3] = { p->uid, p->euid, p->suid }, gid[3] = { p->gid, p->egid, p->sgid };
	unsigned long flags = spin_lock(&p->lock);

	memcpy(s->uid, uid, sizeof(uid));
	memcpy(s->gid, gid, sizeof(gid));
	s->group_count = MIN(p->group_count, (unsigned int)ARRAY_SIZE(s->groups));
	if (s->group_count)
		memcpy(s->groups, p->groups, s->group_count * sizeof(s->groups[0]));
	s->umask = p->fs ? p->fs->umask : 0;
	spin_unlock(&p->lock, flags);
}

/* The table is locked, so that neither the process's place nor the thread goes away. */
static bool take_thread(struct snapshot *s, struct process *p, int tid)
{
	struct thread *t = thread_find(tid < 0 ? p->pid : tid);

	if (t && t->process != p)
		t = NULL;
	if (!t && tid >= 0)
		return false;
	s->tid = t ? t->tid : p->pid;
	s->ppid = p->parent ? p->parent->pid : 0;
	s->pgid = p->pgid;
	s->sid = p->sid;
	s->state = state_of(p, t);
	strlcpy(s->name, t && t->tid != p->pid ? t->name : p->name, sizeof(s->name));
	if (t) {
		s->nice = t->nice;
		s->policy = t->policy;
		s->rt_priority = t->rt_priority;
		s->switches[0] = t->voluntary_switches;
		s->switches[1] = t->forced_switches;
		if (tid >= 0)
			thread_cpu_time(t, &s->user_ns, &s->kernel_ns);
	}
	take_signals(s, p, t);
	return true;
}

static int take(const struct synth_node *n, struct snapshot *s)
{
	struct process *p = proc_process(n);
	unsigned long flags;
	bool there;

	memset(s, 0, sizeof(*s));
	if (!p)
		return -ESRCH;
	s->pid = p->pid;
	s->threads = p->thread_count;
	s->no_new_privs = p->no_new_privs;
	s->exit_signal = p->exit_signal;
	s->exit_status = p->dead ? p->exit_status : 0;
	s->start_ns = p->start_ns;
	s->child_user_ns = p->child_user_ns;
	s->child_kernel_ns = p->child_kernel_ns;
	process_cpu_time(p, &s->user_ns, &s->kernel_ns);
	flags = process_table_lock();
	there = take_thread(s, p, n->id[PROC_SUB]);
	process_table_unlock(flags);
	take_ids(s, p);
	take_memory(s, p);
	process_put(p);
	return there ? 0 : -ESRCH;
}

int proc_stat(const struct synth_node *n, struct text *t)
{
	struct snapshot s;
	int err = take(n, &s), tty, tpgid;

	if (err)
		return err;
	tty_of_session(s.sid, &tty, &tpgid);
	text_printf(t, "%d (%s) %c %d %d %d %d %d 0 0 0 0 0 %lu %lu %lu %lu ", s.tid, s.name, s.state, s.ppid, s.pgid,
		    s.sid, tty, tpgid, s.user_ns / NS_PER_TICK, s.kernel_ns / NS_PER_TICK,
		    s.child_user_ns / NS_PER_TICK, s.child_kernel_ns / NS_PER_TICK);
	text_printf(t, "%d %d %u 0 %lu %lu %zu %lu 0 0 %lu 0 0 ", s.rt_priority ? -1 - s.rt_priority : 20 + s.nice,
		    s.nice, s.threads, (s.start_ns + (uint64_t)timens_offset_ns(VDK_CLOCK_BOOTTIME)) / NS_PER_TICK,
		    s.mapped * PAGE_SIZE, s.resident, UINT64_MAX, s.start_stack);
	text_printf(t, "%lu %lu %lu %lu 0 0 0 %d 0 %d %d 0 0 0 0 0 %lu %lu %lu %lu %lu %d\n", s.pending & INT32_MAX,
		    s.blocked & INT32_MAX, s.ignored & INT32_MAX, s.caught & INT32_MAX, s.exit_signal, s.rt_priority,
		    s.policy, s.brk_start, s.arg_start, s.arg_end, s.env_start, s.env_end, s.exit_status);
	return 0;
}

static const char *state_text(char state)
{
	switch (state) {
	case 'R':
		return "R (running)";
	case 'S':
		return "S (sleeping)";
	case 'T':
		return "T (stopped)";
	default:
		return "Z (zombie)";
	}
}

static void show_ids(const struct snapshot *s, struct text *t)
{
	text_printf(t, "Uid:\t%u\t%u\t%u\t%u\n", s->uid[0], s->uid[1], s->uid[2], s->uid[1]);
	text_printf(t, "Gid:\t%u\t%u\t%u\t%u\n", s->gid[0], s->gid[1], s->gid[2], s->gid[1]);
	text_printf(t, "FDSize:\t%zu\nGroups:\t", s->fd_size);
	for (unsigned int i = 0; i < s->group_count; i++)
		text_printf(t, "%u ", s->groups[i]);
	text_printf(t, "\nNSpgid:\t%d\nNSsid:\t%d\n", s->pgid, s->sid);
}

static void show_signals(const struct snapshot *s, struct text *t)
{
	const struct {
		const char *name;
		uint64_t set;
	} sets[] = {
		{ "SigPnd", s->pending }, { "ShdPnd", s->shared_pending }, { "SigBlk", s->blocked },
		{ "SigIgn", s->ignored }, { "SigCgt", s->caught },
	};

	text_printf(t, "SigQ:\t%u/%lu\n", s->queued, s->queue_limit);
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		text_printf(t, "%s:\t%016lx\n", sets[i].name, sets[i].set);
}

static void show_capabilities(const struct snapshot *s, struct text *t)
{
	uint64_t permitted = s->uid[0] && s->uid[1] && s->uid[2] ? 0 : ALL_CAPABILITIES;
	uint64_t effective = s->uid[1] ? 0 : ALL_CAPABILITIES;

	text_printf(t, "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\n", 0UL,
		    permitted, effective, ALL_CAPABILITIES, 0UL);
}

int proc_status(const struct synth_node *n, struct text *t)
{
	struct snapshot s;
	int err = take(n, &s);

	if (err)
		return err;
	text_printf(t, "Name:\t%s\nUmask:\t%04o\nState:\t%s\n", s.name, s.umask, state_text(s.state));
	text_printf(t, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", s.pid, s.tid, s.ppid);
	show_ids(&s, t);
	if (s.mapped) {
		text_printf(t, "VmSize:\t%8zu kB\n", s.mapped * PAGE_SIZE / 1024);
		text_printf(t, "VmRSS:\t%8zu kB\n", s.resident * PAGE_SIZE / 1024);
	}
	text_printf(t, "Threads:\t%u\n", s.threads);
	show_signals(&s, t);
	show_capabilities(&s, t);
	text_printf(t, "NoNewPrivs:\t%d\n", s.no_new_privs);
	text_printf(t, "Cpus_allowed:\t%x\nCpus_allowed_list:\t%u\n", 1u << arch_this_cpu()->id, arch_this_cpu()->id);
	text_printf(t, "voluntary_ctxt_switches:\t%lu\n", s.switches[0]);
	text_printf(t, "nonvoluntary_ctxt_switches:\t%lu\n", s.switches[1]);
	return 0;
}

int proc_comm(const struct synth_node *n, struct text *t)
{
	struct snapshot s;
	int err = take(n, &s);

	if (!err)
		text_printf(t, "%s\n", s.name);
	return err;
}

static void show_limit(struct text *t, uint64_t v)
{
	char number[24] = "unlimited";

	if (v != RLIM_INFINITY)
		snprintf(number, sizeof(number), "%lu", v);
	text_printf(t, "%-20s ", number);
}

int proc_limits(const struct synth_node *n, struct text *t)
{
	static const struct {
		const char *name, *unit;
	} limits[16] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", "" },
		[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};
	struct process *p = proc_process(n);

	if (!p)
		return -ESRCH;
	text_printf(t, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		text_printf(t, "%-25s ", limits[i].name);
		show_limit(t, p->rlimits[i][0]);
		show_limit(t, p->rlimits[i][1]);
		text_printf(t, "%-10s\n", limits[i].unit);
	}
	process_put(p);
	return 0;
}

int proc_syscalls(const struct synth_node *n, struct text *t)
{
	struct process *p = proc_process(n);

	if (!p)
		return -ESRCH;
	for (unsigned int i = 0; i < SYSCALL_COUNT; i++) {
		uint64_t calls = __atomic_load_n(&p->syscalls[i], __ATOMIC_RELAXED);

		if (calls && syscall_name(i))
			text_printf(t, "%s %lu\n", syscall_name(i), calls);
	}
	process_put(p);
	return 0;
}
