/* SPDX-License-Identifier: MIT */
/* Starting the file systems, and mount(2).
 * Owns: the list of file-system types. Relies on: super.c.
 * Never: mounts a block device: there are none. */
#include "arch/arch.h"
#include "core/log.h"
#include "core/string.h"
#include "fs/timens.h"
#include "fs/vfs.h"
#include "mm/page.h"
#include "mm/uaccess.h"
#include "syscall/syscall.h"

/* A tree that was made and could not be mounted. */
static void discard(struct inode *root)
{
	struct superblock *sb = root->sb;

	if (sb->kill)
		sb->kill(root);
	inode_put(root);
	sb_put(sb);
}

static struct inode *new_tmpfs(void)
{
	struct inode *root = ramfs_create("tmpfs");

	if (root) {
		root->mode |= S_ISVTX | 0777;
		root->sb->max_pages = page_total() / 2;
	}
	return root;
}

static struct inode *new_ramfs(void)
{
	return ramfs_create("ramfs");
}

static struct inode *new_devtmpfs(void)
{
	struct inode *root = ramfs_create("devtmpfs");

	if (root && devfs_fill(root)) {
		discard(root);
		return NULL;
	}
	return root;
}

static const struct {
	const char *name;
	struct inode *(*create)(void);
} types[] = {
	{ "tmpfs", new_tmpfs },
	{ "ramfs", new_ramfs },
	{ "devtmpfs", new_devtmpfs },
	{ "proc", procfs_create },
	{ "sysfs", sysfs_create },
};

const char *fs_type_name(size_t i)
{
	return i < ARRAY_SIZE(types) ? types[i].name : NULL;
}

static int mount_new(struct inode *root, struct inode *on, const char *source)
{
	int err = root ? mount_attach(root, on, source) : -ENOMEM;

	if (root && err)
		discard(root);
	else if (root)
		inode_put(root);
	return err;
}

/* The directory `name` in `dir`, made if need be; referenced. */
static struct inode *directory(struct inode *dir, const char *name, uint32_t mode)
{
	struct inode *ino;
	int err = dir->ops->lookup(dir, name, &ino);

	if (err == -ENOENT)
		err = dir->ops->create(dir, name, S_IFDIR | mode, 0, &ino);
	if (err || !S_ISDIR(ino->mode))
		panic("initrd: /%s: %s", name, err ? "no memory" : "not a directory");
	return ino;
}

static void mount_at(const char *name, uint32_t mode, struct inode *what, const char *source)
{
	struct inode *on = directory(vfs_root(), name, mode);

	if (mount_new(what, on, source))
		panic("/%s: no memory", name);
	inode_put(on);
}

void fs_init(paddr_t initrd, uint64_t initrd_size)
{
	struct inode *dev;

	epoll_init();
	if (mount_new(ramfs_create("ramfs"), NULL, "root"))
		panic("no memory for the root file system");
	if (initrd_size)
		cpio_unpack(vfs_root(), arch_phys_to_virt(initrd), initrd_size);
	else
		log_warn("no initrd: the root file system is empty");
	timens_init();
	mount_at("proc", 0555, procfs_create(), "proc");
	mount_at("sys", 0555, sysfs_create(), "sysfs");
	inode_put(directory(vfs_root(), "tmp", S_ISVTX | 0777));
	dev = new_devtmpfs();
	mount_at("dev", 0755, dev, "devtmpfs");
	dev = directory(dev, "shm", 01777);
	if (mount_new(new_tmpfs(), dev, "tmpfs"))
		panic("/dev/shm: no memory");
	inode_put(dev);
}

/* A number in `base` with an optional k, m, g; or, in units of 1/100 of `whole`, one with %. False: none. */
static bool parse_number(const char *s, unsigned int base, uint64_t whole, uint64_t *v)
{
	unsigned int shift;

	for (*v = 0; *s >= '0' && *s < (char)('0' + base) && *v < 1UL << 40; s++)
		*v = *v * base + (uint64_t)(*s - '0');
	if (*s == '%' && whole) {
		*v = *v * whole / 100;
		return !s[1];
	}
	shift = (*s | 32) == 'k' ? 10 : (*s | 32) == 'm' ? 20 : (*s | 32) == 'g' ? 30 : 0;
	*v <<= shift;
	return !s[shift != 0];
}

static bool set_option(struct inode *root, const char *option)
{
	const char *value = strchr(option, '=');
	uint64_t v;

	if (!value++)
		return false;
	if (!strncmp(option, "size=", 5) && parse_number(value, 10, page_total() * PAGE_SIZE, &v))
		root->sb->max_pages = ALIGN_UP(v, PAGE_SIZE) / PAGE_SIZE;
	else if (!strncmp(option, "mode=", 5) && parse_number(value, 8, 0, &v))
		root->mode = S_IFDIR | (uint32_t)(v & 07777);
	else if (!strncmp(option, "uid=", 4) && parse_number(value, 10, 0, &v))
		root->uid = (uint32_t)v;
	else if (!strncmp(option, "gid=", 4) && parse_number(value, 10, 0, &v))
		root->gid = (uint32_t)v;
	else
		return false;
	return true;
}

/* "size=1m,mode=755"; only trees in memory have options. */
static bool set_options(struct inode *root, char *options)
{
	while (*options) {
		char *next = strchr(options, ',');

		if (next)
			*next++ = '\0';
		if (*options && (!root->sb->kill || !set_option(root, options)))
			return false;
		options = next ? next : "";
	}
	return true;
}

static void set_flags(struct superblock *sb, unsigned int flags)
{
	sb->read_only = flags & MS_RDONLY;
	sb->nosuid = flags & MS_NOSUID;
	sb->nodev = flags & MS_NODEV;
	sb->noexec = flags & MS_NOEXEC;
}

static long mount_type(struct inode *on, const char *source, const char *type, unsigned int flags, char *options)
{
	struct inode *root = NULL;
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(types) && !root; i++) {
		if (strcmp(types[i].name, type))
			continue;
		root = types[i].create();
		if (!root)
			return -ENOMEM;
	}
	if (!root)
		return -ENODEV;
	set_flags(root->sb, flags);
	if (!set_options(root, options))
		err = -EINVAL;
	else
		err = S_ISDIR(on->mode) ? mount_attach(root, on, source) : -ENOTDIR;
	if (err)
		discard(root);
	else
		inode_put(root);
	return err;
}

static long do_mount(struct inode *on, uaddr_t usource, uaddr_t utype, unsigned int flags, uaddr_t uoptions)
{
	char source[64] = "none", type[32] = "", options[256] = "";
	long r = 0;

	if (flags & (MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_UNBINDABLE))
		return flags & MS_PRIVATE && on->sb->root == on ? 0 : -EINVAL;
	if (flags & (MS_BIND | MS_MOVE) && !(flags & MS_REMOUNT))
		return -EINVAL;
	if (flags & MS_REMOUNT) {
		if (on->sb->root != on)
			return -EINVAL;
		set_flags(on->sb, flags);
		return 0;
	}
	if (!utype)
		return -EINVAL;
	if (usource)
		r = strncpy_from_user(source, usource, sizeof(source));
	if (r >= 0)
		r = strncpy_from_user(type, utype, sizeof(type));
	if (r < 0)
		return r == -ENAMETOOLONG ? -ENODEV : r;
	if (uoptions)
		r = strncpy_from_user(options, uoptions, sizeof(options));
	if (r < 0)
		return r == -ENAMETOOLONG ? -EINVAL : r;
	return mount_type(on, source, type, flags, options);
}

SYSCALL(mount)
{
	struct inode *on;
	long r;

	if (fs_uid())
		return -EPERM;
	r = path_inode(AT_FDCWD, arg[1], WALK_FOLLOW, &on);
	if (r)
		return r;
	r = do_mount(on, arg[0], arg[2], (unsigned int)arg[3], arg[4]);
	inode_put(on);
	return r;
}

SYSCALL(umount2)
{
	unsigned int flags = (unsigned int)arg[1];
	struct inode *root;
	long r;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	if (fs_uid())
		return -EPERM;
	r = path_inode(AT_FDCWD, arg[0], flags & UMOUNT_NOFOLLOW ? 0 : WALK_FOLLOW, &root);
	if (r)
		return r;
	if (flags & MNT_EXPIRE)
		r = -EAGAIN;
	else
		r = root->sb->root == root ? mount_detach(root, flags & MNT_DETACH) : -EINVAL;
	inode_put(root);
	return r;
}
