/* SPDX-License-Identifier: MIT */
/* Owns: what poll, select and epoll share.
 * Relies on: fs/file.h.
 * Who may include: kernel/fs. */
#ifndef VDK_KERNEL_FS_POLL_H
#define VDK_KERNEL_FS_POLL_H

#include "abi/poll.h"
#include "fs/file.h"

/* MONOTONIC time after so many ns; negative or too far: NO_DEADLINE. */
uint64_t deadline_after(int64_t ns);
/* From a struct timespec of user memory; 0: NO_DEADLINE. 0, -EFAULT or -EINVAL. */
int deadline_from_user(uaddr_t from, uint64_t *deadline_ns);
/* Put a temporary signal mask in place; `mask` 0: nothing. 0, -EFAULT or -EINVAL. */
int sigmask_from_user(uaddr_t mask, uint64_t size);

#endif
