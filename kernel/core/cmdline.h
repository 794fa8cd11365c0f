/* SPDX-License-Identifier: MIT */
/* Owns: the kernel's command line: options, then `--` and the first program's arguments (docs/console.md).
 * Relies on: bootinfo.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_CORE_CMDLINE_H
#define VDK_KERNEL_CORE_CMDLINE_H

#include "core/types.h"

/* Keep `line` (copied). Called once, before any other function here; kmalloc works by then. */
void cmdline_init(const char *line);

/* Value of `name=value`, "" for a bare `name`, NULL when absent. The last one wins. */
const char *cmdline_get(const char *name);

/* Is `name=value` given? */
bool cmdline_is(const char *name, const char *value);

/* The options as they were given, by position; NULL after the last. */
const char *cmdline_word(size_t i);

/* The whole line as the boot loader gave it: /proc/cmdline. */
const char *cmdline_text(void);

/* The first program's argv, percent-decoded, NULL-terminated; argv[0] is its path. NULL when there is none. */
char *const *cmdline_init_argv(void);

#endif
