/* SPDX-License-Identifier: MIT */
/* Owns: processes and threads.
 * Relies on: mm/space.h, fs/file.h, arch/arch.h.
 * Who may include: kernel files that need the current process. */
#ifndef VDK_KERNEL_PROC_PROCESS_H
#define VDK_KERNEL_PROC_PROCESS_H

#include "abi/signal.h"
#include "arch/arch.h"
#include "core/list.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "proc/wait.h"
#include "syscall/syscall.h"
#include "time/timer.h"

struct files;
struct fs_context;
struct posix_timer;
struct space;
struct timens;

/* A queued signal. */
struct ksiginfo {
	struct list link; /* in a pending queue */
	int signo, code, err;
	int pid;
	uint32_t uid;
	int status;         /* SIGCHLD; also the timer id */
	uint64_t addr;      /* faults */
	uint64_t value;     /* sigqueue */
	uint64_t utime, stime; /* SIGCHLD: clock ticks (USER_HZ) */
	int overrun;        /* SI_TIMER */
	struct posix_timer *timer; /* SI_TIMER: the entry is part of this timer, else NULL */
};

struct sigpending {
	uint64_t set; /* bit n-1: signal n */
	struct list queue;
};

/* What CLONE_SIGHAND shares. */
struct sighand {
	unsigned int refs; /* atomic */
	struct spinlock lock;
	struct sigaction_kernel actions[NSIG]; /* lock; signal n at n-1 */
};

struct cpu_timer { /* ITIMER_VIRTUAL, ITIMER_PROF: CPU time at which it goes off, 0: not armed */
	uint64_t expires_ns, interval_ns;
};

enum thread_state { THREAD_RUNNABLE, THREAD_SLEEPING, THREAD_STOPPED, THREAD_DEAD };

struct thread {
	int tid;
	struct process *process;
	char name[16];          /* PR_SET_NAME; the first thread's is process->name */
	struct list in_process; /* changed with process->lock and signal_lock held, read with either */
	struct list hash_link;  /* process table's lock */
	char *kstack;           /* lowest address; NULL for a CPU's first (idle) thread */
	struct arch_thread arch;

	/* scheduler's lock */
	struct list run_link;
	enum thread_state state;
	bool wake_pending;      /* woken between sleep_begin and sleep_commit */
	bool on_cpu;            /* running, or its registers are not yet saved */
	int policy, rt_priority, nice;
	bool reset_on_fork;     /* SCHED_RESET_ON_FORK */
	uint64_t slice_start_ns, slice_used_ns, sleep_start_ns;
	bool woken;             /* waits before those whose slice is used up */
	uint64_t user_ns, kernel_ns, last_switch_ns; /* written by the CPU it runs on */
	bool in_syscall;        /* time since last_switch_ns is the kernel's, not the program's */
	uint64_t voluntary_switches, forced_switches;

	/* process->signal_lock */
	uint64_t sigmask, saved_sigmask;
	uint64_t sigwait;       /* blocked signals that sigtimedwait waits for */
	bool restore_sigmask;   /* sigsuspend, ppoll: put saved_sigmask back after the handler's frame */
	struct sigpending pending;
	uaddr_t altstack;
	uint64_t altstack_size;
	uint32_t altstack_flags;

	/* the thread itself */
	uaddr_t clear_child_tid, robust_list;
	uint32_t personality;
	struct timer sleep_timer;
	struct { /* ERESTART_RESTARTBLOCK: the same call is made again and finds its deadline here */
		uint64_t deadline_ns;
		bool armed;  /* by return_to_user(), for the next system call */
		bool active; /* this call is the repetition */
	} restart;
};

struct process {
	int pid;
	unsigned int refs;      /* atomic: one for the table, one per thread, one per temporary user */
	char name[16];          /* comm */
	struct list all_link, hash_link; /* process table's lock */
	struct list children, sibling;
	struct process *parent;
	int pgid, sid;
	bool dead;              /* a zombie: waits for its parent */
	int exit_status;        /* as wait4 reports it; until it is dead: the first thread's */
	int group_status;       /* exiting: what exit_group or a signal said */
	int exit_signal;        /* to the parent, SIGCHLD mostly */
	struct waitq child_wait;/* wait4 of this process */
	struct waitq vfork_wait;/* the parent of a vfork child waits here */
	bool vfork_done, exec_done;

	struct spinlock lock;   /* threads, state */
	struct list threads;
	unsigned int thread_count;
	unsigned int live_threads;  /* those that have not begun to exit */
	bool exiting;
	struct thread *exec_thread; /* execve: every other thread ends */
	struct waitq threads_wait;  /* woken when a thread has ended */

	/* signal_lock */
	int stop_status;        /* stopped by a signal: its number, else 0 */
	unsigned int stopped_threads; /* process stopped when it equals thread_count */
	bool stop_reported, continued;
	bool notify_stopped, notify_continued; /* a thread is to tell the parent */

	struct space *space;    /* referenced; NULL in kernel threads */
	struct files *files;
	struct fs_context *fs;
	struct timens *timens, *timens_children; /* referenced; NULL: the system's. Written by the process itself, with p->lock */
	uint32_t uid, gid, euid, egid, suid, sgid;
	uint32_t *groups;       /* supplementary; kmalloc'ed; p->lock */
	unsigned int group_count;
	bool no_new_privs;      /* PR_SET_NO_NEW_PRIVS: execve honours no set-user-id bit (none is honoured so far) */

	struct spinlock signal_lock;
	struct sighand *sighand;
	struct sigpending pending;
	unsigned int queued_signals;  /* of process and threads, against RLIMIT_SIGPENDING */
	int parent_death_signal;      /* PR_SET_PDEATHSIG */

	uint64_t rlimits[16][2];
	uint64_t user_ns, kernel_ns, child_user_ns, child_kernel_ns;
	uint64_t dead_switches[2], child_switches[2]; /* voluntary, forced */
	uint64_t start_ns;      /* MONOTONIC */
	struct timer alarm;     /* ITIMER_REAL */
	uint64_t alarm_interval_ns;
	struct cpu_timer itimer_virtual, itimer_prof; /* signal_lock */
	uint64_t cpu_limit_warned_ns; /* RLIMIT_CPU: next SIGXCPU */
	struct list posix_timers;     /* signal_lock */
	int next_timer_id;

	/* System calls entered, by number: atomic; /proc/PID/syscalls and --stats. Never reset by execve. */
	uint64_t syscalls[SYSCALL_COUNT];
};

/* Per-CPU state. */
struct cpu {
	unsigned int id;
	struct thread *current, *idle;
	struct thread *previous; /* switched away from, to be finished by the thread that runs now */
	bool need_resched;
};

static inline struct thread *current_thread(void) { return arch_this_cpu()->current; }
static inline struct process *current_process(void) { return current_thread()->process; }

/* proc/process.c */
void process_init(void);                          /* the boot CPU's idle thread becomes current */
_Noreturn void process_start_first(char *const argv[]); /* pid 1; panics with the reason when it can't start */
struct process *process_find(int pid);            /* referenced by the table's lock: see process_table_lock() */
unsigned long process_table_lock(void);
void process_table_unlock(unsigned long flags);
/* Calls fn for each live or zombie process, the table locked. */
void process_each(void (*fn)(struct process *p, void *arg), void *arg);
struct thread *thread_find(int tid);              /* the table locked */
/* Ends the calling thread / its whole process; `status` as wait4 reports it. When pid 1 ends, the system does. */
_Noreturn void thread_exit(int status);
_Noreturn void process_exit(int status);
/* execve, when nothing else can fail, the old address space still in use: every other thread of the current
 * process ends. 0 when this is the only one; it has the process's pid as its tid then. -EINTR: this thread is to
 * end itself (another one executes or exits): give up, go back to user mode. */
int process_kill_other_threads(void);

/* A reference to the process, or none: the table's lock is taken inside. */
struct process *process_get(int pid);
void process_put(struct process *p);
/* Is `gid` the effective group or a supplementary one of `p`? */
bool process_in_group(struct process *p, uint32_t gid);
/* CPU time used so far, live threads included. Not under p->signal_lock. */
void process_cpu_time(struct process *p, uint64_t *user_ns, uint64_t *kernel_ns);
void thread_cpu_time(struct thread *t, uint64_t *user_ns, uint64_t *kernel_ns);
/* execve succeeded, the new address space is in use: release the parent of a vfork. */
void process_exec_done(struct process *p);
/* RLIMIT_*: the soft limit of the current process. */
uint64_t process_limit(unsigned int resource);

/* proc/sched.c */
void sched_add(struct thread *t);  /* a new thread becomes runnable */
void schedule(void);               /* give up the CPU; returns when this thread runs again */
/* For loops whose length a program chooses: schedule(), if it is somebody else's turn. Interrupts on, no spinlock. */
void sched_relax(void);
void sched_wake(struct thread *t); /* any context */
_Noreturn void sched_idle(void);   /* the boot thread's end */

/* proc/signal.c */
void signal_send_process(struct process *p, const struct ksiginfo *info); /* any context */
void signal_send_thread(struct thread *t, const struct ksiginfo *info);
/* Every process of the group; the number found. Takes the table's lock. Any context. */
int signal_send_group(int pgid, const struct ksiginfo *info);
/* From the kernel (SI_KERNEL), to a group: what a terminal does for ^C. */
int signal_kernel_group(int pgid, int signo);
/* SIGPIPE and the like: from the kernel, to the current thread. */
void signal_current(int signo);
/* Would `signo` reach the current thread? False: blocked or ignored (a terminal asks for SIGTTIN and SIGTTOU). */
bool signal_would_act(int signo);
/* Has the process group no member whose parent is in another group of its session? */
bool process_group_orphaned(int pgid);
/* What the program sees of `k`; every byte of `u` is set. */
void siginfo_to_user(struct siginfo_user *u, const struct ksiginfo *k);
/* ppoll, pselect: `mask` now, the old mask back when the call is over (and handlers have run). */
void signal_set_temporary_mask(uint64_t mask);
/* A fault of the current thread: delivered even if blocked or ignored (then by killing). */
void signal_force(int signo, int code, uaddr_t addr);
bool signal_pending(const struct thread *t); /* unblocked and not ignored */
void signal_exec_reset(struct process *p);

/* proc/altstack.c: for signal frames. Is `sp` on the alternate stack? May a frame begin at `frame`, where `sp` was in use and
 * the frame goes below `top` (0: below sp)? What the frame tells of the alternate stack; and to take it back, as
 * sigaltstack would, `sp` being the one that the frame restores: what that would refuse is left alone. */
bool altstack_holds(const struct thread *t, uaddr_t sp);
bool altstack_frame_fits(const struct thread *t, uaddr_t sp, uaddr_t top, uaddr_t frame);
struct stack_user altstack_of(const struct thread *t);
void altstack_restore(struct thread *t, const struct stack_user *s, uaddr_t sp);

/* fs/ttydev.c: a session leader has ended. SIGHUP and SIGCONT for the foreground group of its terminal, which
 * belongs to no session then. */
void tty_session_end(int sid);

/* proc/exec.c: replaces the current process's program. All strings are the kernel's. 0 (the registers are then the new
 * program's), or a negative errno with the old program intact. */
int exec_program(const char *path, char *const argv[], char *const envp[]);

/* Before each return to user mode, on the thread's kernel stack: signals, preemption, exit of a dying process. */
void return_to_user(struct arch_regs *regs);

#endif
