/* SPDX-License-Identifier: MIT */
/* System calls on files, directories and memory, by the calls that every architecture has.
 *
 * Owns: the first two parts of <unistd.h>. Relies on: nolibc_syscall(). */
#include "nolibc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

long nolibc_result(long result)
{
	if (result >= 0 || result < -4095)
		return result;
	errno = (int)-result;
	return -1;
}

#define DEFINE(type, name, parameters, nr, ...) \
	type name parameters                    \
	{                                       \
		return (type)nolibc_result(CALL(nr, __VA_ARGS__)); \
	}

DEFINE(int, close, (int fd), close, fd, 0, 0, 0, 0, 0)
DEFINE(int, dup, (int fd), dup, fd, 0, 0, 0, 0, 0)
DEFINE(int, pipe2, (int ends[2], int flags), pipe2, ends, flags, 0, 0, 0, 0)
DEFINE(int, pipe, (int ends[2]), pipe2, ends, 0, 0, 0, 0, 0)
DEFINE(ssize_t, read, (int fd, void *to, size_t size), read, fd, to, size, 0, 0, 0)
DEFINE(ssize_t, write, (int fd, const void *from, size_t size), write, fd, from, size, 0, 0, 0)
DEFINE(off_t, lseek, (int fd, off_t offset, int whence), lseek, fd, offset, whence, 0, 0, 0)
DEFINE(int, access, (const char *path, int mode), faccessat, AT_FDCWD, path, mode, 0, 0, 0)
DEFINE(int, chdir, (const char *path), chdir, path, 0, 0, 0, 0, 0)
DEFINE(int, chmod, (const char *path, mode_t mode), fchmodat, AT_FDCWD, path, mode, 0, 0, 0)
DEFINE(int, fchmod, (int fd, mode_t mode), fchmod, fd, mode, 0, 0, 0, 0)
DEFINE(int, mkdir, (const char *path, mode_t mode), mkdirat, AT_FDCWD, path, mode, 0, 0, 0)
DEFINE(int, rmdir, (const char *path), unlinkat, AT_FDCWD, path, AT_REMOVEDIR, 0, 0, 0)
DEFINE(int, unlink, (const char *path), unlinkat, AT_FDCWD, path, 0, 0, 0, 0)
DEFINE(int, symlink, (const char *target, const char *path), symlinkat, target, AT_FDCWD, path, 0, 0, 0)
DEFINE(ssize_t, readlink, (const char *path, char *to, size_t size), readlinkat, AT_FDCWD, path, to, size, 0, 0)
DEFINE(int, truncate, (const char *path, off_t size), truncate, path, size, 0, 0, 0, 0)
DEFINE(int, umount2, (const char *path, int flags), umount2, path, flags, 0, 0, 0, 0)
DEFINE(int, munmap, (void *at, size_t size), munmap, at, size, 0, 0, 0, 0)
DEFINE(int, mprotect, (void *at, size_t size, int prot), mprotect, at, size, prot, 0, 0, 0)

void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	return (void *)nolibc_result(CALL(mmap, at, size, prot, flags, fd, offset));
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return (int)nolibc_result(CALL4(openat, AT_FDCWD, path, flags, mode));
}

int dup2(int fd, int to)
{
	if (fd == to)
		return fcntl(fd, F_GETFD) < 0 ? -1 : to;
	return (int)nolibc_result(CALL3(dup3, fd, to, 0));
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	long arg;

	va_start(args, command);
	arg = command == F_GETFD ? 0 : va_arg(args, int);
	va_end(args);
	return (int)nolibc_result(CALL3(fcntl, fd, command, arg));
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	long arg;

	va_start(args, request);
	arg = va_arg(args, long);
	va_end(args);
	return (int)nolibc_result(CALL3(ioctl, fd, request, arg));
}

/* Of a statx structure: owner and group at 20, mode at 28, size at 40. */
int stat(const char *path, struct stat *st)
{
	union {
		uint64_t words[32];
		uint32_t halves[64];
	} x = { { 0 } };

	if (nolibc_result(CALL(statx, AT_FDCWD, path, 0, 0x7ff /* STATX_BASIC_STATS */, &x, 0)) != 0)
		return -1;
	memset(st, 0, sizeof(*st));
	st->st_uid = x.halves[5];
	st->st_gid = x.halves[6];
	st->st_mode = x.halves[7] & 0xffff;
	st->st_size = (off_t)x.words[5];
	return 0;
}

int select(int count, fd_set *in, fd_set *out, fd_set *error, struct timeval *timeout)
{
	struct timespec ts = { 0 };

	if (timeout)
		ts = (struct timespec){ timeout->tv_sec, timeout->tv_usec * 1000 };
	return (int)nolibc_result(CALL(pselect6, count, in, out, error, timeout ? &ts : NULL, 0));
}

/* --- directories -------------------------------------------------------------------------------------------------- */

struct nolibc_directory {
	int fd;
	size_t used, taken;
	char entries[2048] __attribute__((aligned(8)));
};

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = malloc(sizeof(*dir));
	if (!dir) {
		close(fd);
		return NULL;
	}
	dir->fd = fd;
	dir->used = dir->taken = 0;
	return dir;
}

struct dirent *readdir(DIR *dir)
{
	struct dirent *entry;
	long n;

	if (dir->taken == dir->used) {
		n = nolibc_result(CALL3(getdents64, dir->fd, dir->entries, sizeof(dir->entries)));
		dir->taken = 0;
		dir->used = n > 0 ? (size_t)n : 0;
		if (n <= 0)
			return NULL;
	}
	entry = (struct dirent *)(dir->entries + dir->taken);
	dir->taken += entry->d_reclen;
	return entry;
}

int closedir(DIR *dir)
{
	int result = close(dir->fd);

	free(dir);
	return result;
}
