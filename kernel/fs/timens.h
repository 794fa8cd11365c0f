/* SPDX-License-Identifier: MIT */
/* Owns: time namespaces: time_namespaces(7).
 * Relies on: vdk/namespace.h for the page, fs/vfs.h for what /proc/PID/ns shows.
 * Who may include: every kernel file. NULL is the system's own namespace everywhere. */
#ifndef VDK_KERNEL_FS_TIMENS_H
#define VDK_KERNEL_FS_TIMENS_H

#include "core/types.h"

struct inode;
struct process;
struct synth_node;
struct text;
struct timens;
struct vdk_page;

void timens_init(void); /* before the first process; when inodes can be made */

/* For the kernel's view of clocks, and for vdso_map(). NULL and 0: the system's. */
const struct vdk_page *timens_page(const struct timens *ns);
paddr_t timens_paddr(const struct timens *ns);
/* What the current process's clock `base` shows, less what the system's does; and a time that such a process gives, as a time
 * of the system's clock: 0 where that is before its start. */
int64_t timens_offset_ns(int base);
uint64_t timens_to_system(int base, uint64_t ns);
/* BOOTTIME as the current process sees it. */
uint64_t timens_boottime_ns(void);

/* The namespaces of a child that shares the address space with its parent or does not, is in a new one or is not. 0, -EINVAL, -EPERM,
 * -ENOMEM. The child's pages are the caller's concern: timens_enter(). */
int timens_fork(struct process *child, const struct process *p, uint64_t clone_flags);
/* The process's pages become those of its namespace, whose offsets are final from now on. 0 or -ENOMEM. */
int timens_enter(struct process *p);
void timens_exit(struct process *p); /* its references */

/* /proc/PID */
int proc_ns_time_link(const struct synth_node *n, struct text *t);
int proc_ns_time_follow(const struct synth_node *n, struct inode **out, char **path);
int proc_ns_children_link(const struct synth_node *n, struct text *t);
int proc_ns_children_follow(const struct synth_node *n, struct inode **out, char **path);
int proc_timens_offsets(const struct synth_node *n, struct text *t);
int proc_timens_offsets_store(const struct synth_node *n, const char *text, size_t size);

#endif
