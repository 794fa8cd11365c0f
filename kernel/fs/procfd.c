/* SPDX-License-Identifier: MIT */
/* /proc/PID/fd and the links to a process's program and directories.
 * Owns: nothing. Relies on: proc_inspect() for permission.
 * Never: follows a path: these links lead to the very file. */
#include "core/string.h"
#include "fs/proc.h"
#include "mm/kmalloc.h"
#include "mm/space.h"

int proc_fd_next(const struct synth_node *n, int from)
{
	struct process *p;
	struct files *files;
	int fd = -1;

	if (proc_inspect(n, &p))
		return -1;
	files = proc_files(p);
	if (files) {
		fd = files_next_fd(files, from);
		files_put(files);
	}
	process_put(p);
	return fd;
}

static int get_file(const struct synth_node *n, struct file **out)
{
	struct process *p;
	struct files *files;
	int err = proc_inspect(n, &p);

	if (err)
		return err;
	files = proc_files(p);
	*out = files ? files_fd_get(files, n->id[PROC_SUB]) : NULL;
	if (files)
		files_put(files);
	process_put(p);
	return *out ? 0 : -ENOENT;
}

static void show_file(const struct file *f, struct text *t)
{
	const char *path = f->path ? f->path : "?";

	text_printf(t, "%s%s", path, *path == '/' && !f->inode->nlink ? " (deleted)" : "");
}

int proc_fd_link(const struct synth_node *n, struct text *t)
{
	struct file *f;
	int err = get_file(n, &f);

	if (err)
		return err;
	show_file(f, t);
	file_put(f);
	return 0;
}

static void jump_to_file(struct file *f, struct inode **out, char **path)
{
	*out = f->inode;
	inode_get(f->inode);
	*path = f->path ? kstrdup(f->path) : NULL;
}

int proc_fd_follow(const struct synth_node *n, struct inode **out, char **path)
{
	struct file *f;
	int err = get_file(n, &f);

	if (err)
		return err;
	jump_to_file(f, out, path);
	file_put(f);
	return 0;
}

static int get_exe(const struct synth_node *n, struct file **out)
{
	struct process *p;
	struct space *s;
	int err = proc_inspect(n, &p);

	if (err)
		return err;
	s = proc_space(p);
	*out = s ? s->exe : NULL;
	if (*out)
		file_get(*out);
	if (s)
		space_put(s);
	process_put(p);
	return *out ? 0 : -ENOENT;
}

int proc_exe_link(const struct synth_node *n, struct text *t)
{
	struct file *f;
	int err = get_exe(n, &f);

	if (err)
		return err;
	show_file(f, t);
	file_put(f);
	return 0;
}

int proc_exe_follow(const struct synth_node *n, struct inode **out, char **path)
{
	struct file *f;
	int err = get_exe(n, &f);

	if (err)
		return err;
	jump_to_file(f, out, path);
	file_put(f);
	return 0;
}

static int get_directory(const struct synth_node *n, bool cwd, struct inode **out)
{
	struct process *p;
	struct fs_context *c;
	unsigned long flags;
	int err = proc_inspect(n, &p);

	if (err)
		return err;
	flags = spin_lock(&p->lock);
	c = p->fs;
	if (c)
		fs_context_get(c);
	spin_unlock(&p->lock, flags);
	process_put(p);
	if (!c)
		return -ENOENT;
	fs_context_root(c, cwd ? NULL : out, cwd ? out : NULL);
	fs_context_put(c);
	return 0;
}

static int show_directory(const struct synth_node *n, bool cwd, struct text *t)
{
	char *buf = kmalloc(PATH_MAX);
	struct inode *dir, *root;
	const char *path;
	int err = buf ? get_directory(n, cwd, &dir) : -ENOMEM;

	if (!err) {
		root = fs_root();
		path = path_of(dir, root, buf, PATH_MAX);
		text_printf(t, "%s%s", path ? path : "(unreachable)", dir->nlink ? "" : " (deleted)");
		inode_put(root);
		inode_put(dir);
	}
	kfree(buf);
	return err;
}

int proc_cwd_link(const struct synth_node *n, struct text *t)
{
	return show_directory(n, true, t);
}

int proc_root_link(const struct synth_node *n, struct text *t)
{
	return show_directory(n, false, t);
}

int proc_cwd_follow(const struct synth_node *n, struct inode **out, char **path)
{
	(void)path;
	return get_directory(n, true, out);
}

int proc_root_follow(const struct synth_node *n, struct inode **out, char **path)
{
	(void)path;
	return get_directory(n, false, out);
}
