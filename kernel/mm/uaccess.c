/* SPDX-License-Identifier: MIT */
/* User memory, as system calls see it.
 * Owns: the range check before each copy.
 * Relies on: arch_copy_user() ending at a fault that nobody resolves.
 * Never: forms a kernel pointer from a user address that was not checked. */
#include "mm/uaccess.h"

#include "abi/errno.h"
#include "arch/arch.h"
#include "core/string.h"
#include "mm/kmalloc.h"
#include "mm/page.h"

#define PATH_MAX 4096

static bool user_range(uaddr_t va, size_t n)
{
	return va <= ARCH_USER_TOP && n <= ARCH_USER_TOP - va;
}

int copy_from_user(void *to, uaddr_t from, size_t n)
{
	return user_range(from, n) && !arch_copy_user(to, (const void *)from, n) ? 0 : -EFAULT;
}

int copy_to_user(uaddr_t to, const void *from, size_t n)
{
	return user_range(to, n) && !arch_copy_user((void *)to, from, n) ? 0 : -EFAULT;
}

int clear_user(uaddr_t to, size_t n)
{
	const void *zeros = arch_phys_to_virt(page_zero());

	if (!user_range(to, n))
		return -EFAULT;
	while (n) {
		size_t step = MIN(n, PAGE_SIZE);

		if (arch_copy_user((void *)to, zeros, step))
			return -EFAULT;
		to += step;
		n -= step;
	}
	return 0;
}

long strncpy_from_user(char *to, uaddr_t from, size_t size)
{
	size_t done = 0;

	/* Steps end at 256-byte boundaries: none touches a page that the string does not reach. */
	while (done < size) {
		size_t step = MIN(size - done, 256 - (from & 255)), len;

		if (copy_from_user(to + done, from, step))
			return -EFAULT;
		len = strnlen(to + done, step);
		done += len;
		if (len < step)
			return (long)done;
		from += step;
	}
	return -ENAMETOOLONG;
}

int path_from_user(char **path, uaddr_t from)
{
	char head[128], *p;
	long len = strncpy_from_user(head, from, sizeof(head));

	if (len >= 0) {
		p = kmalloc((size_t)len + 1);
		if (!p)
			return -ENOMEM;
		memcpy(p, head, (size_t)len);
		*path = p;
		return 0;
	}
	if (len != -ENAMETOOLONG)
		return (int)len;
	p = kmalloc(PATH_MAX);
	if (!p)
		return -ENOMEM;
	len = strncpy_from_user(p, from, PATH_MAX);
	if (len < 0) {
		kfree(p);
		return (int)len;
	}
	*path = p;
	return 0;
}
