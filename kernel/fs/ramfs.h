/* SPDX-License-Identifier: MIT */
/* Owns: the inode of ramfs, between ramfs.c (directories) and ramfile.c (regular files).
 * Relies on: fs/vfs.h.
 * Who may include: those two. */
#ifndef VDK_KERNEL_FS_RAMFS_H
#define VDK_KERNEL_FS_RAMFS_H

#include "fs/pagetree.h"
#include "fs/vfs.h"

struct ram_entry;

struct ram_inode {
	struct inode inode;
	bool linkable;         /* from O_TMPFILE: may be linked though it has no name */
	struct pagetree pages; /* regular files; inode.lock */
	char *target;          /* symbolic links */
	/* directories; tree_lock */
	struct list entries;   /* in the order of their cookies */
	struct ram_entry **buckets;
	size_t bucket_count, count;
	uint64_t next_cookie;
};

static inline struct ram_inode *ram(struct inode *ino) { return container_of(ino, struct ram_inode, inode); }

extern const struct inode_ops ram_reg_ops;
extern const struct file_ops ram_file_ops;

/* A new inode without a name; NULL: no memory. */
struct ram_inode *ram_inode_create(struct superblock *sb, uint32_t mode);
void ram_destroy(struct inode *ino);

#endif
