/* SPDX-License-Identifier: MIT */
/* Owns: the constants of open, fcntl and the *at calls; arch_abi.h adds the O_* values that architectures differ in
 * (O_DIRECT, O_LARGEFILE, O_DIRECTORY, O_NOFOLLOW).
 * Relies on: arch_abi.h.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_ABI_FCNTL_H
#define VDK_KERNEL_ABI_FCNTL_H

#include "arch_abi.h"

#define O_RDONLY 00u
#define O_WRONLY 01u
#define O_RDWR 02u
#define O_ACCMODE 03u
#define O_CREAT 0100u
#define O_EXCL 0200u
#define O_NOCTTY 0400u
#define O_TRUNC 01000u
#define O_APPEND 02000u
#define O_NONBLOCK 04000u
#define O_DSYNC 010000u
#define O_ASYNC 020000u
#define O_NOATIME 01000000u
#define O_CLOEXEC 02000000u
#define O_SYNC 04010000u
#define O_PATH 010000000u
#define O_TMPFILE_BIT 020000000u /* O_TMPFILE is this and O_DIRECTORY */

#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100u
#define AT_EACCESS 0x200u
#define AT_REMOVEDIR 0x200u
#define AT_SYMLINK_FOLLOW 0x400u
#define AT_NO_AUTOMOUNT 0x800u
#define AT_EMPTY_PATH 0x1000u
#define AT_STATX_SYNC_TYPE 0x6000u

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_SETOWN 8
#define F_GETOWN 9
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#define F_DUPFD_CLOEXEC 1030
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#define FD_CLOEXEC 1

#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

#define F_SEAL_SEAL 1u
#define F_SEAL_SHRINK 2u
#define F_SEAL_GROW 4u
#define F_SEAL_WRITE 8u
#define F_SEAL_FUTURE_WRITE 16u

#define R_OK 4u
#define W_OK 2u
#define X_OK 1u

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define SEEK_DATA 3
#define SEEK_HOLE 4

#define FALLOC_FL_KEEP_SIZE 1u
#define FALLOC_FL_PUNCH_HOLE 2u
#define FALLOC_FL_ZERO_RANGE 16u

#define RENAME_NOREPLACE 1u
#define RENAME_EXCHANGE 2u

#define MFD_CLOEXEC 1u
#define MFD_ALLOW_SEALING 2u
#define MFD_NOEXEC_SEAL 8u
#define MFD_EXEC 16u

#define RWF_HIPRI 1u
#define RWF_DSYNC 2u
#define RWF_SYNC 4u
#define RWF_NOWAIT 8u
#define RWF_APPEND 16u

struct flock_user {
	int16_t l_type, l_whence;
	int64_t l_start, l_len;
	int32_t l_pid;
};

struct iovec {
	uint64_t iov_base, iov_len;
};

#define IOV_MAX 1024
#define RW_MAX 0x7ffff000UL /* bytes of one read or write */
#define PIPE_BUF 4096UL

#define RLIMIT_FSIZE 1
#define RLIMIT_NOFILE 7

#endif
