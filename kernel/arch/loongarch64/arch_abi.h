/* SPDX-License-Identifier: MIT */
/* Owns: the parts of Linux's file ABI that differ among architectures: on loongarch64 those of asm-generic.
 * Relies on: nothing.
 * Who may include: kernel/abi, kernel/fs. */
#ifndef VDK_KERNEL_ARCH_LOONGARCH64_ARCH_ABI_H
#define VDK_KERNEL_ARCH_LOONGARCH64_ARCH_ABI_H

#include "core/types.h"

#define O_DIRECT 0x4000u
#define O_LARGEFILE 0x8000u
#define O_DIRECTORY 0x10000u
#define O_NOFOLLOW 0x20000u

struct arch_stat_time {
	int64_t sec, nsec;
};

/* struct stat. Padding is zero: fill it from a zeroed struct. */
struct arch_stat {
	uint64_t st_dev;
	uint64_t st_ino;
	uint32_t st_mode;
	uint32_t st_nlink;
	uint32_t st_uid;
	uint32_t st_gid;
	uint64_t st_rdev;
	uint64_t pad0;
	int64_t st_size;
	int32_t st_blksize;
	int32_t pad1;
	int64_t st_blocks;
	struct arch_stat_time st_atim, st_mtim, st_ctim;
	uint32_t pad2[2];
};
_Static_assert(sizeof(struct arch_stat) == 128, "struct stat of loongarch64");
_Static_assert(offsetof(struct arch_stat, st_rdev) == 32, "struct stat of loongarch64");
_Static_assert(offsetof(struct arch_stat, st_atim) == 72, "struct stat of loongarch64");

struct arch_epoll_event {
	uint32_t events;
	uint64_t data;
};
_Static_assert(sizeof(struct arch_epoll_event) == 16, "struct epoll_event of loongarch64");

#endif
