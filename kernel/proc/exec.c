/* SPDX-License-Identifier: MIT */
/* execve: a new program in the current process.
 * Owns: the order of steps; everything that can fail comes before the first thing that cannot be undone.
 * Relies on: exec_load.c, exec_stack.c; process_kill_other_threads() as the point of no return.
 * Never: changes the old program when it returns an error. */
#include "proc/exec.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/string.h"
#include "fs/file.h"
#include "fs/timens.h"
#include "mm/kmalloc.h"
#include "mm/space.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "syscall/syscall.h"
#include "vdso.h"

#define SCRIPT_HEAD 256 /* Linux's BINPRM_BUF_SIZE: the line must end in it */
#define SCRIPT_DEPTH 5
#define ADDR_NO_RANDOMIZE 0x0040000u
#define PATH_SIZE 4096

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Splits "#! interp arg" (`n` <= SCRIPT_HEAD bytes, NUL behind) in place, as Linux does. */
static bool split_script(char *line, size_t n, char **interp, char **arg)
{
	char *end = strchr(line, '\n'), *p = line + 2, *stop;
	bool cut = !end && n == SCRIPT_HEAD;

	if (!end)
		end = line + strlen(line);
	while (p < end && blank(*p))
		p++;
	stop = p;
	while (stop < end && !blank(*stop))
		stop++;
	/* A path that reaches the end of what was read may go on; an argument is cut. */
	if (stop == p || (stop == end && cut))
		return false;
	while (end > stop && blank(end[-1]))
		end--;
	*end = '\0';
	*interp = p;
	p = stop;
	while (p < end && blank(*p))
		p++;
	*stop = '\0';
	*arg = p < end ? p : NULL;
	return true;
}

static void push_head(struct exec *x, const char *s)
{
	ASSERT(x->head_count < ARRAY_SIZE(x->head));
	memmove(x->head + 1, x->head, x->head_count * sizeof(*x->head));
	x->head[0] = s;
	x->head_count++;
}

/* The first `n` bytes of x->program are a script's: its interpreter becomes the program, its arguments the first ones. */
static int enter_script(struct exec *x, char *line, size_t n, const char **path)
{
	char *interp, *arg;
	struct file *f;
	int rc;

	if (!split_script(line, n, &interp, &arg)) {
		log_info("exec: %s: the #! line names no interpreter", *path);
		return -ENOEXEC;
	}
	if (x->scripts > SCRIPT_DEPTH)
		return -ELOOP;
	rc = file_open_exec(AT_FDCWD, interp, 0, &f);
	if (rc) {
		log_info("exec: %s: interpreter %s cannot be run (error %d)", *path, interp, -rc);
		return rc;
	}
	file_put(x->program.file);
	x->program.file = f;
	if (x->head_count) {
		x->head_count--;
		memmove(x->head, x->head + 1, x->head_count * sizeof(*x->head));
	} else if (x->args[0]) {
		x->args++;
	}
	push_head(x, *path);
	if (arg)
		push_head(x, arg);
	push_head(x, interp);
	*path = interp;
	return 0;
}

/* Follow #! lines until x->program.file is no script; *path is then its path. */
static int resolve_scripts(struct exec *x, const char **path)
{
	for (;;) {
		char *line = kmalloc(SCRIPT_HEAD + 1);
		long n = line ? file_read_kernel(x->program.file, line, SCRIPT_HEAD, 0) : -ENOMEM;
		int rc;

		if (n < 2 || line[0] != '#' || line[1] != '!') {
			kfree(line);
			return n < 0 ? (int)n : 0;
		}
		ASSERT(x->scripts < ARRAY_SIZE(x->script_lines));
		x->script_lines[x->scripts++] = line;
		line[n] = '\0';
		rc = enter_script(x, line, (size_t)n, path);
		if (rc)
			return rc;
	}
}

/* Read the path of the program's interpreter and open it. */
static int open_interpreter(struct exec *x, const char *path)
{
	size_t n = x->program.elf.interp_size;
	char *name;
	long got;
	int rc;

	if (!n)
		return 0;
	name = kmalloc(n);
	if (!name)
		return -ENOMEM;
	got = file_read_kernel(x->program.file, name, n, x->program.elf.interp_offset);
	if (got < 0 || (size_t)got != n || name[n - 1]) {
		log_info("exec: %s: the interpreter's path does not end in NUL", path);
		rc = -ENOEXEC;
	} else {
		rc = file_open_exec(AT_FDCWD, name, 0, &x->interp.file);
		if (rc)
			log_info("exec: %s: interpreter %s cannot be opened (error %d)", path, name, -rc);
		else
			rc = exec_read_image(&x->interp, name, "as an interpreter: ", ELIBBAD);
	}
	kfree(name);
	return rc;
}

/* Set-id bits of the file that is run; those of a script mean nothing. */
static void choose_ids(struct exec *x)
{
	const struct process *p = current_process();
	const struct inode *ino = x->program.file->inode;

	bool honoured = !p->no_new_privs && inode_honours_setid(ino);

	x->euid = honoured && ino->mode & S_ISUID ? ino->uid : p->euid;
	x->egid = honoured && (ino->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) ? ino->gid : p->egid;
}

static void set_name(struct process *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	unsigned long flags = spin_lock(&p->lock);

	strlcpy(p->name, slash ? slash + 1 : path, sizeof(p->name));
	spin_unlock(&p->lock, flags);
}

/* The descriptor table, when another process has it too (CLONE_FILES), is replaced by a copy. */
static int own_files(struct process *p)
{
	struct files *old = p->files, *copy;
	unsigned long flags;

	if (!files_shared(old))
		return 0;
	copy = files_clone(old);
	if (!copy)
		return -ENOMEM;
	flags = spin_lock(&p->lock);
	p->files = copy;
	spin_unlock(&p->lock, flags);
	files_put(old);
	return 0;
}

/* From here on there is no way back. */
static void commit(struct exec *x)
{
	struct thread *t = current_thread();
	struct process *p = t->process;
	struct space *old;
	unsigned long flags = spin_lock(&p->lock);

	old = p->space;
	p->space = x->space;
	x->space = NULL;
	arch_space_switch(&p->space->arch);
	p->euid = p->suid = x->euid;
	p->egid = p->sgid = x->egid;
	p->exec_done = true;
	spin_unlock(&p->lock, flags);
	files_close_on_exec(p->files);
	signal_exec_reset(p);
	set_name(p, x->name);
	process_exec_done(p);
	arch_thread_exec(t, x->entry, x->sp);
	if (old)
		space_put(old);
}

static int replace_program(struct exec *x, const char *path)
{
	int rc;

	x->space = space_create();
	if (!x->space)
		return -ENOMEM;
	rc = exec_load(x);
	if (!rc)
		rc = vdso_map(x->space, timens_paddr(current_process()->timens));
	if (!rc)
		rc = exec_build_stack(x);
	if (rc) {
		if (rc == -ENOMEM)
			log_info("exec: %s: out of memory, or of address space", path);
		return rc;
	}
	file_get(x->program.file);
	x->space->exe = x->program.file;
	/* Other threads share the descriptor table: whether another process does shows when they are gone. A failure is
	 * harmless still, but for them. */
	rc = process_kill_other_threads();
	if (!rc)
		rc = own_files(current_process());
	if (!rc)
		commit(x);
	return rc;
}

/* x->program.file is open and executable. */
static int exec_file(struct exec *x)
{
	static char *const empty[] = { "", NULL };
	const char *path = x->name;
	int rc;

	x->random = !(current_thread()->personality & ADDR_NO_RANDOMIZE) && !cmdline_get("norandmaps");
	/* Programs rely on argv[0]; Linux gives an empty one too. */
	if (!x->args[0])
		x->args = empty;
	rc = resolve_scripts(x, &path);
	if (!rc)
		rc = exec_read_image(&x->program, path, "", ENOEXEC);
	if (!rc)
		rc = open_interpreter(x, path);
	if (!rc) {
		choose_ids(x);
		rc = replace_program(x, path);
	}
	if (x->space)
		space_put(x->space);
	exec_drop_image(&x->interp);
	exec_drop_image(&x->program);
	while (x->scripts)
		kfree(x->script_lines[--x->scripts]);
	return rc;
}

/* `flags` are AT_*; `name` is what the program is told it is called. */
static int exec_at(int dirfd, const char *path, unsigned int flags, const char *name, char *const argv[],
		   char *const envp[])
{
	struct exec *x = kmalloc(sizeof(*x));
	int rc;

	if (!x)
		return -ENOMEM;
	x->name = name;
	x->args = argv;
	x->env = envp;
	rc = file_open_exec(dirfd, path, flags, &x->program.file);
	if (!rc)
		rc = exec_file(x);
	kfree(x);
	return rc;
}

int exec_program(const char *path, char *const argv[], char *const envp[])
{
	return exec_at(AT_FDCWD, path, 0, path, argv, envp);
}

/* --- The system calls: strings out of user memory --- */

struct strings {
	char **v; /* NULL-terminated, each kmalloc'ed */
	size_t count, capacity;
};

static void free_strings(struct strings *s)
{
	for (size_t i = 0; i < s->count; i++)
		kfree(s->v[i]);
	kfree(s->v);
}

/* One string, at most `room` bytes with its NUL. `*scratch` is for long ones, made when first needed. */
static int read_string(uaddr_t from, size_t room, char **scratch, char **out)
{
	char head[256], *s = head;
	long len = strncpy_from_user(head, from, sizeof(head));

	if (len == -ENAMETOOLONG) {
		if (!*scratch)
			*scratch = kmalloc(EXEC_STRING_MAX);
		s = *scratch;
		if (!s)
			return -ENOMEM;
		len = strncpy_from_user(s, from, EXEC_STRING_MAX);
	}
	if (len < 0)
		return len == -ENAMETOOLONG ? -E2BIG : (int)len;
	if ((size_t)len >= room)
		return -E2BIG;
	*out = kmalloc((size_t)len + 1);
	if (!*out)
		return -ENOMEM;
	memcpy(*out, s, (size_t)len);
	return 0;
}

static int grow_strings(struct strings *s)
{
	size_t capacity = s->capacity ? 2 * s->capacity : 16;
	char **v = krealloc(s->v, capacity * sizeof(*v));

	if (!v)
		return -ENOMEM;
	s->v = v;
	s->capacity = capacity;
	return 0;
}

/* A vector of strings; address 0 is an empty one, as on Linux. `*room` shrinks by what it needs on the stack. */
static int read_strings(struct strings *s, uaddr_t from, size_t *room)
{
	char *scratch = NULL;
	int rc = grow_strings(s);

	while (!rc && from) {
		uint64_t at;

		rc = copy_from_user(&at, from, sizeof(at));
		if (rc || !at)
			break;
		if (*room < sizeof(at))
			rc = -E2BIG;
		else
			rc = read_string(at, *room - sizeof(at), &scratch, &s->v[s->count]);
		if (rc)
			break;
		*room -= sizeof(at) + strlen(s->v[s->count++]) + 1;
		from += sizeof(at);
		if (s->count + 1 == s->capacity)
			rc = grow_strings(s);
	}
	kfree(scratch);
	return rc;
}

static long do_execve(int dirfd, uaddr_t user_path, uaddr_t user_argv, uaddr_t user_envp, unsigned int flags)
{
	struct strings argv = { 0 }, envp = { 0 };
	size_t room = exec_argument_room();
	char *path, *name = NULL;
	int rc = path_from_user(&path, user_path);

	if (rc)
		return rc;
	rc = -ENOENT;
	if (!*path && !(flags & AT_EMPTY_PATH))
		goto out;
	rc = -ENOMEM;
	/* Linux's names for what is found by descriptor: what a script's interpreter can open. */
	if (dirfd != AT_FDCWD && *path != '/') {
		name = kmalloc(PATH_SIZE + 32);
		if (!name)
			goto out;
		snprintf(name, PATH_SIZE + 32, *path ? "/dev/fd/%d/%s" : "/dev/fd/%d", dirfd, path);
	}
	rc = read_strings(&argv, user_argv, &room);
	if (!rc)
		rc = read_strings(&envp, user_envp, &room);
	if (!rc)
		rc = exec_at(dirfd, path, flags, name ? name : path, argv.v, envp.v);
out:
	free_strings(&argv);
	free_strings(&envp);
	kfree(name);
	kfree(path);
	return rc;
}

SYSCALL(execve)
{
	return do_execve(AT_FDCWD, arg[0], arg[1], arg[2], 0);
}

SYSCALL(execveat)
{
	unsigned int flags = (unsigned int)arg[4];

	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	return do_execve((int)arg[0], arg[1], arg[2], arg[3], flags);
}
