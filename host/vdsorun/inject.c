/* SPDX-License-Identifier: MIT */
/* Maps the page and the image into a process that has just executed a program, and points AT_SYSINFO_EHDR at the image.
 *
 * Owns: the process's registers, signal mask and stack below its pointer, from the exec stop until it goes on.
 * Relies on: the host's vDSO, for a system call instruction and for the auxv entry; one thread, not yet in its program.
 * Never: leaves a file, a byte or a signal that was not there; needs no path and no permission of the process, whatever
 * namespaces and user it is in: the files come over a socket pair. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracee.h"
#include "vdsorun.h"

#define HOST_IMAGE_SCAN 8192
#define AUXV_WORDS (1 << 22) /* arguments and environment are below 6 MiB, their pointers in fewer words */

struct tracee {
	pid_t pid;
	machine_regs regs;
	uint64_t insn; /* address of a system call instruction */
	int status;    /* what waitpid() said when it went away */
	int signal;    /* a SIGSTOP that came meanwhile */
	bool gone;
};

/* What the process needs for a moment, below its stack. */
struct scratch {
	int pair[2];
	struct msghdr message;
	struct iovec data;
	_Alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(2 * sizeof(int))];
	char byte[8];
};
_Static_assert(sizeof(struct scratch) % 8 == 0, "moved by words");

/* Let it run to the next entry or exit of a system call. */
static bool to_call_stop(struct tracee *t)
{
	while (!t->gone) {
		if (ptrace(PTRACE_SYSCALL, t->pid, 0, 0) != 0 && errno != ESRCH)
			return false;
		while (waitpid(t->pid, &t->status, __WALL) < 0)
			if (errno != EINTR)
				return false;
		if (!WIFSTOPPED(t->status) || t->status >> 16 == PTRACE_EVENT_EXIT)
			t->gone = true;
		else if (WSTOPSIG(t->status) == TRACEE_CALL_STOP)
			return true;
		else if (t->status >> 16 == 0 && WSTOPSIG(t->status) == SIGSTOP)
			t->signal = SIGSTOP;
	}
	return false;
}

/* System call `nr`, made by the process; -errno for errors. */
static long call(struct tracee *t, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	const uint64_t args[] = { a, b, c, d, e, f };
	machine_regs regs = t->regs;

	for (unsigned int i = 0; i < 6; i++)
		*machine_arg(&regs, i) = args[i];
	machine_prepare_call(&regs, t->insn, nr);
	if (!tracee_set_regs(t->pid, &regs) || !to_call_stop(t) || !to_call_stop(t) || !tracee_get_regs(t->pid, &regs))
		return -ESRCH;
	return machine_result(&regs);
}

/* What lies on the stack, from its pointer up: argc, argv, 0, environment, 0, auxv. False: it is nothing like that. */
struct auxv {
	uint64_t at, size;
	uint64_t host_image; /* value of AT_SYSINFO_EHDR, */
	uint64_t entry;      /* and where that stands; 0: there is none */
};

static bool find_auxv(const struct tracee *t, struct auxv *auxv)
{
	uint64_t at = machine_sp(&t->regs), entry[2], word;
	unsigned int zeros = 0;

	*auxv = (struct auxv){ 0 };
	if (!tracee_peek(t->pid, at, &word, 8))
		return false;
	at += 8 + 8 * word; /* argv's 0 */
	for (unsigned int i = 0; zeros < 2 && i < AUXV_WORDS; i++, at += 8) {
		if (!tracee_peek(t->pid, at, &word, 8))
			return false;
		zeros += word == 0;
	}
	auxv->at = at;
	do {
		if (!tracee_peek(t->pid, at, entry, 16))
			return false;
		if (entry[0] == AT_SYSINFO_EHDR) {
			auxv->host_image = entry[1];
			auxv->entry = at + 8;
		}
		at += 16;
	} while (entry[0] != AT_NULL);
	auxv->size = at - auxv->at;
	return true;
}

/* A system call instruction of the host's vDSO, at the same place in each process. */
static bool find_insn(struct tracee *t, uint64_t host_image)
{
	static size_t offset;
	static char image[HOST_IMAGE_SCAN];
	char bytes[8];

	if (!offset) {
		if (!tracee_peek(t->pid, host_image, image, sizeof(image)) &&
			!tracee_peek(t->pid, host_image, image, sizeof(image) / 2))
			return false;
		for (size_t at = 0; !offset && at + MACHINE_SYSCALL_INSN_SIZE <= sizeof(image); at += MACHINE_SYSCALL_INSN_ALIGN)
			if (memcmp(image + at, MACHINE_SYSCALL_INSN, MACHINE_SYSCALL_INSN_SIZE) == 0)
				offset = at;
		if (!offset)
			return false;
	}
	t->insn = host_image + offset;
	return tracee_peek(t->pid, t->insn, bytes, 8) &&
		memcmp(bytes, MACHINE_SYSCALL_INSN, MACHINE_SYSCALL_INSN_SIZE) == 0;
}

static bool send_files(int to, int page_fd, int image_fd)
{
	const struct cmsghdr header = { .cmsg_len = CMSG_LEN(2 * sizeof(int)), .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS };
	int files[2] = { page_fd, image_fd };
	struct scratch s = { .message = { .msg_iov = &s.data, .msg_iovlen = 1, .msg_control = s.control,
		.msg_controllen = sizeof(s.control) }, .data = { s.byte, 1 } };

	memcpy(s.control, &header, sizeof(header));
	memcpy(CMSG_DATA((struct cmsghdr *)s.control), files, sizeof(files));
	return sendmsg(to, &s.message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

/* Through the process's own descriptor `theirs`, which is duplicated here. */
static const char *send_to(const struct run *run, pid_t pid, int theirs)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0), ours = -1;
	const char *error = NULL;

	if (process >= 0)
		ours = (int)syscall(SYS_pidfd_getfd, process, theirs, 0);
	if (ours < 0)
		error = "its files can't be reached (pidfd_getfd: Linux 5.6, and allowed)";
	else if (!send_files(ours, run->page_fd, run->image_fd))
		error = "it takes no files";
	if (process >= 0)
		close(process);
	if (ours >= 0)
		close(ours);
	return error;
}

/* The two files, as descriptors of the process. */
static const char *give_files(struct tracee *t, const struct run *run, int files[2])
{
	uint64_t at = (machine_sp(&t->regs) - MACHINE_RED_ZONE - sizeof(struct scratch)) & ~15ull;
	struct scratch s = { .pair = { -1, -1 } };
	const char *error;
	long got;

#define THEIR(field) ((void *)(at + offsetof(struct scratch, field)))
	s.message = (struct msghdr){ .msg_iov = THEIR(data), .msg_iovlen = 1, .msg_control = THEIR(control),
		.msg_controllen = sizeof(s.control) };
	s.data = (struct iovec){ THEIR(byte), 1 };
#undef THEIR
	if (!tracee_poke(t->pid, at, &s, sizeof(s)))
		return "its stack can't be written";
	if (call(t, SYS_socketpair, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, at, 0, 0) != 0 ||
		!tracee_peek(t->pid, at, &s.pair, sizeof(s.pair)))
		return "it gets no socket pair";
	error = send_to(run, t->pid, s.pair[0]);
	if (!error) {
		got = call(t, SYS_recvmsg, (uint64_t)s.pair[1], at + offsetof(struct scratch, message),
			MSG_DONTWAIT | MSG_CMSG_CLOEXEC, 0, 0, 0);
		if (got != 1 || !tracee_peek(t->pid, at, &s, sizeof(s)) ||
			s.message.msg_controllen < CMSG_LEN(2 * sizeof(int)))
			error = "it receives no files";
		else
			memcpy(files, CMSG_DATA((struct cmsghdr *)s.control), 2 * sizeof(int));
	}
	call(t, SYS_close, (uint64_t)s.pair[0], 0, 0, 0, 0, 0);
	call(t, SYS_close, (uint64_t)s.pair[1], 0, 0, 0, 0, 0);
	memset(&s, 0, sizeof(s));
	tracee_poke(t->pid, at, &s, sizeof(s));
	return error;
}

/* The page and, directly above it, the image, where the kernel finds room: as random as its other mappings. */
static const char *map_files(struct tracee *t, const struct run *run, const int files[2], uint64_t *image)
{
	size_t size = VDK_PAGE_SIZE + run->image_size;
	long base = call(t, SYS_mmap, 0, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, UINT64_MAX, 0);
	uint64_t page = (uint64_t)base;

	if (base < 0 && base > -4096)
		return "it has no room";
	*image = page + VDK_PAGE_SIZE;
	if (call(t, SYS_mmap, page, VDK_PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, (uint64_t)files[0], 0) == base &&
	    call(t, SYS_mmap, *image, run->image_size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED,
		 (uint64_t)files[1], 0) == base + (long)VDK_PAGE_SIZE)
		return NULL;
	call(t, SYS_munmap, page, size, 0, 0, 0, 0);
	return "it may not map the page or the image";
}

/* Debuggers read /proc/<pid>/auxv, which is the kernel's copy: make it the stack's. Not all kernels can; nobody else
 * needs it. */
static void show_auxv(struct tracee *t, const struct auxv *auxv)
{
	struct prctl_mm_map map = { .auxv = (void *)auxv->at, .auxv_size = (uint32_t)auxv->size,
		.exe_fd = (uint32_t)-1 };
	uint64_t at = (machine_sp(&t->regs) - MACHINE_RED_ZONE - sizeof(map)) & ~15ull;
	unsigned long long code[2], data[2], brk, stack, arg[2], env[2];
	char path[32], line[2048] = "", *fields;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)t->pid);
	file = fopen(path, "re");
	if (!file)
		return;
	fields = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL; /* behind the name: fields from 3 on */
	fclose(file);
#define SKIP4 " %*s %*s %*s %*s"
	if (!fields || sscanf(fields + 1, SKIP4 SKIP4 SKIP4 SKIP4 SKIP4 " %*s %*s %*s"                   /* 3 to 25 */
			      " %llu %llu %llu" SKIP4 SKIP4 SKIP4 SKIP4 " %llu %llu %llu %llu %llu %llu %llu", /* 45 to 51 */
			      &code[0], &code[1], &stack, &data[0], &data[1], &brk, &arg[0], &arg[1], &env[0],
			      &env[1]) != 10)
		return;
#undef SKIP4
	map.start_code = code[0], map.end_code = code[1], map.start_stack = stack;
	map.start_data = data[0], map.end_data = data[1], map.start_brk = map.brk = brk; /* nothing was allocated yet */
	map.arg_start = arg[0], map.arg_end = arg[1], map.env_start = env[0], map.env_end = env[1];
	if (tracee_poke(t->pid, at, &map, sizeof(map)))
		call(t, SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, at, sizeof(map), 0, 0);
}

static const char *map_into(struct tracee *t, const struct run *run)
{
	uint64_t image, magic;
	const char *error;
	struct auxv auxv;
	int files[2];

	if (!to_call_stop(t)) /* exec's own result is out of the way there */
		return "it does not stop";
	if (!tracee_get_regs(t->pid, &t->regs))
		return "it is not of 64 bits";
	if (!find_auxv(t, &auxv) || !auxv.entry || !tracee_peek(t->pid, auxv.host_image, &magic, 8) ||
	    memcmp(&magic, ELFMAG, SELFMAG) != 0)
		return "the host gives it none to replace";
	if (!find_insn(t, auxv.host_image))
		return "the host's has no system call instruction";
	error = give_files(t, run, files);
	if (error)
		return error;
	error = map_files(t, run, files, &image);
	call(t, SYS_close, (uint64_t)files[0], 0, 0, 0, 0, 0);
	call(t, SYS_close, (uint64_t)files[1], 0, 0, 0, 0, 0);
	if (error)
		return error;
	if (!tracee_poke(t->pid, auxv.entry, &image, 8))
		return "its stack can't be written";
	show_auxv(t, &auxv);
	return NULL;
}

enum inject_result inject(const struct run *run, pid_t pid, const char **reason, int *status, int *signal)
{
	struct tracee t = { .pid = pid };
	uint64_t mask, all = UINT64_MAX;
	bool masked = ptrace(PTRACE_GETSIGMASK, pid, sizeof(mask), &mask) == 0 &&
		ptrace(PTRACE_SETSIGMASK, pid, sizeof(all), &all) == 0;

	*reason = masked ? map_into(&t, run) : "its signals can't be held";
	if (t.gone) {
		*status = t.status;
		return INJECT_GONE;
	}
	if (t.insn)
		tracee_set_regs(pid, &t.regs);
	if (masked)
		ptrace(PTRACE_SETSIGMASK, pid, sizeof(mask), &mask);
	*signal = t.signal;
	return *reason ? INJECT_NOT : INJECT_DONE;
}
