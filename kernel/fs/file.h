/* SPDX-License-Identifier: MIT */
/* Owns: inodes, open files, descriptor tables, path look-up.
 * Relies on: mm for memory, proc/wait.h for sleeping.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_FS_FILE_H
#define VDK_KERNEL_FS_FILE_H

#include "core/list.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "proc/mutex.h"
#include "proc/wait.h"

struct file;
struct inode;
struct superblock;
struct dirent_sink;
struct uio;

struct inode_ops {
	/* Directories. A NULL op is -ENOTDIR for lookup and -EPERM for the others. `out` gains a reference. Each is
	 * atomic: create fails with -EEXIST, unlink looks again whether it may. Permissions: the caller's concern. */
	int (*lookup)(struct inode *dir, const char *name, struct inode **out);
	int (*create)(struct inode *dir, const char *name, uint32_t mode, uint64_t rdev, struct inode **out);
	int (*tmpfile)(struct inode *dir, uint32_t mode, struct inode **out);
	int (*link)(struct inode *dir, const char *name, struct inode *what);
	int (*unlink)(struct inode *dir, const char *name, bool rmdir);
	/* `flags` are RENAME_*. */
	int (*rename)(struct inode *from, const char *name, struct inode *to, const char *new_name, unsigned int flags);
	int (*symlink)(struct inode *dir, const char *name, const char *target);
	/* Symbolic links: a NUL-terminated target; the length, or -errno. */
	long (*readlink)(struct inode *ino, char *buf, size_t size);
	/* /proc/PID/fd/N and the like jump to an inode rather than to a path; NULL op: readlink's path is followed.
	 * `*path` becomes the target's own path, kmalloc'ed, or NULL. */
	int (*follow)(struct inode *ino, struct inode **out, char **path);
	int (*truncate)(struct inode *ino, uint64_t size);
	/* fallocate; the caller holds write_lock. NULL op: -EOPNOTSUPP. */
	int (*allocate)(struct inode *ino, unsigned int mode, uint64_t from, uint64_t n);
	/* The first data (or hole) at or after `from`, below the size; -ENXIO: there is none. NULL op: all is data. */
	int64_t (*seek)(struct inode *ino, uint64_t from, bool hole);
	/* The page of a regular file for mapping, with a new reference: 0 or -EIO (beyond the end), -ENOMEM. */
	int (*page)(struct inode *ino, uint64_t index, paddr_t *pa);
	/* Fill file->ops and private state; NULL op: ino->file_ops. */
	int (*open)(struct inode *ino, struct file *f);
	/* The last reference is gone: frees the inode. */
	void (*destroy)(struct inode *ino);
};

struct inode {
	const struct inode_ops *ops;
	const struct file_ops *file_ops;
	unsigned int refs; /* atomic */
	int writers; /* atomic: files open for writing; below 0: files being executed. Never both */
	uint64_t number;
	uint32_t mode, uid, gid, nlink; /* mode with the S_IF* type */
	uint64_t rdev, size, blocks; /* blocks of 512 bytes */
	int64_t atime_ns, mtime_ns, ctime_ns; /* REALTIME */
	struct superblock *sb; /* referenced */
	/* tree_lock (fs/vfs.h) */
	struct inode *mount; /* a directory that is a mount point: the root inode mounted on it */
	struct inode *parent; /* directories: for `..` and getcwd; referenced */
	char *name; /* directories: in the parent, kmalloc'ed; NULL in roots */
	/* lock */
	struct spinlock lock;
	struct list locks; /* record locks and flocks: fs/locks.c */
	unsigned int seals; /* F_SEAL_* */
	struct mutex write_lock; /* one change of size or contents at a time */
	void *data; /* the file system's own */
};

struct file_ops {
	/* Data moves between `u` (fs/uio.h; never empty) and the file; `pos` is where, and moves on; NULL unless
	 * seekable. Bytes moved, or -errno when none were. May sleep. */
	long (*read)(struct file *f, struct uio *u, uint64_t *pos);
	long (*write)(struct file *f, struct uio *u, uint64_t *pos);
	/* Ready POLL* bits now; with `w` non-NULL also adds it to the file's one
	 * wait queue, which is woken whenever these bits may have changed. NULL op: always ready. */
	unsigned int (*poll)(struct file *f, struct waiter *w);
	long (*ioctl)(struct file *f, unsigned int cmd, uaddr_t arg);
	/* Directories: emit entries from f->pos on. */
	int (*readdir)(struct file *f, struct dirent_sink *sink);
	void (*release)(struct file *f); /* last reference */
	bool seekable; /* has positions: lseek, pread, pwrite */
};

struct file {
	const struct file_ops *ops;
	struct inode *inode; /* referenced; nameless files have one too, see file_create_anon() */
	unsigned int refs;   /* atomic */
	unsigned int flags;  /* O_* */
	struct mutex pos_lock;
	uint64_t pos;
	struct list epoll_items; /* epoll's lock */
	int writers;         /* what this file added to inode->writers */
	char *path;          /* absolute, as opened, kmalloc'ed; for /proc/self/maps and fd links; may be NULL */
	void *data;
};

struct files; /* a process's descriptor table */
struct fs_context; /* root, current directory, umask */

/* Mount the built-in file systems and unpack the initrd at `/`. */
void fs_init(paddr_t initrd, uint64_t initrd_size);

/* Opens as openat(AT_FDCWD) would for the current process (the kernel's root before there is one). 0 or -errno. */
int file_open(const char *path, unsigned int flags, uint32_t mode, struct file **out);
/* What execveat names, opened for reading whatever its read permission: a regular file that the process may execute,
 * else -EACCES; -ETXTBSY if it is open for writing. As long as the file is open, nobody can open it for writing.
 * `flags`: AT_EMPTY_PATH (the file that `dirfd` holds, also with O_PATH), AT_SYMLINK_NOFOLLOW (-ELOOP). */
int file_open_exec(int dirfd, const char *path, unsigned int flags, struct file **out);
uint64_t inode_dev(const struct inode *ino); /* st_dev */
bool inode_honours_setid(const struct inode *ino); /* its file system is not mounted nosuid */
void file_get(struct file *f);
void file_put(struct file *f);
/* A file outside any directory tree, such as an eventfd: `name` is what /proc/PID/fd shows ("anon_inode:[eventfd]"),
 * `type` an S_IF* type with permission bits, or only these. NULL: no memory. */
struct file *file_create_anon(const char *name, uint32_t type, const struct file_ops *ops, void *data,
			      unsigned int flags);
/* Read from a regular file at `pos` into kernel memory; bytes, or -errno. */
long file_read_kernel(struct file *f, void *buf, size_t n, uint64_t pos);

/* Descriptor tables. fd_get() returns a referenced file or NULL; O_PATH descriptors are seen by fd_get_any() only. */
struct files *files_create(void);
struct files *files_clone(struct files *f);
void files_get(struct files *f);
void files_put(struct files *f);              /* last one closes all */
void files_close_on_exec(struct files *f);
bool files_shared(const struct files *f);     /* has more than one user: execve gives the process its own */
struct file *fd_get(int fd);
struct file *fd_get_any(int fd);
int fd_install(struct file *f, bool cloexec); /* takes over the reference; fd or -EMFILE (reference kept by caller) */

struct fs_context *fs_context_create(void);
struct fs_context *fs_context_clone(struct fs_context *c);
void fs_context_get(struct fs_context *c);
void fs_context_put(struct fs_context *c);

/* Give the first process its descriptors 0, 1, 2 on the console. */
int console_open_std(struct files *f);
/* The leader of session `sid` exits: if the console is its terminal, the foreground group gets SIGHUP and SIGCONT and
 * the terminal is free for another session. Any context, the process table unlocked. */
void tty_session_end(int sid);
/* A received byte, with interrupts off. Call only after console_room() said true. */
void console_input(unsigned char c);
/* Is there room for another byte? When not, arch_console_resume() is called once there is. */
bool console_room(void);
/* Console channels (docs/console.md): used by core/log.c and by the exit path. Any context. */
enum console_channel { CONSOLE_OUT, CONSOLE_ERR, CONSOLE_LOG, CONSOLE_TRACE };
void console_write(enum console_channel ch, const char *bytes, size_t n);
/* Tell the host that the first process ended / why the kernel panics. */
void console_exit_status(int status);
void console_panic(const char *reason);
/* After cmdline_init(): choose the mode and write out what was logged before. */
void console_init(void);

#endif
