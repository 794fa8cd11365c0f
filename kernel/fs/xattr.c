/* SPDX-License-Identifier: MIT */
/* The calls on extended attributes: no file has any, and no file system keeps them.
 * Owns: nothing. Relies on: path look-up, for the errors that come first.
 * Never: claims to have stored one. */
#include "fs/vfs.h"
#include "syscall/syscall.h"

/* `result` for a file that exists, else the error. */
static long path_result(uaddr_t path, unsigned int walk, long result)
{
	struct inode *ino;
	int err = path_inode(AT_FDCWD, path, walk, &ino);

	if (err)
		return err;
	inode_put(ino);
	return result;
}

static long fd_result(uint64_t fd, long result)
{
	struct file *f = fd_get((int)fd);

	if (!f)
		return -EBADF;
	file_put(f);
	return result;
}

#define XATTR_CALLS(call, result)                                                    \
	SYSCALL(call) { return path_result(arg[0], WALK_FOLLOW, result); }           \
	SYSCALL(l##call) { return path_result(arg[0], 0, result); }                  \
	SYSCALL(f##call) { return fd_result(arg[0], result); }

XATTR_CALLS(getxattr, -EOPNOTSUPP)
XATTR_CALLS(setxattr, -EOPNOTSUPP)
XATTR_CALLS(removexattr, -EOPNOTSUPP)
XATTR_CALLS(listxattr, 0)
