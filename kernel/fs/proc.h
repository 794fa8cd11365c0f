/* SPDX-License-Identifier: MIT */
/* Owns: what the files of /proc share.
 * Relies on: fs/synth.h, proc/process.h.
 * Who may include: kernel/fs/proc*.c. */
#ifndef VDK_KERNEL_FS_PROC_H
#define VDK_KERNEL_FS_PROC_H

#include "fs/synth.h"
#include "proc/process.h"

/* node->id: the process; below its fd or task directory the descriptor or thread. */
#define PROC_PID 0
#define PROC_SUB 1

/* The node's process, referenced; NULL: gone. */
struct process *proc_process(const struct synth_node *n);
/* May the caller look into it? 0, -EACCES, or -ESRCH when it is gone, with nothing referenced. */
int proc_inspect(const struct synth_node *n, struct process **out);
/* Parts of a process, referenced; NULL when it has exited. */
struct space *proc_space(struct process *p);
struct files *proc_files(struct process *p);

/* procmem.c */
int proc_maps(const struct synth_node *n, struct text *t);
int proc_cmdline(const struct synth_node *n, struct text *t);
int proc_environ(const struct synth_node *n, struct text *t);
int proc_auxv(const struct synth_node *n, struct text *t);
int proc_statm(const struct synth_node *n, struct text *t);

/* procstat.c */
int proc_stat(const struct synth_node *n, struct text *t);
int proc_status(const struct synth_node *n, struct text *t);
int proc_comm(const struct synth_node *n, struct text *t);
int proc_limits(const struct synth_node *n, struct text *t);
int proc_syscalls(const struct synth_node *n, struct text *t);

/* procfd.c */
int proc_fd_next(const struct synth_node *n, int from);
int proc_fd_link(const struct synth_node *n, struct text *t);
int proc_fd_follow(const struct synth_node *n, struct inode **out, char **path);
int proc_exe_link(const struct synth_node *n, struct text *t);
int proc_exe_follow(const struct synth_node *n, struct inode **out, char **path);
int proc_cwd_link(const struct synth_node *n, struct text *t);
int proc_cwd_follow(const struct synth_node *n, struct inode **out, char **path);
int proc_root_link(const struct synth_node *n, struct text *t);
int proc_root_follow(const struct synth_node *n, struct inode **out, char **path);

/* procsys.c */
#define PROCSYS_COUNT 3
extern const struct synth_entry procsys_entries[PROCSYS_COUNT];

#endif
