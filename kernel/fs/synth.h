/* SPDX-License-Identifier: MIT */
/* Owns: trees of files that are made up when somebody looks: /proc and /sys, as tables of entries.
 * Relies on: fs/vfs.h.
 * Who may include: kernel/fs. */
#ifndef VDK_KERNEL_FS_SYNTH_H
#define VDK_KERNEL_FS_SYNTH_H

#include "fs/text.h"
#include "fs/vfs.h"

struct synth_node;

/* One name in a directory. What is NULL does not apply. */
struct synth_entry {
	const char *name; /* NULL: entries named by a number, see `next` */
	uint32_t mode;
	/* Regular files: the whole text, 0 or -errno; what a write brings, 0 or -errno. */
	int (*show)(const struct synth_node *n, struct text *t);
	int (*store)(const struct synth_node *n, const char *text, size_t size);
	/* Symbolic links: the target as text; and where it jumps to, as inode_ops.follow. */
	int (*link)(const struct synth_node *n, struct text *t);
	int (*follow)(const struct synth_node *n, struct inode **out, char **path);
	/* Directories. `next`: the smallest number at or above `from` for which numbered[0] exists, or -1. */
	const struct synth_entry *children;
	size_t count;
	int (*next)(const struct synth_node *n, int from);
	const struct synth_entry *numbered;
	/* The number of this entry goes to node->id[level]. */
	unsigned int level;
};

struct synth_node {
	struct inode inode;
	const struct synth_entry *entry;
	int id[2]; /* /proc: the process; the thread or descriptor. 0 and -1: none yet */
};

#define SYNTH_TEXT(name_, mode_, show_) { .name = name_, .mode = S_IFREG | (mode_), .show = show_ }
#define SYNTH_LINK(name_, link_, follow_) { .name = name_, .mode = S_IFLNK | 0777, .link = link_, .follow = follow_ }
#define SYNTH_DIR(name_, children_) \
	{ .name = name_, .mode = S_IFDIR | 0555, .children = children_, .count = ARRAY_SIZE(children_) }

/* A new tree's root, referenced, with a superblock of its own. NULL: no memory. */
struct inode *synth_create(const char *type, uint64_t magic, const struct synth_entry *root);

/* procfs.c: the owner of a node below /proc/PID; 0 for all others. */
void procfs_owner(const struct synth_node *n, uint32_t *uid, uint32_t *gid);

#endif
