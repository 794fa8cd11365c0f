/* SPDX-License-Identifier: MIT */
/* Owns: timers on CLOCK_MONOTONIC and the programming of the next timer interrupt.
 * Relies on: arch_timer_arm(), clock_now_ns().
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_TIME_TIMER_H
#define VDK_KERNEL_TIME_TIMER_H

#include "core/list.h"
#include "core/types.h"

#define HZ 250
#define TICK_NS (NSEC_PER_SEC / HZ)

/* A node of a pairing heap: `next` and `prev` link the children of one parent, the first child's `prev` is the
 * parent. */
struct timer {
	struct timer *child, *next, *prev;
	bool armed;
	uint64_t expires_ns;          /* MONOTONIC */
	void (*fn)(struct timer *t);  /* interrupt context; may arm the timer again */
};

void timer_init(void); /* starts the tick: HZ interrupts a second, more when timers need them */

/* Interrupts off, this CPU about to idle: no tick from now on, only timers. With `nohz=off` the tick goes on. */
void timer_stop_tick(void);
/* It is about to run something: the coarse clocks are brought up to date first. No-op if the tick goes. */
void timer_restart_tick(void);

void timer_setup(struct timer *t, void (*fn)(struct timer *t));
void timer_arm(struct timer *t, uint64_t expires_ns); /* moves it if it is armed */
/* True: it was armed and will not fire. On return its function does not run on another CPU either, so hold no lock
 * that the function takes. */
bool timer_cancel(struct timer *t);

#endif
