/* SPDX-License-Identifier: MIT */
/* Owns: a vDSO that is not the embedded one: checked, and fitted to this CPU.
 * Relies on: nothing but its input; every number in it is hostile.
 * Who may include: kernel/vdso.c. */
#ifndef VDK_KERNEL_VDSO_FILE_H
#define VDK_KERNEL_VDSO_FILE_H

#include "core/types.h"

#define VDSO_FILE_MAX 65536

struct vdso_file {
	uint8_t *bytes; /* the file, writable */
	size_t size;
	bool linux_6_1; /* of that layout; else native */
	uint64_t sigreturn; /* offset of the function that signal handlers return to, where the architecture needs one */
};

/* Check `f`, its bytes, size and layout set, fill in the rest, and patch what depends on the CPU. NULL, or what is wrong. */
const char *vdso_file_check(struct vdso_file *f);

#endif
