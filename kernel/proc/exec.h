/* SPDX-License-Identifier: MIT */
/* Owns: what the parts of execve share.
 * Relies on: proc/elf.h, mm/space.h.
 * Who may include: kernel/proc/exec*.c. */
#ifndef VDK_KERNEL_PROC_EXEC_H
#define VDK_KERNEL_PROC_EXEC_H

#include "core/types.h"
#include "proc/elf.h"

struct file;
struct space;

#define EXEC_STRING_MAX 131072UL /* Linux's MAX_ARG_STRLEN, NUL included */

/* An ELF file that is loaded or about to be. */
struct exec_image {
	struct file *file; /* referenced */
	struct elf_image elf;
	uint64_t bias;     /* address = bias + the file's */
};

/* One execve on its way. Strings and vectors belong to the caller of exec_file() unless said otherwise. */
struct exec {
	const char *name;          /* as the program called it: AT_EXECFN, log, comm */
	/* Arguments: `head` (what scripts put in front), then `args` from `first_arg` on. */
	const char *head[16];
	unsigned int head_count;
	char *const *args;
	char *const *env;
	char *script_lines[8];     /* kmalloc'ed; head points into them */
	unsigned int scripts;
	struct exec_image program, interp; /* interp.file NULL: none */
	struct space *space;       /* the new one */
	bool random;               /* address-space randomisation */
	uint32_t euid, egid;       /* what they will be */
	uaddr_t entry, sp;
};

/* The bytes and pointers that may go on the stack, by RLIMIT_STACK. */
size_t exec_argument_room(void);

/* exec_load.c: read and check an ELF file. 0, or a negative errno after one line of log if the file is to blame.
 * `what` precedes the reason in the log; `bad` is the errno for a malformed file. */
int exec_read_image(struct exec_image *img, const char *path, const char *what, int bad);
void exec_drop_image(struct exec_image *img);
/* Map program and interpreter into x->space; sets bias, entry and the heap's place. 0 or a negative errno. */
int exec_load(struct exec *x);

/* exec_stack.c: make the stack as a program finds it at its first instruction; sets sp and what /proc shows of it. */
int exec_build_stack(struct exec *x);

#endif
