/* SPDX-License-Identifier: MIT */
/* Owns: errno, and the error numbers that tests name. Relies on: thread-local storage.
 * Who may include: programs. */
#ifndef VDK_NOLIBC_ERRNO_H
#define VDK_NOLIBC_ERRNO_H

extern _Thread_local int errno;
#define errno errno

#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EINTR 4
#define EIO 5
#define E2BIG 7
#define ENOEXEC 8
#define EBADF 9
#define ECHILD 10
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENOTDIR 20
#define EINVAL 22
#define ETXTBSY 26
#define EPIPE 32
#define ERANGE 34
#define ENOSYS 38
#define ELOOP 40
#define ELIBBAD 80
#define ENOTSUP 95
#define EOPNOTSUPP 95
#define ETIMEDOUT 110
#define ECANCELED 125

#endif
