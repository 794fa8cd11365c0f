/* SPDX-License-Identifier: MIT */
/* What /proc/PID says of a process's memory.
 * Owns: nothing. Relies on: space_describe(), space_read().
 * Never: holds a lock of the address space while it formats. */
#include "fs/proc.h"
#include "mm/kmalloc.h"
#include "mm/space.h"

#define BATCH 4
#define NAME_COLUMN 73 /* Linux's, on 64-bit machines */
#define ARGS_MAX (4UL << 20)

struct process *proc_process(const struct synth_node *n)
{
	return process_get(n->id[PROC_PID]);
}

int proc_inspect(const struct synth_node *n, struct process **out)
{
	struct process *p = proc_process(n);

	if (!p)
		return -ESRCH;
	if (fs_uid() && (fs_uid() != p->uid || fs_uid() != p->euid)) {
		process_put(p);
		return -EACCES;
	}
	*out = p;
	return 0;
}

struct space *proc_space(struct process *p)
{
	unsigned long flags = spin_lock(&p->lock);
	struct space *s = p->space;

	if (s)
		space_get(s);
	spin_unlock(&p->lock, flags);
	return s;
}

struct files *proc_files(struct process *p)
{
	unsigned long flags = spin_lock(&p->lock);
	struct files *f = p->files;

	if (f)
		files_get(f);
	spin_unlock(&p->lock, flags);
	return f;
}

/* The process's address space, referenced, in *out; NULL when it has none any more. */
static int get_space(const struct synth_node *n, struct space **out)
{
	struct process *p;
	int err = proc_inspect(n, &p);

	if (err)
		return err;
	*out = proc_space(p);
	process_put(p);
	return 0;
}

static void show_area(const struct area_info *a, struct text *t)
{
	size_t start = t->n;

	text_printf(t, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", a->start, a->end,
		    a->prot & ARCH_PROT_READ ? 'r' : '-', a->prot & ARCH_PROT_WRITE ? 'w' : '-',
		    a->prot & ARCH_PROT_EXEC ? 'x' : '-', a->flags & AREA_SHARED ? 's' : 'p', a->offset,
		    DEV_MAJOR(a->dev), DEV_MINOR(a->dev), a->inode);
	if (a->name[0]) {
		while (!t->failed && t->n - start < NAME_COLUMN)
			text_add(t, " ", 1);
		for (const char *c = a->name; *c; c++)
			if (*c == '\n')
				text_add(t, "\\012", 4);
			else
				text_add(t, c, 1);
	}
	text_add(t, "\n", 1);
}

int proc_maps(const struct synth_node *n, struct text *t)
{
	struct area_info *areas;
	struct space *s;
	uaddr_t from = 0;
	size_t count;
	int err = get_space(n, &s);

	if (err || !s)
		return err;
	areas = kmalloc(BATCH * sizeof(*areas));
	while (areas && (count = space_describe(s, from, areas, BATCH))) {
		for (size_t i = 0; i < count; i++)
			show_area(&areas[i], t);
		from = areas[count - 1].end;
	}
	space_put(s);
	err = areas ? 0 : -ENOMEM;
	kfree(areas);
	return err;
}

static int show_range(struct space *s, uaddr_t from, uaddr_t to, struct text *t)
{
	char *page = kmalloc(PAGE_SIZE);

	if (!page)
		return -ENOMEM;
	to = MIN(to, from + ARGS_MAX);
	while (from < to) {
		size_t want = (size_t)MIN(to - from, PAGE_SIZE), got = space_read(s, from, page, want);

		text_add(t, page, got);
		if (got < want)
			break;
		from += got;
	}
	kfree(page);
	return 0;
}

int proc_cmdline(const struct synth_node *n, struct text *t)
{
	struct process *p = proc_process(n);
	struct space *s;
	int err = 0;

	if (!p)
		return -ESRCH;
	s = proc_space(p);
	process_put(p);
	if (s) {
		err = show_range(s, s->arg_start, s->arg_end, t);
		space_put(s);
	}
	return err;
}

int proc_environ(const struct synth_node *n, struct text *t)
{
	struct space *s;
	int err = get_space(n, &s);

	if (err || !s)
		return err;
	err = show_range(s, s->env_start, s->env_end, t);
	space_put(s);
	return err;
}

int proc_auxv(const struct synth_node *n, struct text *t)
{
	struct space *s;
	int err = get_space(n, &s);

	if (err || !s)
		return err;
	text_add(t, s->auxv, s->auxv_count * sizeof(s->auxv[0]));
	space_put(s);
	return 0;
}

/* Pages: size, resident, shared, text, 0, data, 0. Shared, text and data are not told apart. */
int proc_statm(const struct synth_node *n, struct text *t)
{
	struct process *p = proc_process(n);
	struct space *s;

	if (!p)
		return -ESRCH;
	s = proc_space(p);
	process_put(p);
	text_printf(t, "%zu %zu 0 0 0 %zu 0\n", s ? s->mapped_pages : 0, s ? s->resident_pages : 0,
		    s ? s->mapped_pages : 0);
	if (s)
		space_put(s);
	return 0;
}
