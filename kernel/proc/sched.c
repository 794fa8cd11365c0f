/* SPDX-License-Identifier: MIT */
/* Who runs: real-time threads by priority, then all others in turn. A thread that sleeps before its slice is used
 * up has the rest of it when it wakes, and goes before those that wait for a new slice: so what waits for events
 * answers soon, and what computes gets an equal share in each round.
 * Owns: the run queue, thread states, CPU-time accounting. Relies on: arch_thread_switch().
 * Never: switches inside the kernel except when a thread blocks or calls sched_relax(); user mode is preempted in
 * return_to_user(). */
#include "abi/errno.h"
#include "abi/sched.h"
#include "core/log.h"
#include "mm/space.h"
#include "proc/internal.h"
#include "time/timekeeping.h"
#include "trap/trap.h"

#define SLICE_NS 10000000UL        /* at nice 0; a nice step is a twentieth of it */
#define RR_SLICE_NS 100000000UL
#define WAKE_GRANULARITY_NS 500000UL /* a thread that ran less is not preempted at once by one that wakes up */
#define LOAD_PERIOD_NS (5 * NSEC_PER_SEC)
#define LOAD_PERIODS_MAX 4000 /* of nobody: what was before is forgotten */

static struct spinlock lock;
/* lock */
static struct list queue = LIST_INIT(queue);
static unsigned int queued;
static uint64_t load_avg[3], load_next_ns;

static int priority(const struct thread *t)
{
	return t->policy == SCHED_FIFO || t->policy == SCHED_RR ? t->rt_priority : 0;
}

uint64_t sched_slice_ns(const struct thread *t)
{
	if (t->policy == SCHED_FIFO)
		return UINT64_MAX;
	if (t->policy == SCHED_RR)
		return RR_SLICE_NS;
	if (t->policy == SCHED_IDLE)
		return SLICE_NS / 20;
	return SLICE_NS / 20 * (uint64_t)(20 - t->nice);
}

/* Behind its equals; or, with some of its slice left, before those that wait for a new one. */
static void enqueue(struct thread *t, bool front)
{
	struct list *at = queue.prev;

	while (at != &queue) {
		const struct thread *before = list_entry(at, struct thread, run_link);

		if (priority(before) > priority(t) || (priority(before) == priority(t) && (!front || before->woken)))
			break;
		at = at->prev;
	}
	list_push_front(at, &t->run_link);
	queued++;
}

/* The best thread that no other CPU is still switching away from, or NULL. */
static struct thread *best(const struct cpu *cpu)
{
	struct thread *t;

	list_each(t, &queue, run_link)
		if (t == cpu->current || !__atomic_load_n(&t->on_cpu, __ATOMIC_ACQUIRE))
			return t;
	return NULL;
}

static void dequeue(struct thread *t)
{
	list_remove(&t->run_link);
	queued--;
	t->woken = false;
}

static void charge(struct thread *t, uint64_t now)
{
	uint64_t *sum = t->in_syscall ? &t->kernel_ns : &t->user_ns;

	if (now > t->last_switch_ns)
		__atomic_store_n(sum, *sum + (now - t->last_switch_ns), __ATOMIC_RELAXED);
	t->last_switch_ns = now;
}

void sched_charge(struct thread *t)
{
	unsigned long flags = arch_irq_save();

	charge(t, clock_now_ns());
	arch_irq_restore(flags);
}

void sched_enter_syscall(void)
{
	struct thread *t = current_thread();
	unsigned long flags = arch_irq_save();

	charge(t, clock_now_ns());
	t->in_syscall = true;
	arch_irq_restore(flags);
}

void sched_leave_kernel(void)
{
	struct thread *t = current_thread();

	if (t->in_syscall)
		charge(t, clock_now_ns());
	t->in_syscall = false;
}

static bool used_up(const struct thread *t, uint64_t now)
{
	return t->slice_used_ns + (now - t->slice_start_ns) >= sched_slice_ns(t);
}

/* `prev` stops running, or is asked whether it should: who runs next. */
static struct thread *choose(struct cpu *cpu, struct thread *prev, bool yield, uint64_t now)
{
	struct thread *next = best(cpu);
	bool fresh = yield || used_up(prev, now);

	if (prev->state != THREAD_RUNNABLE || prev == cpu->idle) {
		prev->slice_used_ns += now - prev->slice_start_ns;
		prev->sleep_start_ns = now;
	} else {
		prev->slice_used_ns = fresh ? 0 : prev->slice_used_ns + (now - prev->slice_start_ns);
		if (!next || priority(next) < priority(prev))
			return prev;
		dequeue(next);
		enqueue(prev, !fresh);
		return next;
	}
	if (!next)
		return cpu->idle;
	dequeue(next);
	return next;
}

/* With the lock held, `flags` from it; gives it back. */
static void switch_away(unsigned long flags, bool yield)
{
	struct cpu *cpu = arch_this_cpu();
	struct thread *prev = cpu->current, *next;
	uint64_t now = clock_now_ns();
	bool forced = prev->state == THREAD_RUNNABLE;

	ASSERT(!cpu->previous);
	cpu->need_resched = false;
	charge(prev, now);
	next = choose(cpu, prev, yield, now);
	next->slice_start_ns = now;
	next->last_switch_ns = now;
	if (next == prev) {
		spin_unlock(&lock, flags);
		return;
	}
	if (forced)
		prev->forced_switches++;
	else
		prev->voluntary_switches++;
	cpu->current = next;
	cpu->previous = prev;
	__atomic_store_n(&next->on_cpu, true, __ATOMIC_RELAXED);
	spin_unlock(&lock, arch_irq_save());
	if (prev->process->space != next->process->space)
		arch_space_switch(next->process->space ? &next->process->space->arch : NULL);
	arch_thread_switch(prev, next);
	sched_finish_switch();
	arch_irq_restore(flags);
}

void sched_finish_switch(void)
{
	unsigned long flags = arch_irq_save();
	struct cpu *cpu = arch_this_cpu();
	struct thread *prev = cpu->previous;

	if (prev) {
		bool dead = prev->state == THREAD_DEAD;

		cpu->previous = NULL;
		/* Release: with pick()'s acquire; the registers are saved before another CPU may load them. */
		__atomic_store_n(&prev->on_cpu, false, __ATOMIC_RELEASE);
		if (dead)
			thread_free(prev);
	}
	arch_irq_restore(flags);
}

void schedule(void)
{
	switch_away(spin_lock(&lock), false);
}

void sched_relax(void)
{
	if (__atomic_load_n(&arch_this_cpu()->need_resched, __ATOMIC_RELAXED))
		schedule();
}

void sched_yield_now(void)
{
	switch_away(spin_lock(&lock), true);
}

void sched_block(enum thread_state state)
{
	unsigned long flags = spin_lock(&lock);
	struct thread *t = current_thread();

	if (t->wake_pending && state != THREAD_DEAD) {
		spin_unlock(&lock, flags);
		return;
	}
	t->state = state;
	switch_away(flags, false);
}

static void make_runnable(struct thread *t, bool woken)
{
	struct cpu *cpu = arch_this_cpu();
	struct thread *running = cpu->current;
	uint64_t now = clock_now_ns();

	if (woken && now - t->sleep_start_ns >= SLICE_NS)
		t->slice_used_ns = 0;
	woken = woken && !priority(t) && t->slice_used_ns < sched_slice_ns(t);
	if (!woken)
		t->slice_used_ns = 0;
	t->woken = woken;
	t->state = THREAD_RUNNABLE;
	enqueue(t, woken);
	if (running == cpu->idle || priority(t) > priority(running) ||
	    (woken && priority(t) == priority(running) && now - running->slice_start_ns >= WAKE_GRANULARITY_NS))
		cpu->need_resched = true;
}

void sched_add(struct thread *t)
{
	unsigned long flags = spin_lock(&lock);

	make_runnable(t, false);
	spin_unlock(&lock, flags);
}

void sched_wake(struct thread *t)
{
	unsigned long flags = spin_lock(&lock);

	if (t->state == THREAD_SLEEPING || t->state == THREAD_STOPPED)
		make_runnable(t, true);
	else
		t->wake_pending = true;
	spin_unlock(&lock, flags);
}

void sleep_begin(void)
{
	unsigned long flags = spin_lock(&lock);

	current_thread()->wake_pending = false;
	spin_unlock(&lock, flags);
}

void sleep_cancel(void)
{
	sleep_begin();
}

static int commit(uint64_t deadline_ns, bool (*interrupted)(const struct thread *t))
{
	struct thread *t = current_thread();

	if (interrupted(t))
		return -EINTR;
	if (deadline_ns != NO_DEADLINE) {
		if (clock_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
		timer_arm(&t->sleep_timer, deadline_ns);
	}
	sched_block(THREAD_SLEEPING);
	if (deadline_ns != NO_DEADLINE)
		timer_cancel(&t->sleep_timer);
	if (interrupted(t))
		return -EINTR;
	return deadline_ns != NO_DEADLINE && clock_now_ns() >= deadline_ns ? -ETIMEDOUT : 0;
}

int sleep_commit(uint64_t deadline_ns)
{
	return commit(deadline_ns, signal_pending);
}

void sleep_commit_unbroken(void)
{
	sched_block(THREAD_SLEEPING);
}

int sleep_commit_killable(uint64_t deadline_ns)
{
	return commit(deadline_ns, signal_fatal_pending);
}

_Noreturn void sched_idle(void)
{
	arch_irq_save();
	for (;;) {
		if (list_empty(&queue)) {
			timer_stop_tick();
			arch_cpu_idle();
		}
		if (!list_empty(&queue))
			timer_restart_tick();
		schedule();
	}
}

unsigned int sched_runnable(void)
{
	unsigned long flags = spin_lock(&lock);
	unsigned int n = queued + (current_thread() != arch_this_cpu()->idle);

	spin_unlock(&lock, flags);
	return n;
}

/* Each 5 s the averages move towards the number n of runnable threads: a += (n - a) * (1 - e^(-5/T)); the factors for
 * T = 60, 300 and 900 s, in units of 2^-16, are 5236, 1083 and 363. Where the tick has stayed away nobody was runnable. */
static void update_load(uint64_t now)
{
	static const uint64_t factor[3] = { 5236, 1083, 363 };
	struct cpu *cpu = arch_this_cpu();
	int64_t n = (int64_t)(queued + (cpu->current != cpu->idle)) << 16;

	for (unsigned int late = 0; load_next_ns <= now; late++) {
		bool last = now - load_next_ns < LOAD_PERIOD_NS;

		if (late == LOAD_PERIODS_MAX)
			load_next_ns = now;
		load_next_ns += LOAD_PERIOD_NS;
		for (int i = 0; i < 3; i++)
			load_avg[i] += (uint64_t)(((last ? n : 0) - (int64_t)load_avg[i]) * (int64_t)factor[i] / 65536);
	}
}

void sched_load(uint64_t load[3])
{
	unsigned long flags = spin_lock(&lock);

	for (int i = 0; i < 3; i++)
		load[i] = load_avg[i];
	spin_unlock(&lock, flags);
}

int sched_set_policy(struct thread *t, int policy, int rt_priority)
{
	unsigned long flags = spin_lock(&lock);
	bool waiting = !list_empty(&t->run_link);

	if (waiting) {
		list_remove(&t->run_link);
		queued--;
	}
	t->policy = policy;
	t->rt_priority = rt_priority;
	if (waiting)
		enqueue(t, false);
	arch_this_cpu()->need_resched = true;
	spin_unlock(&lock, flags);
	return 0;
}

static bool sched_timer(struct trap_info *info)
{
	unsigned long flags = spin_lock(&lock);
	struct cpu *cpu = arch_this_cpu();
	struct thread *t = cpu->current;
	uint64_t now = clock_now_ns();

	(void)info;
	charge(t, now);
	if (!list_empty(&queue)) {
		struct thread *first = list_first(&queue, struct thread, run_link);

		if (t == cpu->idle || priority(first) > priority(t) ||
		    (priority(first) == priority(t) && (first->woken || used_up(t, now))))
			cpu->need_resched = true;
	}
	update_load(now);
	spin_unlock(&lock, flags);
	if (t != cpu->idle)
		cputime_tick(t);
	return true;
}
TRAP_HANDLER(TRAP_TIMER, sched_timer);
