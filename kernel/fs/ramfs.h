/* SPDX-License-Identifier: MIT */
/* Owns: the inode of ramfs, between ramfs.c (directories) and ramfile.c (regular files).
 * Relies on: fs/vfs.h.
 * Who may include: those two, and ramdir.c. */
#ifndef VDK_KERNEL_FS_RAMFS_H
#define VDK_KERNEL_FS_RAMFS_H

#include "fs/pagetree.h"
#include "fs/vfs.h"

struct ram_entry {
	struct list link;
	struct ram_entry *chain;
	struct inode *inode; /* referenced */
	uint64_t cookie;
	uint32_t hash;
	size_t len;
	char name[];
};

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

void ram_free_pages(struct ram_inode *r); /* when nobody uses it any more */

/* ramdir.c */
struct ram_entry *ram_entry_create(const char *name, struct inode *ino); /* in no directory; NULL: no memory */
struct ram_entry *ram_find(struct ram_inode *d, const char *name);
int ram_reserve(struct ram_inode *d); /* room for one more entry: 0 or -ENOMEM */
void ram_insert(struct ram_inode *d, struct ram_entry *e); /* after ram_reserve() */
void ram_take_out(struct ram_inode *d, struct ram_entry *e);

#endif
