/* SPDX-License-Identifier: MIT */
/* Regular files of ramfs: the page cache is the file.
 * Owns: pages, sizes. Relies on: inode->lock for tree and size, inode->write_lock against other writers.
 * Never: copies to or from user memory under a spinlock. */
#include "arch/arch.h"
#include "core/string.h"
#include "fs/ramfs.h"
#include "fs/uio.h"
#include "mm/kmalloc.h"
#include "mm/page.h"
#include "mm/space.h"
#include "proc/process.h"

#define PAGE_BLOCKS (PAGE_SIZE / 512)

#define RESERVE_PART 32 /* of all pages: files do not take the last ones */

uint64_t ramfs_pages_left(const struct superblock *sb)
{
	size_t unused = page_free_count(), reserve = page_total() / RESERVE_PART;
	uint64_t left = unused > reserve ? unused - reserve : 0, used = __atomic_load_n(&sb->pages, __ATOMIC_RELAXED);

	if (!sb->max_pages)
		return left;
	return MIN(left, sb->max_pages > used ? sb->max_pages - used : 0);
}

/* After the tree changed, inode->lock held. */
static void count_blocks(struct ram_inode *r)
{
	uint64_t before = r->inode.blocks / PAGE_BLOCKS;

	r->inode.blocks = r->pages.count * PAGE_BLOCKS;
	__atomic_add_fetch(&r->inode.sb->pages, r->pages.count - before, __ATOMIC_RELAXED);
}

/* The page with a reference, or 0 for a hole. */
static paddr_t find_page(struct ram_inode *r, uint64_t index)
{
	unsigned long flags = spin_lock(&r->inode.lock);
	paddr_t pa = pagetree_get(&r->pages, index);

	if (pa)
		page_get(pa);
	spin_unlock(&r->inode.lock, flags);
	return pa;
}

static bool within(const struct ram_inode *r, uint64_t index)
{
	return r->inode.size && index <= (r->inode.size - 1) >> PAGE_SHIFT;
}

/* The page with a reference, made if it is not there; 0: no memory left for files, or `bounded` and beyond the end. */
static paddr_t make_page(struct ram_inode *r, uint64_t index, bool bounded)
{
	paddr_t pa = find_page(r, index), fresh;
	unsigned long flags;

	if (pa)
		return pa;
	if (!ramfs_pages_left(r->inode.sb))
		return 0;
	fresh = page_alloc(0);
	if (!fresh)
		return 0;
	flags = spin_lock(&r->inode.lock);
	pa = pagetree_get(&r->pages, index);
	if (!pa && !(bounded && !within(r, index)) && !pagetree_set(&r->pages, index, fresh)) {
		pa = fresh;
		fresh = 0;
		count_blocks(r);
	}
	if (pa)
		page_get(pa);
	spin_unlock(&r->inode.lock, flags);
	if (fresh)
		page_put(fresh);
	return pa;
}

static long ram_read(struct file *f, struct uio *u, uint64_t *pos)
{
	struct ram_inode *r = ram(f->inode);
	size_t n0 = u->left;

	while (u->left) {
		uint64_t size = __atomic_load_n(&r->inode.size, __ATOMIC_RELAXED);
		size_t in_page = *pos % PAGE_SIZE, n = MIN(u->left, PAGE_SIZE - in_page), done;
		paddr_t pa;

		if (*pos >= size)
			break;
		n = (size_t)MIN((uint64_t)n, size - *pos);
		pa = find_page(r, *pos >> PAGE_SHIFT);
		if (pa) {
			done = uio_write(u, (char *)arch_phys_to_virt(pa) + in_page, n);
			page_put(pa);
		} else {
			done = uio_zero(u, n);
		}
		*pos += done;
		if (done < n)
			return n0 - u->left ? (long)(n0 - u->left) : -EFAULT;
	}
	if (!(f->flags & O_NOATIME))
		inode_accessed(f->inode);
	return (long)(n0 - u->left);
}

/* The file ends at `size` from now on, not before its old end: what a mapping left behind that end is zero now. */
static void grow(struct ram_inode *r, uint64_t size)
{
	unsigned long flags = spin_lock(&r->inode.lock);
	uint64_t old = r->inode.size;
	size_t tail = old % PAGE_SIZE;
	paddr_t pa = tail ? pagetree_get(&r->pages, old >> PAGE_SHIFT) : 0;

	if (pa && size > old)
		memset((char *)arch_phys_to_virt(pa) + tail, 0, (size_t)MIN(size - old, PAGE_SIZE - tail));
	if (size > old)
		__atomic_store_n(&r->inode.size, size, __ATOMIC_RELAXED);
	spin_unlock(&r->inode.lock, flags);
}

static long write_pages(struct ram_inode *r, struct uio *u, uint64_t *pos)
{
	size_t n0 = u->left;
	long err = 0;

	if (*pos > r->inode.size)
		grow(r, *pos);
	while (u->left && !err) {
		size_t in_page = *pos % PAGE_SIZE, n = MIN(u->left, PAGE_SIZE - in_page), done;
		paddr_t pa = make_page(r, *pos >> PAGE_SHIFT, false);

		if (!pa) {
			err = -ENOSPC;
			break;
		}
		done = uio_read(u, (char *)arch_phys_to_virt(pa) + in_page, n);
		page_put(pa);
		*pos += done;
		if (done)
			__atomic_store_n(&r->inode.size, MAX(r->inode.size, *pos), __ATOMIC_RELAXED);
		if (done < n)
			err = -EFAULT;
	}
	return n0 - u->left ? (long)(n0 - u->left) : err;
}

static long ram_write(struct file *f, struct uio *u, uint64_t *pos)
{
	struct inode *ino = f->inode;
	size_t left;
	long n;

	mutex_lock(&ino->write_lock);
	if (f->flags & O_APPEND)
		*pos = ino->size;
	left = file_size_limit(*pos, u->left);
	if (ino->seals & F_SEAL_GROW)
		left = *pos >= ino->size ? 0 : (size_t)MIN((uint64_t)left, ino->size - *pos);
	if (ino->seals & F_SEAL_WRITE || (!left && ino->seals & F_SEAL_GROW)) {
		n = -EPERM;
	} else if (!left) {
		n = -EFBIG;
	} else {
		u->left = left;
		n = write_pages(ram(ino), u, pos);
		if (n > 0) {
			inode_touch(ino);
			inode_drop_setid(ino);
		}
	}
	mutex_unlock(&ino->write_lock);
	return n;
}

void ram_free_pages(struct ram_inode *r)
{
	pagetree_free(&r->pages);
	count_blocks(r);
}

int ram_write_kernel(struct inode *ino, uint64_t pos, const void *from, size_t n)
{
	UIO_ONE(iov, (uintptr_t)from, n, true);

	return n && write_pages(ram(ino), &u, &pos) != (long)n ? -ENOSPC : 0;
}

/* Zero [from, to) within one page. */
static void zero_part(struct ram_inode *r, uint64_t from, uint64_t to)
{
	paddr_t pa = from < to ? pagetree_get(&r->pages, from >> PAGE_SHIFT) : 0;

	if (pa)
		memset((char *)arch_phys_to_virt(pa) + from % PAGE_SIZE, 0, (size_t)(to - from));
}

static int ram_truncate(struct inode *ino, uint64_t size)
{
	struct ram_inode *r = ram(ino);
	unsigned long flags;

	if ((size < ino->size && ino->seals & F_SEAL_SHRINK) || (size > ino->size && ino->seals & F_SEAL_GROW))
		return -EPERM;
	if (size >= ino->size) {
		grow(r, size);
	} else {
		uint64_t whole = ALIGN_UP(size, PAGE_SIZE);

		flags = spin_lock(&ino->lock);
		__atomic_store_n(&ino->size, size, __ATOMIC_RELAXED);
		zero_part(r, size, whole);
		pagetree_cut(&r->pages, whole >> PAGE_SHIFT, UINT64_MAX);
		count_blocks(r);
		spin_unlock(&ino->lock, flags);
		space_forget_file(ino, whole, UINT64_MAX, true);
	}
	inode_touch(ino);
	return 0;
}

static void punch(struct ram_inode *r, uint64_t from, uint64_t to)
{
	uint64_t first = ALIGN_UP(from, PAGE_SIZE), last = ALIGN_DOWN(to, PAGE_SIZE);
	unsigned long flags = spin_lock(&r->inode.lock);

	if (first > last) {
		zero_part(r, from, to);
	} else {
		zero_part(r, from, first);
		zero_part(r, last, to);
		pagetree_cut(&r->pages, first >> PAGE_SHIFT, last >> PAGE_SHIFT);
		count_blocks(r);
	}
	spin_unlock(&r->inode.lock, flags);
	if (first < last)
		space_forget_file(&r->inode, first, last, false);
}

static int ram_allocate(struct inode *ino, unsigned int mode, uint64_t from, uint64_t n)
{
	struct ram_inode *r = ram(ino);
	uint64_t to = from + n;

	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE) && ino->seals & F_SEAL_WRITE)
		return -EPERM;
	if (!(mode & FALLOC_FL_KEEP_SIZE) && to > ino->size && ino->seals & F_SEAL_GROW)
		return -EPERM;
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		punch(r, from, to);
	for (uint64_t i = from >> PAGE_SHIFT; !(mode & FALLOC_FL_PUNCH_HOLE) && i <= (to - 1) >> PAGE_SHIFT; i++) {
		paddr_t pa = make_page(r, i, false);

		if (!pa)
			return -ENOSPC;
		page_put(pa);
		if (signal_pending(current_thread()))
			return -EINTR;
	}
	if (!(mode & FALLOC_FL_KEEP_SIZE))
		grow(r, to);
	inode_touch(ino);
	return 0;
}

static int64_t ram_seek(struct inode *ino, uint64_t from, bool hole)
{
	struct ram_inode *r = ram(ino);
	uint64_t index = from >> PAGE_SHIFT, at;
	unsigned long flags = spin_lock(&ino->lock);

	if (hole)
		while (index << PAGE_SHIFT < ino->size && pagetree_get(&r->pages, index))
			index++;
	else
		index = pagetree_next(&r->pages, index);
	at = index > ino->size >> PAGE_SHIFT ? ino->size : MAX(from, index << PAGE_SHIFT);
	at = MIN(at, ino->size);
	spin_unlock(&ino->lock, flags);
	return !hole && at >= ino->size ? -ENXIO : (int64_t)at;
}

static int ram_page(struct inode *ino, uint64_t index, paddr_t *pa)
{
	*pa = within(ram(ino), index) ? make_page(ram(ino), index, true) : 0;
	if (*pa)
		return 0;
	return within(ram(ino), index) ? -ENOMEM : -EIO;
}

const struct file_ops ram_file_ops = { .read = ram_read, .write = ram_write, .seekable = true };
const struct inode_ops ram_reg_ops = {
	.truncate = ram_truncate,
	.allocate = ram_allocate,
	.seek = ram_seek,
	.page = ram_page,
	.destroy = ram_destroy,
};
