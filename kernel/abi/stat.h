/* SPDX-License-Identifier: MIT */
/* Owns: file modes, and the structures of stat's relatives that all architectures share; arch_abi.h has arch_stat.
 * Relies on: arch_abi.h.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_ABI_STAT_H
#define VDK_KERNEL_ABI_STAT_H

#include "arch_abi.h"
#include "core/types.h"

#define S_IFMT 0170000u
#define S_IFSOCK 0140000u
#define S_IFLNK 0120000u
#define S_IFREG 0100000u
#define S_IFBLK 0060000u
#define S_IFDIR 0040000u
#define S_IFCHR 0020000u
#define S_IFIFO 0010000u
#define S_ISUID 04000u
#define S_ISGID 02000u
#define S_ISVTX 01000u
#define S_IXGRP 00010u
#define S_ISREG(m) (((m) & S_IFMT) == S_IFREG)
#define S_ISDIR(m) (((m) & S_IFMT) == S_IFDIR)
#define S_ISLNK(m) (((m) & S_IFMT) == S_IFLNK)
#define S_ISCHR(m) (((m) & S_IFMT) == S_IFCHR)
#define S_ISBLK(m) (((m) & S_IFMT) == S_IFBLK)
#define S_ISFIFO(m) (((m) & S_IFMT) == S_IFIFO)
#define S_ISSOCK(m) (((m) & S_IFMT) == S_IFSOCK)

/* dev_t as the 64-bit ABIs pass it: 12 bits of major, 20 of minor, split for compatibility. */
#define DEV(major, minor) \
	((((uint64_t)(minor) & 0xff) | ((uint64_t)(major) & 0xfff) << 8) | ((uint64_t)(minor) & ~0xffUL) << 12)
#define DEV_MAJOR(dev) ((unsigned int)((dev) >> 8 & 0xfff))
#define DEV_MINOR(dev) ((unsigned int)(((dev) & 0xff) | ((dev) >> 12 & 0xfffff00)))

#define DT_TYPE(mode) ((uint8_t)(((mode) & S_IFMT) >> 12)) /* d_type */

#define STATX_BASIC_STATS 0x7ffu
#define STATX_BTIME 0x800u
#define STATX_MNT_ID 0x1000u
#define STATX_RESERVED 0x80000000u
#define STATX_ATTR_MOUNT_ROOT 0x2000u

struct statx_timestamp {
	int64_t tv_sec;
	uint32_t tv_nsec;
	int32_t pad;
};

struct statx_user {
	uint32_t stx_mask, stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink, stx_uid, stx_gid;
	uint16_t stx_mode, pad0;
	uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
	struct statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
	uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
	uint64_t stx_mnt_id;
	uint64_t spare[13];
};
_Static_assert(sizeof(struct statx_user) == 256, "struct statx is 256 bytes");

struct statfs_user {
	int64_t f_type, f_bsize;
	uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	int32_t f_fsid[2];
	int64_t f_namelen, f_frsize, f_flags, f_spare[4];
};
_Static_assert(sizeof(struct statfs_user) == 120, "struct statfs is 120 bytes");

#define ST_RDONLY 1
#define ST_NOSUID 2
#define ST_NODEV 4
#define ST_NOEXEC 8
#define ST_VALID 0x20
#define ST_RELATIME 0x1000

#define UTIME_NOW 0x3fffffffL
#define UTIME_OMIT 0x3ffffffeL

#define MS_RDONLY 1u
#define MS_NOSUID 2u
#define MS_NODEV 4u
#define MS_NOEXEC 8u
#define MS_REMOUNT 32u
#define MS_BIND 4096u
#define MS_MOVE 8192u
#define MS_UNBINDABLE (1u << 17)
#define MS_PRIVATE (1u << 18)
#define MS_SLAVE (1u << 19)
#define MS_SHARED (1u << 20)
#define MNT_FORCE 1u
#define MNT_DETACH 2u
#define MNT_EXPIRE 4u
#define UMOUNT_NOFOLLOW 8u

#endif
