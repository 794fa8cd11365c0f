/* SPDX-License-Identifier: MIT */
/* Owns: nothing. Relies on: mm/uaccess.h.
 * Never: copies more than a page at once, so that a fault costs at most the rest of one. */
#include "fs/uio.h"

#include "core/string.h"
#include "mm/uaccess.h"
#include "proc/internal.h"

enum direction { TO_READER, FROM_WRITER, ZERO };

static int move(struct uio *u, uint64_t base, char *buf, size_t n, enum direction way)
{
	if (u->kernel) {
		void *p = (void *)(uintptr_t)base;

		if (way == TO_READER)
			memcpy(p, buf, n);
		else if (way == FROM_WRITER)
			memcpy(buf, p, n);
		else
			memset(p, 0, n);
		return 0;
	}
	if (way == ZERO)
		return clear_user(base, n);
	return way == TO_READER ? copy_to_user(base, buf, n) : copy_from_user(buf, base, n);
}

static size_t transfer(struct uio *u, char *buf, size_t n, enum direction way)
{
	size_t done = 0;

	n = MIN(n, u->left);
	while (done < n) {
		uint64_t base = u->iov->iov_base + u->at;
		size_t k = MIN(n - done, u->iov->iov_len - u->at);

		if (!k) {
			u->iov++;
			u->at = 0;
			continue;
		}
		/* Whoever is killed will not miss the rest, and may have asked for gigabytes. */
		if (!u->kernel && signal_kill_pending(current_thread()))
			break;
		k = MIN(k, PAGE_SIZE - (base & ~PAGE_MASK));
		if (move(u, base, way == ZERO ? NULL : buf + done, k, way))
			break;
		u->at += k;
		u->left -= k;
		done += k;
		if (!u->kernel)
			sched_relax();
	}
	return done;
}

size_t uio_write(struct uio *u, const void *from, size_t n)
{
	return transfer(u, (char *)from, n, TO_READER);
}

size_t uio_read(struct uio *u, void *to, size_t n)
{
	return transfer(u, to, n, FROM_WRITER);
}

size_t uio_zero(struct uio *u, size_t n)
{
	return transfer(u, NULL, n, ZERO);
}
