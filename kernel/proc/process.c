/* SPDX-License-Identifier: MIT */
/* The table of processes and threads, their memory, and the first of them.
 * Owns: the table, its lock, pid numbers. Relies on: kmalloc(), exec_program().
 * Never: ends a process; that is exit.c. */
#include "proc/process.h"

#include "abi/errno.h"
#include "core/log.h"
#include "core/selftest.h"
#include "core/string.h"
#include "fs/file.h"
#include "fs/timens.h"
#include "mm/kmalloc.h"
#include "mm/kstack.h"
#include "proc/internal.h"

#include "syscall/internal.h"
#include "time/timekeeping.h"

#define HASH_SIZE 256
#define PID_FIRST_AGAIN 300 /* numbers start here once they have wrapped, as on Linux */
#define STACK_MAGIC 0x6b646b2073746163UL
#define FD_SOFT 1024
#define FD_HARD 4096

struct process kernel_process;
struct list all_processes = LIST_INIT(all_processes);

static struct cpu boot_cpu;
static struct thread boot_idle;
static struct spinlock table_lock;
/* table_lock */
static struct list process_hash[HASH_SIZE], thread_hash[HASH_SIZE];
static int last_pid;
static bool pid_wrapped;
static unsigned int processes, threads;

unsigned long process_table_lock(void)
{
	return spin_lock(&table_lock);
}

void process_table_unlock(unsigned long flags)
{
	spin_unlock(&table_lock, flags);
}

static void process_setup(struct process *p)
{
	list_init(&p->all_link);
	list_init(&p->hash_link);
	list_init(&p->children);
	list_init(&p->sibling);
	list_init(&p->threads);
	list_init(&p->posix_timers);
	waitq_init(&p->child_wait);
	waitq_init(&p->vfork_wait);
	waitq_init(&p->threads_wait);
	sigpending_init(&p->pending);
	timer_setup(&p->alarm, itimer_real_expired);
	p->refs = 1;
}

static void sleep_expired(struct timer *timer)
{
	sched_wake(container_of(timer, struct thread, sleep_timer));
}

static void thread_setup(struct thread *t, struct process *p)
{
	t->process = p;
	list_init(&t->in_process);
	list_init(&t->hash_link);
	list_init(&t->run_link);
	sigpending_init(&t->pending);
	timer_setup(&t->sleep_timer, sleep_expired);
	t->altstack_flags = SS_DISABLE;
	t->in_syscall = true;
}

void process_init(void)
{
	for (int i = 0; i < HASH_SIZE; i++) {
		list_init(&process_hash[i]);
		list_init(&thread_hash[i]);
	}
	process_setup(&kernel_process);
	strlcpy(kernel_process.name, "kernel", sizeof(kernel_process.name));
	thread_setup(&boot_idle, &kernel_process);
	boot_idle.on_cpu = true;
	boot_cpu.current = boot_cpu.idle = &boot_idle;
	arch_set_this_cpu(&boot_cpu);
}

struct process *process_create(void)
{
	struct process *p = kmalloc(sizeof(*p));

	if (!p)
		return NULL;
	process_setup(p);
	p->start_ns = clock_now_ns();
	return p;
}

void process_put(struct process *p)
{
	if (__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (p->sighand)
		sighand_put(p->sighand);
	timens_exit(p);
	kfree(p->groups);
	kfree(p);
}

struct thread *thread_create(struct process *p)
{
	struct thread *t = kmalloc(sizeof(*t));
	char *stack = t ? kstack_alloc() : NULL;

	if (!stack) {
		kfree(t);
		return NULL;
	}
	thread_setup(t, p);
	t->kstack = stack;
	*(uint64_t *)t->kstack = STACK_MAGIC;
	__atomic_add_fetch(&p->refs, 1, __ATOMIC_RELAXED);
	return t;
}

void thread_free(struct thread *t)
{
	ASSERT(*(uint64_t *)t->kstack == STACK_MAGIC);
	ASSERT(list_empty(&t->in_process) && list_empty(&t->run_link));
	arch_thread_free(t);
	kstack_free(t->kstack);
	process_put(t->process);
	kfree(t);
}

struct process *process_find(int pid)
{
	struct process *p;

	if (pid <= 0)
		return NULL;
	list_each(p, &process_hash[pid % HASH_SIZE], hash_link)
		if (p->pid == pid)
			return p;
	return NULL;
}

struct process *process_get(int pid)
{
	unsigned long flags = process_table_lock();
	struct process *p = process_find(pid);

	if (p)
		__atomic_add_fetch(&p->refs, 1, __ATOMIC_RELAXED);
	process_table_unlock(flags);
	return p;
}

struct thread *thread_find(int tid)
{
	struct thread *t;

	if (tid <= 0)
		return NULL;
	list_each(t, &thread_hash[tid % HASH_SIZE], hash_link)
		if (t->tid == tid)
			return t;
	return NULL;
}

void process_each(void (*fn)(struct process *p, void *arg), void *arg)
{
	unsigned long flags = process_table_lock();
	struct process *p;

	list_each(p, &all_processes, all_link)
		fn(p, arg);
	process_table_unlock(flags);
}

bool pid_in_use_locked(int pid)
{
	struct process *p;

	if (process_find(pid) || thread_find(pid))
		return true;
	list_each(p, &all_processes, all_link)
		if (p->pgid == pid || p->sid == pid)
			return true;
	return false;
}

int pid_alloc_locked(void)
{
	for (int tries = 0; tries < PID_MAX; tries++) {
		if (++last_pid >= PID_MAX) {
			last_pid = PID_FIRST_AGAIN;
			pid_wrapped = true;
		}
		/* Before the first wrap only clone3's set_tid can have taken a number ahead. */
		if (pid_wrapped ? !pid_in_use_locked(last_pid) : !process_find(last_pid) && !thread_find(last_pid))
			return last_pid;
	}
	return 0;
}

void process_insert_locked(struct process *p)
{
	list_push_back(&all_processes, &p->all_link);
	list_push_back(&process_hash[p->pid % HASH_SIZE], &p->hash_link);
	processes++;
}

void process_unlink_locked(struct process *p)
{
	list_remove(&p->all_link);
	list_remove(&p->hash_link);
	list_remove(&p->sibling);
	processes--;
}

void thread_insert_locked(struct thread *t)
{
	struct process *p = t->process;
	unsigned long flags = spin_lock(&p->lock);
	unsigned long signal_flags = spin_lock(&p->signal_lock);

	list_push_back(&p->threads, &t->in_process);
	p->thread_count++;
	p->live_threads++;
	list_push_back(&thread_hash[t->tid % HASH_SIZE], &t->hash_link);
	threads++;
	spin_unlock(&p->signal_lock, signal_flags);
	spin_unlock(&p->lock, flags);
}

void thread_remove_locked(struct thread *t)
{
	struct process *p = t->process;
	unsigned long flags = spin_lock(&p->lock);
	unsigned long signal_flags = spin_lock(&p->signal_lock);

	list_remove(&t->in_process);
	list_remove(&t->hash_link);
	p->thread_count--;
	threads--;
	sigpending_flush(p, &t->pending, UINT64_MAX);
	p->user_ns += t->user_ns;
	p->kernel_ns += t->kernel_ns;
	p->dead_switches[0] += t->voluntary_switches;
	p->dead_switches[1] += t->forced_switches;
	if (p->thread_count) {
		if (p->stop_status && p->stopped_threads == p->thread_count)
			p->notify_stopped = true;
		signal_retarget(p);
	}
	spin_unlock(&p->signal_lock, signal_flags);
	spin_unlock(&p->lock, flags);
}

void thread_renumber_locked(struct thread *t, int tid)
{
	list_remove(&t->hash_link);
	t->tid = tid;
	list_push_back(&thread_hash[tid % HASH_SIZE], &t->hash_link);
}

unsigned int process_count(void)
{
	return __atomic_load_n(&processes, __ATOMIC_RELAXED);
}

unsigned int thread_total(void)
{
	return __atomic_load_n(&threads, __ATOMIC_RELAXED);
}

/* Linux's, for a machine of this size; the descriptors' hard limit is its boot-time value. */
static void default_limits(struct process *p)
{
	uint64_t many = PID_MAX / 2;

	for (int i = 0; i < 16; i++)
		p->rlimits[i][0] = p->rlimits[i][1] = RLIM_INFINITY;
	p->rlimits[RLIMIT_STACK][0] = 8UL << 20;
	p->rlimits[RLIMIT_CORE][0] = 0;
	p->rlimits[RLIMIT_NPROC][0] = p->rlimits[RLIMIT_NPROC][1] = many;
	p->rlimits[RLIMIT_NOFILE][0] = FD_SOFT;
	p->rlimits[RLIMIT_NOFILE][1] = FD_HARD;
	p->rlimits[RLIMIT_MEMLOCK][0] = p->rlimits[RLIMIT_MEMLOCK][1] = 8UL << 20;
	p->rlimits[RLIMIT_SIGPENDING][0] = p->rlimits[RLIMIT_SIGPENDING][1] = many;
	p->rlimits[RLIMIT_MSGQUEUE][0] = p->rlimits[RLIMIT_MSGQUEUE][1] = 819200;
	p->rlimits[RLIMIT_NICE][0] = p->rlimits[RLIMIT_NICE][1] = 0;
	p->rlimits[RLIMIT_RTPRIO][0] = p->rlimits[RLIMIT_RTPRIO][1] = 0;
}

static void first_program(void *arg)
{
	static char *const env[] = { "PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/", "TERM=linux", "PWD=/", NULL };
	char *const *argv = arg;
	int rc;

	sched_finish_switch();
	arch_irq_enable();
	rc = console_open_std(current_process()->files);
	if (rc)
		panic("cannot open the console: %s", errno_name(-rc));
	rc = exec_program(argv[0], argv, env);
	if (rc)
		panic("cannot run %s: %s", argv[0], errno_name(-rc));
	arch_return_to_user();
}

_Noreturn void process_start_first(char *const argv[])
{
	struct process *p = process_create();
	struct thread *t = p ? thread_create(p) : NULL;
	unsigned long flags;

	selftest();
	if (t) {
		p->files = files_create();
		p->fs = fs_context_create();
		p->sighand = sighand_create();
	}
	if (!t || !p->files || !p->fs || !p->sighand)
		panic("cannot run %s: ENOMEM", argv[0]);
	default_limits(p);
	p->parent = &kernel_process;
	arch_thread_init(t, first_program, (void *)argv);
	flags = process_table_lock();
	p->pid = p->pgid = p->sid = t->tid = pid_alloc_locked();
	ASSERT(p->pid == 1);
	process_insert_locked(p);
	thread_insert_locked(t);
	process_table_unlock(flags);
	sched_add(t);
	sched_idle();
}
