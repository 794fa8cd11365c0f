/* SPDX-License-Identifier: MIT */
/* Owns: what the files of kernel/proc share with each other, and with kernel/time for CPU-time accounting.
 * Relies on: proc/process.h. Lock order: process table, process->lock, signal_lock, sighand->lock, scheduler's
 * lock; the timers' lock and the heap's are innermost. A wait queue's lock is taken before the scheduler's.
 * Who may include: kernel/proc, kernel/time, kernel/syscall, kernel/fs/proc*.c. */
#ifndef VDK_KERNEL_PROC_INTERNAL_H
#define VDK_KERNEL_PROC_INTERNAL_H

#include "proc/process.h"

#define USER_HZ 100
#define PID_MAX 32768

#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9
#define RLIMIT_LOCKS 10
#define RLIMIT_SIGPENDING 11
#define RLIMIT_MSGQUEUE 12
#define RLIMIT_NICE 13
#define RLIMIT_RTPRIO 14
#define RLIMIT_RTTIME 15
#define RLIM_INFINITY UINT64_MAX

#define SIGBIT(n) (1UL << ((n) - 1))
#define SIG_UNBLOCKABLE (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define SIG_STOPS (SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define SIG_IGNORED_BY_DEFAULT (SIGBIT(SIGCONT) | SIGBIT(SIGCHLD) | SIGBIT(SIGWINCH) | SIGBIT(SIGURG))

/* --- process.c --- */
/* A process without threads, not yet in the table; NULL: no memory. Its parent is not set. */
struct process *process_create(void);
/* A thread of `p` with a kernel stack, not yet in the table; NULL: no memory. */
struct thread *thread_create(struct process *p);
void thread_free(struct thread *t);    /* never ran, or ran for the last time */
int pid_alloc_locked(void);            /* a number that no thread, process, group or session has; 0: none left */
bool pid_in_use_locked(int pid);
void thread_insert_locked(struct thread *t); /* into process and table */
void thread_remove_locked(struct thread *t); /* its times go to the process */
void thread_renumber_locked(struct thread *t, int tid);
void process_insert_locked(struct process *p);
/* A reaped zombie leaves the table; the caller puts the table's reference. */
void process_unlink_locked(struct process *p);
unsigned int process_count(void);
unsigned int thread_total(void);
extern struct process kernel_process;
extern struct list all_processes;      /* the table locked */

/* --- exit.c --- */
void exit_check(void);                 /* return_to_user(): ends the thread if its process is ending */
/* A zombie: SIGCHLD and wake-up; unlinks it if nobody wants to know. */
void exit_notify_parent_locked(struct process *p, struct list *reaped);
void process_reap_locked(struct process *p, struct list *reaped); /* sums its times up and unlinks it */
void process_reap_finish(struct list *reaped); /* frees them, unlocked */

/* --- ids.c --- */
/* No member, but for `ignored`, has a parent in another group of its session. */
bool group_orphaned_locked(int pgid, const struct process *ignored);
void session_leader_exit(struct process *p); /* nothing if it is none */

/* --- limits.c --- */
struct rusage_user;
void process_usage(struct process *p, struct rusage_user *u); /* its dead children's included */

/* --- sched.c, waitq.c --- */
void sched_finish_switch(void);        /* first thing a thread does after it was switched to */
void sched_block(enum thread_state state); /* until sched_wake(), unless that came since sleep_begin() */
void sched_charge(struct thread *t);   /* the current thread: account the time since the last call */
void sched_enter_syscall(void);        /* from here on time is the kernel's */
void sched_leave_kernel(void);         /* from here on it is the program's */
unsigned int sched_runnable(void);     /* those that run included */
void sched_load(uint64_t load[3]);     /* 1, 5 and 15 minutes, in units of 2^-16 */
int sched_set_policy(struct thread *t, int policy, int rt_priority);
void sched_yield_now(void);
uint64_t sched_slice_ns(const struct thread *t);
/* As sleep_commit, but only a deadly signal interrupts it. */
int sleep_commit_killable(uint64_t deadline_ns);

/* --- signal.c, sigqueue.c, deliver.c --- */
struct sighand *sighand_create(void);
void sighand_get(struct sighand *h);
void sighand_put(struct sighand *h);
void signal_action(struct process *p, int signo, struct sigaction_kernel *out);
bool signal_action_ignores(const struct sigaction_kernel *act, int signo); /* SIG_IGN, or a default that does nothing */
void sigpending_init(struct sigpending *q);
/* The next six with p->signal_lock held. Queue: 0, or -EAGAIN where RLIMIT_SIGPENDING lets a queued signal get lost;
 * `entry`, if not NULL, is queued itself rather than a copy of `info`. */
int sigpending_add(struct process *p, struct sigpending *q, const struct ksiginfo *info, struct ksiginfo *entry);
void sigpending_flush(struct process *p, struct sigpending *q, uint64_t set);
void sigpending_forget(struct process *p, struct ksiginfo *entry); /* a timer's entry, wherever it is queued, or not */
bool sigpending_take(struct process *p, struct sigpending *q, uint64_t set, struct ksiginfo *out);
bool signal_dequeue_locked(struct thread *t, uint64_t set, struct ksiginfo *out);
void signal_retarget(struct process *p); /* wake the threads that can take what is pending */
/* To the process, or to the thread `t` of it if not NULL. -EAGAIN as above; 1: ignored, nothing was queued; else 0. */
int signal_send(struct process *p, struct thread *t, const struct ksiginfo *info, struct ksiginfo *entry);
/* After a dequeue, no lock held: lets the timer whose signal it was go on. */
void signal_dequeued(struct ksiginfo *info);
bool signal_fatal_pending(const struct thread *t);
bool signal_kill_pending(const struct thread *t); /* SIGKILL, or its process is ending */
void signal_set_mask(uint64_t mask);   /* of the current thread */

/* --- futex.c --- */
void futex_exit(struct thread *t);     /* robust list and clear_child_tid; user memory still there */
void futex_wake_addr(uaddr_t addr, int n);

/* --- cputime.c --- */
void cputime_tick(struct thread *t);   /* timer interrupt: ITIMER_VIRTUAL, ITIMER_PROF, RLIMIT_CPU */

/* --- itimer.c, ptimer.c --- */
void itimer_real_expired(struct timer *t);
void itimer_signal_dequeued(struct process *p);
void ptimer_signal_dequeued(struct ksiginfo *info); /* sets overrun */
long ptimer_delete(int id);            /* of the current process: 0 or -EINVAL */
void ptimers_exit(struct process *p);  /* exec and exit of the current process: delete all; no lock held */

/* --- cred.c --- */
static inline bool process_privileged(const struct process *p) { return p->euid == 0; }

#endif
