/* SPDX-License-Identifier: MIT */
/* Owns: what the system-call layer offers to kernel/proc: tracing, statistics, names.
 * Relies on: core/types.h.
 * Who may include: kernel/proc, kernel/time, kernel/syscall. */
#ifndef VDK_KERNEL_SYSCALL_INTERNAL_H
#define VDK_KERNEL_SYSCALL_INTERNAL_H

#include "core/types.h"

struct ksiginfo;
struct process;
struct thread;
struct trace_call;

/* "ENOENT" and "No such file or directory"; NULL for a number that is none. */
const char *errno_name(int err);
const char *errno_text(int err);
/* "SIGCHLD", "SIGRT_5"; into `buf` where it is made up. */
const char *signal_name(int signo, char buf[16]);

/* trace.c: all of these do nothing unless the option `trace` is given. */
bool trace_on(void);
struct trace_call *trace_enter(uint64_t nr, const uint64_t arg[6]); /* NULL: not traced */
void trace_leave(struct trace_call *c, long result);
void trace_signal(const struct thread *t, const struct ksiginfo *info);
void trace_exit(const struct thread *t, int status); /* as wait4 reports it */
bool trace_on(void);

/* dispatch.c: with the option `stats`, one line per call that `p` used. */
void syscall_stats(const struct process *p);

#endif
