/* SPDX-License-Identifier: MIT */
/* Owns: what a named pipe's inode needs of pipe.c.
 * Relies on: fs/file.h.
 * Who may include: kernel/fs. */
#ifndef VDK_KERNEL_FS_PIPE_H
#define VDK_KERNEL_FS_PIPE_H

#include "fs/file.h"

int fifo_open(struct inode *ino, struct file *f);
void fifo_destroy(struct inode *ino);
/* F_GETPIPE_SZ and F_SETPIPE_SZ; -EBADF when `f` is no pipe. */
long pipe_get_size(struct file *f);
long pipe_set_size(struct file *f, size_t size);

#endif
