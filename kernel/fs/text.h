/* SPDX-License-Identifier: MIT */
/* Owns: a growing string: what files of /proc and /sys say.
 * Relies on: kmalloc.
 * Who may include: kernel/fs. */
#ifndef VDK_KERNEL_FS_TEXT_H
#define VDK_KERNEL_FS_TEXT_H

#include "core/types.h"

struct text {
	char *buf; /* kmalloc'ed; not NUL-terminated */
	size_t n, capacity;
	bool failed; /* memory ran out: later calls do nothing */
};

void text_add(struct text *t, const void *bytes, size_t n);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
