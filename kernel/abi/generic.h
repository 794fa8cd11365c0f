/* SPDX-License-Identifier: MIT */
/* Owns: struct stat and struct epoll_event as Linux's younger architectures have them, for their arch_abi.h.
 * Relies on: nothing.
 * Who may include: arch_abi.h. */
#ifndef VDK_KERNEL_ABI_GENERIC_H
#define VDK_KERNEL_ABI_GENERIC_H

#include "core/types.h"

struct arch_stat_time {
	int64_t sec, nsec;
};

/* Padding is zero: fill it from a zeroed struct. */
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
	int32_t st_blksize, pad1;
	int64_t st_blocks;
	struct arch_stat_time st_atim, st_mtim, st_ctim;
	uint32_t pad2[2];
};
_Static_assert(sizeof(struct arch_stat) == 128, "the generic struct stat");
_Static_assert(offsetof(struct arch_stat, st_rdev) == 32, "the generic struct stat");
_Static_assert(offsetof(struct arch_stat, st_size) == 48, "the generic struct stat");
_Static_assert(offsetof(struct arch_stat, st_atim) == 72, "the generic struct stat");

struct arch_epoll_event {
	uint32_t events, pad;
	uint64_t data;
};
_Static_assert(sizeof(struct arch_epoll_event) == 16, "the generic struct epoll_event is not packed");

#endif
