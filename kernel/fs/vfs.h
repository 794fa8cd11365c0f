/* SPDX-License-Identifier: MIT */
/* Owns: what the parts of the file system share and nobody else needs.
 * Relies on: fs/file.h. Lock order: a mutex, then tree_lock, then inode->lock; leaf locks of their own elsewhere.
 * Who may include: kernel/fs. */
#ifndef VDK_KERNEL_FS_VFS_H
#define VDK_KERNEL_FS_VFS_H

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "core/spinlock.h"
#include "fs/file.h"

#define NAME_MAX 255
#define PATH_MAX 4096
#define SYMLINK_DEPTH 40

/* --- Mounted file systems --- */
struct superblock {
	const char *type; /* "tmpfs" */
	uint64_t magic;   /* statfs's f_type */
	uint64_t dev;     /* st_dev */
	bool read_only, nosuid, nodev, noexec; /* mount options */
	unsigned int refs;    /* atomic: one for the mount, one for each inode */
	unsigned int users;   /* atomic: open files, current and root directories, mounts on it */
	uint64_t next_number; /* atomic */
	uint64_t pages;       /* atomic: of regular files */
	uint64_t max_pages;   /* 0: as many as there are */
	/* Unmounting: drop the tree's own references. NULL op: nothing to drop. */
	void (*kill)(struct inode *root);
	/* tree_lock */
	struct list link;     /* in the list of mounts, oldest first */
	struct inode *root;   /* referenced while mounted */
	struct inode *covered;/* referenced; NULL for / */
	char source[64];
};

/* Guards directory trees and mounts: inode->mount, parent, name; the entries of ramfs directories. */
extern struct spinlock tree_lock;

struct superblock *sb_create(const char *type, uint64_t magic);
void sb_put(struct superblock *sb);
uint64_t sb_next_number(struct superblock *sb);
/* Mount `root` on the directory `on` (NULL: it becomes /). 0, -EBUSY. */
int mount_attach(struct inode *root, struct inode *on, const char *source);
/* Take the tree with this root away. -EINVAL: no mounted root; -EBUSY: the first one, or in use and not `lazy`. */
int mount_detach(struct inode *root, bool lazy);
struct inode *vfs_root(void); /* not referenced; never changes */
/* The lines of /proc/mounts. 0 or -ENOMEM. */
struct text;
int mounts_show(struct text *t);

/* File systems: a new tree's root, referenced, with a superblock of its own. NULL: no memory. */
struct inode *ramfs_create(const char *type);
struct inode *procfs_create(void);
struct inode *sysfs_create(void);
int devfs_fill(struct inode *root); /* 0 or -errno */
const char *fs_type_name(size_t i); /* for /proc/filesystems; NULL after the last */
/* Unpacks a newc archive into the ramfs at `root`; panics, naming the entry, when it is malformed. */
void cpio_unpack(struct inode *root, const void *archive, uint64_t size);

/* --- Inodes --- */
/* Fill a zeroed inode: one reference, the current times, a fresh number; gains a reference on `sb`. */
void inode_init(struct inode *ino, struct superblock *sb, const struct inode_ops *ops, uint32_t mode);
/* Undo inode_init(), for destroy ops; does not free `ino`. */
void inode_fini(struct inode *ino);
void inode_get(struct inode *ino);
void inode_put(struct inode *ino); /* NULL is fine */
/* May the process's effective ids do this (R_OK | W_OK | X_OK)? 0, -EACCES, -EROFS. */
int inode_permission(const struct inode *ino, unsigned int want);
/* The same for somebody else: access(2). */
int inode_permission_as(const struct inode *ino, unsigned int want, uint32_t uid, bool in_group);
bool inode_owner(const struct inode *ino); /* the caller owns it, or is root */
/* Owner, group and mode of a file that is being made in `dir`. */
void inode_set_creator(struct inode *ino, const struct inode *dir);
/* May an entry that names `victim` be taken out of `dir`? Write permission and the sticky bit. */
int inode_may_delete(const struct inode *dir, const struct inode *victim);
void inode_touch(struct inode *ino); /* mtime and ctime are now */
void inode_changed(struct inode *ino); /* ctime is now */
void inode_accessed(struct inode *ino); /* atime, as with relatime */
/* Become one of the writers (1) or executors (-1) of a regular file; false: there are some of the other kind. */
bool inode_claim(struct inode *ino, int what);
void inode_unclaim(struct inode *ino, int what);
/* Writing by someone who is not root takes the set-id bits away. */
void inode_drop_setid(struct inode *ino);
/* Make a regular file that long, permission given: -ETXTBSY if it is being executed, whoever asks, through which file. */
long inode_set_size(struct inode *ino, int64_t size);

/* --- Paths --- */
#define WALK_FOLLOW 1u /* the last component may be a symbolic link: go on there */
#define WALK_CREATE 2u /* the last component need not exist */
#define WALK_EMPTY 4u  /* an empty path is `dirfd` itself */
#define WALK_ENTRY 8u  /* a directory entry is meant: no link at the end is followed, not even before a slash */

struct walk {
	struct inode *dir;   /* holds the last component; referenced. NULL: there is none, as in "/" or a magic link */
	struct inode *inode; /* referenced; NULL: does not exist (WALK_CREATE) */
	char *path;          /* from a magic link: the target's own path */
	char name[NAME_MAX + 1]; /* "" when the path ends in `.`, `..` or a root */
	bool dotdot, dot;    /* ends in that */
	bool slash;          /* trailing slash: a directory is meant */
};

/* `path` is the kernel's. 0, or -errno with nothing referenced. */
int path_walk(int dirfd, const char *path, unsigned int flags, struct walk *w);
void walk_done(struct walk *w);
/* Path from user memory to an inode in one step. 0 or -errno. */
int path_inode(int dirfd, uaddr_t path, unsigned int flags, struct inode **out);
/* The absolute path of a directory, as seen from `root`: a string at the end of buf. NULL: `dir` is not below `root`
 * or its path does not fit. */
char *path_of(struct inode *dir, struct inode *root, char *buf, size_t size);
char *path_of_locked(struct inode *dir, struct inode *root, char *buf, size_t size); /* with tree_lock held */
/* kmalloc'ed: what file->path becomes for the end of a walk. NULL: no memory. */
char *path_of_walk(const struct walk *w);
char *kstrdup(const char *s);

/* --- Open files --- */
struct file *file_alloc(struct inode *ino, const struct file_ops *ops,
			unsigned int flags); /* gains a reference on ino */
/* Open an inode for which permission was checked. `path` is taken over, also on failure. */
int file_open_inode(struct inode *ino, unsigned int flags, char *path, struct file **out);
int do_open(int dirfd, const char *path, unsigned int flags, uint32_t mode, struct file **out);
static inline bool file_readable(const struct file *f)
{
	return (f->flags & (O_ACCMODE | O_PATH)) == O_RDONLY || (f->flags & (O_ACCMODE | O_PATH)) == O_RDWR;
}
static inline bool file_writable(const struct file *f)
{
	return (f->flags & (O_ACCMODE | O_PATH)) == O_WRONLY || (f->flags & (O_ACCMODE | O_PATH)) == O_RDWR;
}
/* An increment that fails once the last reference is gone. */
bool file_try_get(struct file *f);
void epoll_file_gone(struct file *f);
void epoll_init(void);

/* --- Descriptors --- */
int fd_install_from(struct file *f, bool cloexec, int lowest); /* as fd_install(), at `lowest` or above */
int fd_close(int fd); /* 0 or -EBADF */
/* F_GETFD (0 or 1) and F_SETFD. */
long fd_flags(int fd, bool set, bool cloexec);
struct file *files_fd_get(struct files *fs, int fd); /* of any table, O_PATH too */
/* The first descriptor at or above `from` that is open, or -1. */
int files_next_fd(struct files *fs, int from);
unsigned int files_capacity(struct files *fs);
bool files_cloexec(struct files *fs, int fd);

/* --- The calling process. Before there is one: root, and the kernel's root directory. --- */
struct fs_context {
	struct spinlock lock;
	struct inode *root, *cwd; /* referenced */
	uint32_t umask;
	unsigned int refs; /* atomic */
};
struct inode *fs_root(void); /* referenced */
struct inode *fs_cwd(void);  /* referenced */
uint32_t fs_umask(void);
uint32_t fs_uid(void), fs_gid(void); /* effective */
uint32_t fs_real_uid(void), fs_real_gid(void);
bool fs_in_group(uint32_t gid); /* effective or supplementary */
void fs_context_root(struct fs_context *c, struct inode **root,
		     struct inode **cwd); /* referenced; either may be NULL */

/* --- Directories --- */
/* Emit one entry; `next` is the position after it. The sink sets f->pos; false: no room, f->pos stays: stop. */
bool dirent_emit(struct dirent_sink *sink, const char *name, size_t len, uint64_t number, uint8_t type, uint64_t next);

/* --- Locks (fs/locks.c) --- */
void locks_close(struct files *owner, struct inode *ino); /* a descriptor of `owner` on it was closed */
void locks_release_file(struct file *f);
long fcntl_lock(struct file *f, int cmd, uaddr_t arg);

/* --- Devices --- */
/* The open op of device nodes; -ENXIO for an unknown one. */
int device_open(struct inode *ino, struct file *f);
/* /dev/zero can be mapped: its nodes have this page op. */
bool device_has_page(uint64_t rdev);
int device_zero_page(struct inode *ino, uint64_t index, paddr_t *pa);

/* --- Regular files of ramfs --- */
/* Pages that files of `sb` may still get; some memory always stays for everything else. */
uint64_t ramfs_pages_left(const struct superblock *sb);
struct inode *ramfs_memfd(void); /* nameless, referenced; NULL: no memory */
/* A write into the page cache from kernel memory: cpio. */
int ram_write_kernel(struct inode *ino, uint64_t pos, const void *from, size_t n);

/* Bytes that RLIMIT_FSIZE leaves at `pos`, at most n; 0 sends SIGXFSZ and means -EFBIG. */
size_t file_size_limit(uint64_t pos, size_t n);

#endif
