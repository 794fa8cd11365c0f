/* SPDX-License-Identifier: MIT */
/* Superblocks and the list of mounts.
 * Owns: the list, device numbers, the root. Relies on: tree_lock.
 * Never: mounts one tree twice. */
#include "core/log.h"
#include "core/string.h"
#include "fs/text.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"

struct spinlock tree_lock;
static struct list mounts = LIST_INIT(mounts);
static struct inode *root;
static unsigned int last_minor;

struct superblock *sb_create(const char *type, uint64_t magic)
{
	struct superblock *sb = kmalloc(sizeof(*sb));

	if (!sb)
		return NULL;
	sb->type = type;
	sb->magic = magic;
	sb->dev = DEV(0, __atomic_add_fetch(&last_minor, 1, __ATOMIC_RELAXED));
	sb->refs = 1;
	list_init(&sb->link);
	return sb;
}

void sb_put(struct superblock *sb)
{
	/* Acquire and release as in inode_put(). */
	if (!__atomic_sub_fetch(&sb->refs, 1, __ATOMIC_ACQ_REL))
		kfree(sb);
}

uint64_t sb_next_number(struct superblock *sb)
{
	return __atomic_add_fetch(&sb->next_number, 1, __ATOMIC_RELAXED);
}

struct inode *vfs_root(void)
{
	return root;
}

int mount_attach(struct inode *what, struct inode *on, const char *source)
{
	struct superblock *sb = what->sb;
	unsigned long flags = spin_lock(&tree_lock);

	if (on && (on->mount || !on->nlink)) {
		spin_unlock(&tree_lock, flags);
		return on->mount ? -EBUSY : -ENOENT;
	}
	inode_get(what);
	sb->root = what;
	strlcpy(sb->source, source, sizeof(sb->source));
	if (on) {
		inode_get(on);
		__atomic_add_fetch(&on->sb->users, 1, __ATOMIC_RELAXED);
		sb->covered = on;
		on->mount = what;
	} else {
		root = what;
	}
	list_push_back(&mounts, &sb->link);
	spin_unlock(&tree_lock, flags);
	return 0;
}

int mount_detach(struct inode *what, bool lazy)
{
	struct superblock *sb = what->sb;
	struct inode *covered;
	unsigned long flags = spin_lock(&tree_lock);

	covered = sb->covered;
	if (sb->root != what || !covered || (!lazy && __atomic_load_n(&sb->users, __ATOMIC_RELAXED))) {
		spin_unlock(&tree_lock, flags);
		return sb->root == what ? -EBUSY : -EINVAL;
	}
	covered->mount = NULL;
	sb->root = sb->covered = NULL;
	list_remove(&sb->link);
	spin_unlock(&tree_lock, flags);
	__atomic_sub_fetch(&covered->sb->users, 1, __ATOMIC_RELAXED);
	inode_put(covered);
	if (sb->kill)
		sb->kill(what);
	inode_put(what);
	sb_put(sb);
	return 0;
}

int mounts_show(struct text *t)
{
	struct superblock *sb;
	char *path = kmalloc(PATH_MAX);
	unsigned long flags;

	if (!path)
		return -ENOMEM;
	flags = spin_lock(&tree_lock);
	list_each(sb, &mounts, link) {
		const char *at = sb->covered ? path_of_locked(sb->covered, root, path, PATH_MAX) : "/";

		if (at)
			text_printf(t, "%s %s %s %s%s%s%s,relatime 0 0\n", sb->source, at, sb->type,
				    sb->read_only ? "ro" : "rw", sb->nosuid ? ",nosuid" : "", sb->nodev ? ",nodev" : "",
				    sb->noexec ? ",noexec" : "");
	}
	spin_unlock(&tree_lock, flags);
	kfree(path);
	return 0;
}
