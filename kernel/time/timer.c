/* SPDX-License-Identifier: MIT */
/* Timers in order of expiry, and the timer interrupt that serves them and the tick, which stops while the CPU idles.
 * Owns: the heap of armed timers, the next tick. Relies on: timekeeping.h, arch_timer_arm().
 * Never: calls a timer's function with the lock held. */
#include "time/timer.h"

#include "core/cmdline.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "proc/process.h"
#include "time/clock.h"
#include "time/timekeeping.h"
#include "trap/trap.h"

static struct spinlock lock;
/* lock */
static struct timer *root;
static uint64_t next_tick_ns;
static bool tick_stopped, tick_always;
static uint64_t programmed_ns = UINT64_MAX; /* when the interrupt is due; UINT64_MAX: before timer_init() */
static struct timer *running;
static struct cpu *running_on;

static struct timer *meld(struct timer *a, struct timer *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (b->expires_ns < a->expires_ns) {
		struct timer *swap = a;

		a = b;
		b = swap;
	}
	b->prev = a;
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	return a;
}

/* The usual two passes: meld neighbours from left to right, then the results from right to left. */
static struct timer *meld_children(struct timer *first)
{
	struct timer *pairs = NULL, *heap = NULL;

	while (first) {
		struct timer *a = first, *b = a->next;

		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *rest = pairs->next;

		pairs->next = NULL;
		heap = meld(heap, pairs);
		pairs = rest;
	}
	return heap;
}

static void heap_insert(struct timer *t)
{
	t->child = t->next = t->prev = NULL;
	root = meld(root, t);
	t->armed = true;
}

static void heap_remove(struct timer *t)
{
	struct timer *below = meld_children(t->child);

	if (t == root) {
		root = below;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		root = meld(root, below);
	}
	t->child = t->next = t->prev = NULL;
	t->armed = false;
}

static void program(uint64_t now_ns)
{
	uint64_t due = root && root->expires_ns < next_tick_ns ? root->expires_ns : next_tick_ns;

	programmed_ns = due;
	arch_timer_arm(due > now_ns ? due - now_ns : 0);
}

void timer_setup(struct timer *t, void (*fn)(struct timer *t))
{
	*t = (struct timer){ .fn = fn };
}

void timer_arm(struct timer *t, uint64_t expires_ns)
{
	unsigned long flags = spin_lock(&lock);

	if (t->armed)
		heap_remove(t);
	t->expires_ns = expires_ns;
	heap_insert(t);
	if (next_tick_ns && root->expires_ns < programmed_ns)
		program(clock_now_ns());
	spin_unlock(&lock, flags);
}

bool timer_cancel(struct timer *t)
{
	for (;;) {
		unsigned long flags = spin_lock(&lock);
		bool armed = t->armed;
		bool elsewhere = running == t && running_on != arch_this_cpu();

		if (armed)
			heap_remove(t);
		spin_unlock(&lock, flags);
		if (!elsewhere)
			return armed;
		arch_cpu_relax();
	}
}

void timer_init(void)
{
	unsigned long flags = spin_lock(&lock);
	uint64_t now = clock_now_ns();

	tick_always = cmdline_is("nohz", "off");
	next_tick_ns = now + TICK_NS;
	program(now);
	spin_unlock(&lock, flags);
}

/* While the tick stands still the timekeeper is looked at as seldom as it allows. */
static uint64_t tick_period_ns(void)
{
	return tick_stopped ? timekeeping_max_idle_ns() : TICK_NS;
}

void timer_stop_tick(void)
{
	unsigned long flags = spin_lock(&lock);
	uint64_t now = clock_now_ns();

	if (next_tick_ns && !tick_stopped && !tick_always) {
		tick_stopped = true;
		next_tick_ns = time_add(now, tick_period_ns());
		program(now);
	}
	spin_unlock(&lock, flags);
}

void timer_restart_tick(void)
{
	unsigned long flags;
	uint64_t now;

	if (!tick_stopped)
		return;
	timekeeping_tick();
	flags = spin_lock(&lock);
	now = clock_now_ns();
	tick_stopped = false;
	next_tick_ns = now + TICK_NS;
	program(now);
	spin_unlock(&lock, flags);
}

/* Serves what was due on entry: what falls due meanwhile waits for the next interrupt, so that the program comes
 * to run in between. One CPU serves at a time, see `running`. */
static bool timers_timer(struct trap_info *info)
{
	unsigned long flags = spin_lock(&lock);
	uint64_t now = clock_now_ns();

	(void)info;
	while (!running && root && root->expires_ns <= now) {
		struct timer *t = root;

		heap_remove(t);
		running = t;
		running_on = arch_this_cpu();
		spin_unlock(&lock, flags);
		t->fn(t);
		flags = spin_lock(&lock);
		running = NULL;
	}
	now = clock_now_ns();
	if (next_tick_ns) {
		/* Ticks that were missed are not made up for: the timekeeper needs none of them. */
		if (next_tick_ns <= now) {
			uint64_t period = tick_period_ns();

			next_tick_ns += ((now - next_tick_ns) / period + 1) * period;
		}
		program(now);
	}
	spin_unlock(&lock, flags);
	return true;
}
TRAP_HANDLER(TRAP_TIMER, timers_timer);
