/* SPDX-License-Identifier: MIT */
/* Owns: what trace.c and trace_args.c say to each other.
 * Relies on: core/types.h.
 * Who may include: kernel/syscall. */
#ifndef VDK_KERNEL_SYSCALL_TRACE_H
#define VDK_KERNEL_SYSCALL_TRACE_H

#include "core/types.h"

/* Text that grows to the end of its buffer and no further. */
struct trace_text {
	char *text;
	size_t at, size;
};

void trace_text(struct trace_text *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What a call's arguments are, a letter for each (trace_args.c lists them), and "=x" for a result in hex. */
const char *trace_kinds(uint64_t nr);
/* Is it known only when the call is over? */
bool trace_kind_is_out(char kind);
/* Say what argument `i` is. */
void trace_arg(struct trace_text *out, char kind, const uint64_t arg[6], size_t i, long result);

#endif
