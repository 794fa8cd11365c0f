/* SPDX-License-Identifier: MIT */
/* Descriptor tables.
 * Owns: struct files. Relies on: process->files, RLIMIT_NOFILE.
 * Never: closes a file with its lock held. */
#include "core/string.h"
#include "fs/vfs.h"
#include "mm/kmalloc.h"
#include "proc/process.h"
#include "syscall/syscall.h"

#define FIRST_CAPACITY 64u
#define FD_LIMIT 1048576u /* Linux's fs.nr_open */

#define CLOSE_RANGE_UNSHARE 2u
#define CLOSE_RANGE_CLOEXEC 4u

struct slot {
	struct file *file;
	bool cloexec;
};

struct files {
	struct spinlock lock;
	struct slot *slots;
	unsigned int capacity;
	unsigned int lowest; /* no slot below is free */
	unsigned int refs;   /* atomic */
};

struct files *files_create(void)
{
	struct files *fs = kmalloc(sizeof(*fs));

	if (!fs)
		return NULL;
	fs->slots = kmalloc(FIRST_CAPACITY * sizeof(*fs->slots));
	if (!fs->slots) {
		kfree(fs);
		return NULL;
	}
	fs->capacity = FIRST_CAPACITY;
	fs->refs = 1;
	return fs;
}

/* Grow to at least `want` slots. The lock is not held: another thread may grow the table meanwhile. */
static int files_grow(struct files *fs, unsigned int want)
{
	unsigned int capacity = FIRST_CAPACITY;
	struct slot *slots, *old;
	unsigned long flags;

	while (capacity < want)
		capacity *= 2;
	slots = kmalloc(capacity * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	flags = spin_lock(&fs->lock);
	old = slots;
	if (fs->capacity < capacity) {
		memcpy(slots, fs->slots, fs->capacity * sizeof(*slots));
		old = fs->slots;
		fs->slots = slots;
		fs->capacity = capacity;
	}
	spin_unlock(&fs->lock, flags);
	kfree(old);
	return 0;
}

struct files *files_clone(struct files *from)
{
	struct files *fs = files_create();
	unsigned long flags;

	if (!fs)
		return NULL;
	for (;;) {
		unsigned int need;

		flags = spin_lock(&from->lock);
		need = from->capacity;
		if (need <= fs->capacity)
			break;
		spin_unlock(&from->lock, flags);
		if (files_grow(fs, need)) {
			files_put(fs);
			return NULL;
		}
	}
	for (unsigned int i = 0; i < from->capacity; i++) {
		fs->slots[i] = from->slots[i];
		if (fs->slots[i].file)
			file_get(fs->slots[i].file);
	}
	fs->lowest = from->lowest;
	spin_unlock(&from->lock, flags);
	return fs;
}

void files_get(struct files *fs)
{
	__atomic_add_fetch(&fs->refs, 1, __ATOMIC_RELAXED);
}

bool files_shared(const struct files *fs)
{
	return __atomic_load_n(&fs->refs, __ATOMIC_RELAXED) > 1;
}

/* Takes a descriptor out of the table; NULL: it was not open. The caller gets the table's reference. */
static struct file *take(struct files *fs, unsigned int fd)
{
	unsigned long flags = spin_lock(&fs->lock);
	struct file *f = NULL;

	if (fd < fs->capacity) {
		f = fs->slots[fd].file;
		fs->slots[fd] = (struct slot){ 0 };
		if (f && fd < fs->lowest)
			fs->lowest = fd;
	}
	spin_unlock(&fs->lock, flags);
	return f;
}

static void drop(struct files *fs, struct file *f)
{
	locks_close(fs, f->inode);
	file_put(f);
}

void files_put(struct files *fs)
{
	/* Acquire and release as in inode_put(). */
	if (__atomic_sub_fetch(&fs->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (unsigned int i = 0; i < fs->capacity; i++)
		if (fs->slots[i].file)
			drop(fs, fs->slots[i].file);
	kfree(fs->slots);
	kfree(fs);
}

void files_close_on_exec(struct files *fs)
{
	for (unsigned int i = 0; i < files_capacity(fs); i++)
		if (files_cloexec(fs, (int)i))
			drop(fs, take(fs, i));
}

struct file *files_fd_get(struct files *fs, int fd)
{
	unsigned long flags = spin_lock(&fs->lock);
	struct file *f = (unsigned int)fd < fs->capacity ? fs->slots[fd].file : NULL;

	if (f)
		file_get(f);
	spin_unlock(&fs->lock, flags);
	return f;
}

bool files_cloexec(struct files *fs, int fd)
{
	unsigned long flags = spin_lock(&fs->lock);
	bool on = (unsigned int)fd < fs->capacity && fs->slots[fd].file && fs->slots[fd].cloexec;

	spin_unlock(&fs->lock, flags);
	return on;
}

unsigned int files_capacity(struct files *fs)
{
	return __atomic_load_n(&fs->capacity, __ATOMIC_RELAXED);
}

int files_next_fd(struct files *fs, int from)
{
	unsigned long flags = spin_lock(&fs->lock);
	int fd = -1;

	for (unsigned int i = (unsigned int)from; i < fs->capacity && fd < 0; i++)
		if (fs->slots[i].file)
			fd = (int)i;
	spin_unlock(&fs->lock, flags);
	return fd;
}

struct file *fd_get_any(int fd)
{
	return files_fd_get(current_process()->files, fd);
}

struct file *fd_get(int fd)
{
	struct file *f = fd_get_any(fd);

	if (f && f->flags & O_PATH) {
		file_put(f);
		return NULL;
	}
	return f;
}

static unsigned int fd_limit(void)
{
	return (unsigned int)MIN(process_limit(RLIMIT_NOFILE), (uint64_t)FD_LIMIT);
}

int fd_install_from(struct file *f, bool cloexec, int lowest)
{
	struct files *fs = current_process()->files;
	unsigned int limit = fd_limit(), fd;
	unsigned long flags;

	if (lowest < 0 || (unsigned int)lowest >= limit)
		return lowest == 0 ? -EMFILE : -EINVAL;
	for (;;) {
		flags = spin_lock(&fs->lock);
		fd = MAX((unsigned int)lowest, fs->lowest);
		while (fd < fs->capacity && fs->slots[fd].file)
			fd++;
		if (fd < fs->capacity && fd < limit)
			break;
		spin_unlock(&fs->lock, flags);
		if (fd >= limit)
			return -EMFILE;
		if (files_grow(fs, fd + 1))
			return -ENOMEM;
	}
	fs->slots[fd] = (struct slot){ f, cloexec };
	if ((unsigned int)lowest <= fs->lowest)
		fs->lowest = fd + 1;
	spin_unlock(&fs->lock, flags);
	return (int)fd;
}

int fd_install(struct file *f, bool cloexec)
{
	return fd_install_from(f, cloexec, 0);
}

static long dup_to(int from, int to, bool cloexec)
{
	struct files *fs = current_process()->files;
	struct file *f = fd_get_any(from), *old;
	unsigned long flags;

	if (!f)
		return -EBADF;
	if ((unsigned int)to >= fd_limit() ||
	    ((unsigned int)to >= files_capacity(fs) && files_grow(fs, (unsigned int)to + 1))) {
		file_put(f);
		return (unsigned int)to >= fd_limit() ? -EBADF : -ENOMEM;
	}
	flags = spin_lock(&fs->lock);
	old = fs->slots[to].file;
	fs->slots[to] = (struct slot){ f, cloexec };
	spin_unlock(&fs->lock, flags);
	if (old)
		drop(fs, old);
	return to;
}

SYSCALL(dup)
{
	struct file *f = fd_get_any((int)arg[0]);
	int fd;

	if (!f)
		return -EBADF;
	fd = fd_install(f, false);
	if (fd < 0)
		file_put(f);
	return fd;
}

SYSCALL(dup2)
{
	struct file *f;

	if ((int)arg[0] != (int)arg[1])
		return dup_to((int)arg[0], (int)arg[1], false);
	f = fd_get_any((int)arg[0]);
	if (!f)
		return -EBADF;
	file_put(f);
	return (int)arg[0];
}

SYSCALL(dup3)
{
	if ((int)arg[0] == (int)arg[1] || (unsigned int)arg[2] & ~O_CLOEXEC)
		return -EINVAL;
	return dup_to((int)arg[0], (int)arg[1], (unsigned int)arg[2] & O_CLOEXEC);
}

int fd_close(int fd)
{
	struct files *fs = current_process()->files;
	struct file *f = take(fs, (unsigned int)fd);

	if (!f)
		return -EBADF;
	drop(fs, f);
	return 0;
}

SYSCALL(close)
{
	return fd_close((int)arg[0]);
}

static void set_cloexec(struct files *fs, unsigned int fd, bool on)
{
	unsigned long flags = spin_lock(&fs->lock);

	if (fd < fs->capacity && fs->slots[fd].file)
		fs->slots[fd].cloexec = on;
	spin_unlock(&fs->lock, flags);
}

SYSCALL(close_range)
{
	struct process *p = current_process();
	unsigned int first = (unsigned int)arg[0], last = (unsigned int)arg[1], how = (unsigned int)arg[2];
	struct files *fs = p->files;

	if (first > last || how & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	if ((how & CLOSE_RANGE_UNSHARE) && files_shared(fs)) {
		struct files *own;
		unsigned long flags;

		/* The table belongs to all threads of a process; one alone cannot get its own. */
		if (p->thread_count > 1)
			return -EINVAL;
		own = files_clone(fs);
		if (!own)
			return -ENOMEM;
		flags = spin_lock(&p->lock);
		p->files = own;
		spin_unlock(&p->lock, flags);
		files_put(fs);
		fs = own;
	}
	for (int fd = files_next_fd(fs, (int)MIN(first, FD_LIMIT)); fd >= 0 && (unsigned int)fd <= last;
	     fd = files_next_fd(fs, fd + 1)) {
		if (how & CLOSE_RANGE_CLOEXEC) {
			set_cloexec(fs, (unsigned int)fd, true);
		} else {
			struct file *f = take(fs, (unsigned int)fd);

			if (f)
				drop(fs, f);
		}
	}
	return 0;
}

long fd_flags(int fd, bool set, bool cloexec)
{
	struct files *fs = current_process()->files;
	struct file *f = files_fd_get(fs, fd);

	if (!f)
		return -EBADF;
	file_put(f);
	if (set)
		set_cloexec(fs, (unsigned int)fd, cloexec);
	return set ? 0 : files_cloexec(fs, fd);
}
