/* SPDX-License-Identifier: MIT */
/* Time namespaces: unshare, setns, /proc/PID/ns and timens_offsets.
 * Owns: struct timens: an inode, for /proc/PID/ns, whose references are the namespace's. Relies on: the kit for what is in its page.
 * Never: changes an offset once a process has entered. */
#include "fs/timens.h"

#include <vdk/namespace.h>

#include "abi/sched.h"
#include "arch/arch.h"
#include "core/log.h"
#include "core/string.h"
#include "fs/proc.h"
#include "mm/kmalloc.h"
#include "mm/page.h"
#include "mm/space.h"
#include "proc/internal.h"
#include "time/clock.h"
#include "time/timekeeping.h"
#include "vdso.h"

#define NSFS_MAGIC 0x6e736673
#define SYSTEM_INODE 0xeffffffaULL   /* what Linux says of its own */
#define FIRST_INODE 0xf0000000ULL

struct timens {
	struct inode inode;
	paddr_t memory;         /* the page is its last bytes, as the timekeeper's is */
	struct vdk_page *kpage;
	bool entered;           /* lock */
};

static struct spinlock lock;
static struct superblock *nsfs;
static struct timens *system_ns; /* an inode without a page; processes have NULL for it */

static void destroy(struct inode *ino)
{
	struct timens *ns = (struct timens *)ino->data;

	inode_fini(ino);
	if (ns->memory)
		page_put(ns->memory);
	kfree(ns);
}

static const struct inode_ops ns_ops = { .destroy = destroy };
static const struct file_ops ns_file_ops = { .seekable = false };

static struct timens *new_inode(void)
{
	struct timens *ns = kmalloc(sizeof(*ns));

	if (ns) {
		inode_init(&ns->inode, nsfs, &ns_ops, S_IFREG | 0444);
		ns->inode.file_ops = &ns_file_ops;
		ns->inode.data = ns;
	}
	return ns;
}

void timens_init(void)
{
	nsfs = sb_create("nsfs", NSFS_MAGIC);
	system_ns = nsfs ? new_inode() : NULL;
	if (!system_ns)
		panic("no memory for the time namespace");
	nsfs->next_number = FIRST_INODE;
	system_ns->inode.number = SYSTEM_INODE;
}

static void put(struct timens *ns)
{
	if (ns)
		inode_put(&ns->inode);
}

static struct timens *get(struct timens *ns)
{
	if (ns)
		inode_get(&ns->inode);
	return ns;
}

/* With the offsets of `like`. NULL: no memory. */
static struct timens *create(const struct timens *like)
{
	struct timens *ns = new_inode();

	if (!ns)
		return NULL;
	ns->memory = page_alloc(0);
	if (!ns->memory) {
		put(ns);
		return NULL;
	}
	ns->kpage = arch_phys_to_virt(ns->memory) + PAGE_SIZE - VDK_PAGE_SIZE;
	vdk_namespace_init(ns->kpage, like ? like->kpage : NULL);
	return ns;
}

const struct vdk_page *timens_page(const struct timens *ns)
{
	return ns ? ns->kpage : NULL;
}

paddr_t timens_paddr(const struct timens *ns)
{
	return ns ? ns->memory : 0;
}

int64_t timens_offset_ns(int base)
{
	return vdk_namespace_offset_ns(timens_page(current_process()->timens), base);
}

uint64_t timens_to_system(int base, uint64_t ns)
{
	int64_t offset = timens_offset_ns(base);

	if (offset > 0)
		return ns > (uint64_t)offset ? ns - (uint64_t)offset : 0;
	return time_add(ns, (uint64_t)-offset);
}

uint64_t timens_boottime_ns(void)
{
	return clock_base_ns(VDK_CLOCK_BOOTTIME) + (uint64_t)timens_offset_ns(VDK_CLOCK_BOOTTIME);
}

int timens_fork(struct process *child, const struct process *p, uint64_t clone_flags)
{
	bool new = clone_flags & CLONE_NEWTIME;

	if (clone_flags & (CLONE_VM | CLONE_THREAD) && (new || p->timens != p->timens_children))
		return -EINVAL;
	if (new && !process_privileged(p))
		return -EPERM;
	if (child == p)
		return 0;
	child->timens_children = new ? create(p->timens_children) : get(p->timens_children);
	if (new && !child->timens_children)
		return -ENOMEM;
	child->timens = get(child->timens_children);
	return 0;
}

static int enter(struct space *s, struct timens *ns)
{
	unsigned long flags;
	int rc = vdso_switch(s, timens_paddr(ns));

	if (rc || !ns)
		return rc;
	flags = spin_lock(&lock);
	ns->entered = true;
	spin_unlock(&lock, flags);
	return 0;
}

int timens_enter(struct process *p)
{
	return enter(p->space, p->timens);
}

void timens_exit(struct process *p)
{
	put(p->timens);
	put(p->timens_children);
}

static void replace(struct process *p, struct timens **at, struct timens *ns)
{
	unsigned long flags = spin_lock(&p->lock);
	struct timens *old = *at;

	*at = ns;
	spin_unlock(&p->lock, flags);
	put(old);
}

/* Namespaces of other kinds there are none; what asks for no namespace is done already, or is the caller's alone anyway. */
SYSCALL(unshare)
{
	uint64_t flags = arg[0];
	struct process *p = current_process();
	struct timens *ns;

	if (flags != CLONE_NEWTIME)
		return flags ? -EINVAL : 0;
	if (!process_privileged(p))
		return -EPERM;
	ns = create(p->timens_children);
	if (!ns)
		return -ENOMEM;
	replace(p, &p->timens_children, ns);
	return 0;
}

SYSCALL(setns)
{
	struct process *p = current_process();
	struct file *f = fd_get((int)arg[0]);
	struct timens *ns;
	int rc;
	bool is_ns = f && f->inode->ops == &ns_ops;

	if (!f)
		return -EBADF;
	ns = is_ns ? get(f->inode->data) : NULL;
	file_put(f);
	if (!is_ns || (arg[1] && arg[1] != CLONE_NEWTIME)) {
		put(ns);
		return -EINVAL;
	}
	if (ns == system_ns) {
		put(ns);
		ns = NULL;
	}
	rc = p->thread_count != 1 || __atomic_load_n(&p->space->refs, __ATOMIC_RELAXED) != 1 ? -EUSERS :
	     !process_privileged(p) ? -EPERM : enter(p->space, ns);
	if (rc) {
		put(ns);
		return rc;
	}
	replace(p, &p->timens_children, get(ns));
	replace(p, &p->timens, ns);
	return 0;
}

/* --- /proc/PID --- */

/* The namespace of a process, or of its children, as an inode: referenced. 0, or as proc_inspect(). */
static int look(const struct synth_node *n, bool children, struct inode **out)
{
	struct process *p;
	struct timens *ns;
	unsigned long flags;
	int rc = proc_inspect(n, &p);

	if (rc)
		return rc;
	flags = spin_lock(&p->lock);
	ns = get(children ? p->timens_children : p->timens);
	spin_unlock(&p->lock, flags);
	process_put(p);
	if (!ns)
		ns = get(system_ns);
	*out = &ns->inode;
	return 0;
}

static int show(const struct synth_node *n, bool children, struct text *t)
{
	struct inode *ino;
	int rc = look(n, children, &ino);

	if (rc)
		return rc;
	text_printf(t, "time:[%lu]", ino->number);
	inode_put(ino);
	return 0;
}

int proc_ns_time_link(const struct synth_node *n, struct text *t)
{
	return show(n, false, t);
}

int proc_ns_time_follow(const struct synth_node *n, struct inode **out, char **path)
{
	(void)path;
	return look(n, false, out);
}

int proc_ns_children_link(const struct synth_node *n, struct text *t)
{
	return show(n, true, t);
}

int proc_ns_children_follow(const struct synth_node *n, struct inode **out, char **path)
{
	(void)path;
	return look(n, true, out);
}

int proc_timens_offsets(const struct synth_node *n, struct text *t)
{
	struct vdk_time_offsets offsets = { 0 };
	struct process *p = proc_process(n);
	unsigned long flags;

	if (!p)
		return -ESRCH;
	flags = spin_lock(&p->lock);
	if (p->timens_children)
		vdk_namespace_get(p->timens_children->kpage, &offsets);
	spin_unlock(&p->lock, flags);
	process_put(p);
	text_printf(t, "%-10s %10ld %9ld\n%-10s %10ld %9ld\n", "monotonic", offsets.monotonic.tv_sec,
		    offsets.monotonic.tv_nsec, "boottime", offsets.boottime.tv_sec, offsets.boottime.tv_nsec);
	return 0;
}

/* A number of at most 18 digits behind blanks; *text moves behind it. */
static bool number(const char **text, bool negative_too, int64_t *out)
{
	bool negative = false;
	unsigned int digits = 0;
	int64_t value = 0;

	while (**text == ' ' || **text == '\t')
		++*text;
	if (negative_too && **text == '-') {
		negative = true;
		++*text;
	}
	for (; **text >= '0' && **text <= '9'; ++*text) {
		if (++digits > 18)
			return false;
		value = value * 10 + (**text - '0');
	}
	*out = negative ? -value : value;
	return digits;
}

static bool word(const char **text, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(*text, name, n) || ((*text)[n] != ' ' && (*text)[n] != '\t'))
		return false;
	*text += n;
	return true;
}

/* One or two lines "CLOCK SECONDS NANOSECONDS", CLOCK by name or number. 0 or -EINVAL. */
static int parse(const char *text, struct vdk_time_offsets *offsets)
{
	for (int line = 0; line < 2; line++) {
		struct vdk_timespec *ts;

		while (*text == ' ' || *text == '\t')
			text++;
		if (word(&text, "monotonic") || word(&text, "1"))
			ts = &offsets->monotonic;
		else if (word(&text, "boottime") || word(&text, "7"))
			ts = &offsets->boottime;
		else
			return -EINVAL;
		if (!number(&text, true, &ts->tv_sec) || !number(&text, false, &ts->tv_nsec) || ts->tv_nsec >= NSEC_PER_SEC)
			return -EINVAL;
		while (*text && *text != '\n')
			text++;
		if (!*text || !*++text)
			break;
	}
	return 0;
}

int proc_timens_offsets_store(const struct synth_node *n, const char *text, size_t size)
{
	struct vdk_time_offsets offsets = { 0 };
	struct process *p;
	struct timens *ns;
	unsigned long flags;
	char *copy = kmalloc(size + 1);
	int rc;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	copy[size] = '\0';
	p = proc_process(n);
	if (!p) {
		kfree(copy);
		return -ESRCH;
	}
	flags = spin_lock(&p->lock);
	ns = get(p->timens_children);
	spin_unlock(&p->lock, flags);
	process_put(p);
	if (ns)
		vdk_namespace_get(ns->kpage, &offsets);
	rc = parse(copy, &offsets);
	kfree(copy);
	if (!rc && !process_privileged(current_process()))
		rc = -EPERM;
	if (!rc)
		rc = clock_check_offsets(&offsets);
	flags = spin_lock(&lock);
	if (!rc && (!ns || ns->entered))
		rc = -EACCES;
	if (!rc)
		rc = clock_set_offsets(ns->kpage, &offsets);
	spin_unlock(&lock, flags);
	put(ns);
	return rc;
}
