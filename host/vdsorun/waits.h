/* SPDX-License-Identifier: MIT */
/* Owns: how the tracer tells waits.c of notifications and stops.
 * Relies on: vdsorun.h; the tracer's one thread.
 * Who may include: host/vdsorun. */
#ifndef VDK_HOST_WAITS_H
#define VDK_HOST_WAITS_H

#include "vdsorun.h"

/* System call `nr` of `pid` was notified: whether it is now being interrupted, and so needs no answer. */
bool waits_begin(const struct run *run, pid_t pid, int nr, const uint64_t *args);

/* `pid` stands at PTRACE_EVENT_STOP; at the entry or exit of a system call. True: it is to go on to the next of the
 * latter. */
bool waits_at_stop(const struct run *run, pid_t pid);
bool waits_at_call(const struct run *run, pid_t pid);

/* `pid` is about to take a signal or to be let go: its registers are its own again. Or it is `gone`, or another
 * program. */
void waits_forget(const struct run *run, pid_t pid, bool gone);

#endif
