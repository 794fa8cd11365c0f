/* SPDX-License-Identifier: MIT */
/* Owns: where the bytes of a read go and those of a write come from: a vector in user memory, or a kernel buffer.
 * Relies on: mm/uaccess.h.
 * Who may include: kernel/fs, and who writes file_ops. */
#ifndef VDK_KERNEL_FS_UIO_H
#define VDK_KERNEL_FS_UIO_H

#include "abi/fcntl.h"
#include "core/types.h"

struct uio {
	const struct iovec *iov; /* the next bytes are at iov->iov_base + at */
	size_t at;
	size_t left;             /* bytes in all */
	bool kernel;             /* iov_base is a kernel address */
};

/* Move up to `n` bytes, at most u->left, and advance. Bytes moved: fewer only if user memory is not there. Not under a
 * spinlock. */
size_t uio_write(struct uio *u, const void *from, size_t n); /* to the reader */
size_t uio_read(struct uio *u, void *to, size_t n);          /* from the writer */
size_t uio_zero(struct uio *u, size_t n);                    /* zeros to the reader */

#define UIO_ONE(iov_, base_, n_, kernel_)                                    \
	struct iovec iov_ = { (uint64_t)(base_), (n_) };                      \
	struct uio u = { .iov = &iov_, .left = (n_), .kernel = (kernel_) }

#endif
