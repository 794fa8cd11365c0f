/* SPDX-License-Identifier: MIT */
/* Bad pointers given to system calls: each is EFAULT, and the process lives on.
 *
 * Owns: the table of calls and of pointers. Relies on: guest.h. Never: passes a null pointer, which has a meaning in many
 * calls. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#include "guest.h"

#define FUTEX_WAIT_PRIVATE 128 /* of <linux/futex.h>, which musl-gcc does not see */
#define PAGE 4096l
#define P 0x5eed /* where the bad pointer goes */

/* What the kernel does with the pointer, and what it needs. */
enum use {
	READS = 1,
	WRITES = 2,
	ALIGNED = 4, /* refuses a pointer that is not a multiple of 4 */
	SHORT = 8,   /* a range that begins in a good page may be used as far as it goes */
};

struct call {
	const char *name;
	long nr;
	long arg[6];
	int use, size;
	long *indirect; /* the pointer is not an argument, but here */
};

struct pointer {
	const char *name;
	long address;
};

static char *pages; /* writable, unmapped, writable, read-only, no access */
static int ends[2], file, directory;
static long strings[2];
static struct iovec iov = { NULL, 16 };
static const char path[] = "/";

#define ARGS(...) { __VA_ARGS__ }

static bool is_fault(const struct call *call, const char *pointer, long address)
{
	long a[6], result;

	/* Earlier calls may have written as far as they could. As a path this is harmless, and does not end. */
	memset(pages, '/', (size_t)PAGE);
	memset(pages + 2 * PAGE, '/', (size_t)PAGE);
	for (int i = 0; i < 6; i++)
		a[i] = call->arg[i] == P ? address : call->arg[i];
	if (call->indirect)
		*call->indirect = address;
	result = syscall(call->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (result == -1 && errno == EFAULT)
		return true;
	diag("%s, pointer %s (0x%lx): %s", call->name, pointer, (unsigned long)address,
	     result == -1 ? strerror(errno) : "success");
	return false;
}

static void every_pointer_is_fault(const struct call *call)
{
	const long half = (call->size + 1) / 2;
	const struct pointer bad[] = {
		{ "in the null page", 8 },
		{ "to unmapped memory", (long)pages + PAGE },
		{ "to memory without access", (long)pages + 4 * PAGE },
#if defined(__x86_64__)
		{ "to the last byte of user space", 0x7ffffffffff8 },
		{ "that is not canonical", 0x800000000000 },
#endif
		{ "to the lower end of the negative half", INT64_MIN },
		{ "to the lower end of kernel space", (long)0xffff800000000000 },
		{ "to the kernel's code", (long)0xffffffff80000000 },
		{ "to the last page", -PAGE },
		{ "that wraps round", -8 },
	};
	const struct pointer not_writable[] = {
		{ "to a read-only page", (long)pages + 3 * PAGE },
		{ "to the program's text", (long)is_fault & ~15l },
		{ "to the vDSO", (long)getauxval(AT_SYSINFO_EHDR) },
	};
	const struct pointer crossing[] = {
		{ "across the end of a page, to unmapped memory", (long)pages + PAGE - half },
		{ "across the end of a page, to a read-only page", (long)pages + 3 * PAGE - half },
	};
	int wrong = 0;

	for (size_t i = 0; i < LENGTH(bad); i++)
		wrong += !is_fault(call, bad[i].name, bad[i].address);
	for (size_t i = 0; i < LENGTH(not_writable) && (call->use & WRITES); i++)
		if (not_writable[i].address)
			wrong += !is_fault(call, not_writable[i].name, not_writable[i].address);
	if (!(call->use & (SHORT | ALIGNED))) {
		wrong += !is_fault(call, crossing[0].name, crossing[0].address);
		if (call->use & WRITES)
			wrong += !is_fault(call, crossing[1].name, crossing[1].address);
	}
	is_int(wrong, 0, "%s: every bad pointer is EFAULT", call->name);
}

static void make_pages(void)
{
	pages = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		bail("mmap: %s", strerror(errno));
	memset(pages, '/', (size_t)(5 * PAGE));
	if (munmap(pages + PAGE, (size_t)PAGE) != 0 || mprotect(pages + 3 * PAGE, (size_t)PAGE, PROT_READ) != 0 ||
	    mprotect(pages + 4 * PAGE, (size_t)PAGE, PROT_NONE) != 0)
		bail("munmap or mprotect: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	char text[64] = "text";

	if (argc < 1 || strspn(argv[0], "/") == strlen(argv[0]))
		bail("execve of this program with a bad pointer succeeded");
	make_pages();
	file = open((const char *)getauxval(AT_EXECFN), O_RDONLY);
	directory = open("/", O_RDONLY | O_DIRECTORY);
	if (pipe(ends) != 0 || file < 0 || directory < 0)
		bail("no files to read: %s", strerror(errno));
	const struct call calls[] = {
		{ "read of a file", SYS_read, ARGS(file, P, 16), WRITES | SHORT, 16, NULL },
		{ "pread64", SYS_pread64, ARGS(file, P, 16), WRITES | SHORT, 16, NULL },
		{ "read of a pipe", SYS_read, ARGS(ends[0], P, 16), WRITES | SHORT, 16, NULL },
		{ "write to a pipe", SYS_write, ARGS(ends[1], P, 16), READS | SHORT, 16, NULL },
		{ "readv", SYS_readv, ARGS(file, P, 1), READS, sizeof(iov), NULL },
		{ "writev", SYS_writev, ARGS(ends[1], P, 1), READS, sizeof(iov), NULL },
		{ "readv to a bad buffer", SYS_readv, ARGS(file, (long)&iov, 1), WRITES | SHORT, 16, (long *)&iov.iov_base },
		{ "writev from a bad buffer", SYS_writev, ARGS(ends[1], (long)&iov, 1), READS | SHORT, 16, (long *)&iov.iov_base },
		{ "pipe2", SYS_pipe2, ARGS(P, 0), WRITES, 8, NULL },
		{ "ioctl FIONREAD", SYS_ioctl, ARGS(ends[0], FIONREAD, P), WRITES, 4, NULL },
		{ "ppoll", SYS_ppoll, ARGS(P, 1, 0, 0, 8), READS, sizeof(struct pollfd), NULL },
		{ "ppoll with a bad time-out", SYS_ppoll, ARGS(0, 0, P, 0, 8), READS, sizeof(struct timespec), NULL },
		{ "pselect6", SYS_pselect6, ARGS(64, P, 0, 0, 0, 0), READS, 8, NULL },
		{ "openat", SYS_openat, ARGS(AT_FDCWD, P, O_RDONLY), READS, 8, NULL },
		{ "mkdirat", SYS_mkdirat, ARGS(AT_FDCWD, P, 0700), READS, 8, NULL },
		{ "unlinkat", SYS_unlinkat, ARGS(AT_FDCWD, P, 0), READS, 8, NULL },
		{ "faccessat", SYS_faccessat, ARGS(AT_FDCWD, P, 0), READS, 8, NULL },
		{ "chdir", SYS_chdir, ARGS(P), READS, 8, NULL },
		{ "readlinkat of a bad path", SYS_readlinkat, ARGS(AT_FDCWD, P, (long)text, sizeof(text)), READS, 8, NULL },
		{ "newfstatat of a bad path", SYS_newfstatat, ARGS(AT_FDCWD, P, (long)text, 0), READS, 8, NULL },
		{ "newfstatat to a bad buffer", SYS_newfstatat, ARGS(AT_FDCWD, (long)path, P, 0), WRITES, sizeof(struct stat), NULL },
		{ "fstat", SYS_fstat, ARGS(file, P), WRITES, sizeof(struct stat), NULL },
		{ "getcwd", SYS_getcwd, ARGS(P, PAGE), WRITES, 2, NULL },
		{ "getdents64", SYS_getdents64, ARGS(directory, P, PAGE), WRITES | SHORT, 24, NULL },
		{ "execve of a bad path", SYS_execve, ARGS(P, 0, 0), READS, 8, NULL },
		{ "execve with bad arguments", SYS_execve, ARGS((long)"/proc/self/exe", P, 0), READS, 8, NULL },
		{ "execve with a bad environment", SYS_execve, ARGS((long)"/proc/self/exe", 0, P), READS, 8, NULL },
		{ "execve with a bad string", SYS_execve, ARGS((long)"/proc/self/exe", (long)strings, 0), READS, 8, &strings[0] },
		{ "rt_sigaction", SYS_rt_sigaction, ARGS(SIGUSR1, P, 0, 8), READS, 32, NULL },
		{ "rt_sigaction for the old action", SYS_rt_sigaction, ARGS(SIGUSR1, 0, P, 8), WRITES, 32, NULL },
		{ "rt_sigprocmask", SYS_rt_sigprocmask, ARGS(SIG_BLOCK, P, 0, 8), READS, 8, NULL },
		{ "rt_sigprocmask for the old mask", SYS_rt_sigprocmask, ARGS(SIG_BLOCK, 0, P, 8), WRITES, 8, NULL },
		{ "rt_sigpending", SYS_rt_sigpending, ARGS(P, 8), WRITES, 8, NULL },
		{ "sigaltstack", SYS_sigaltstack, ARGS(P, 0), READS, sizeof(stack_t), NULL },
		{ "sigaltstack for the old stack", SYS_sigaltstack, ARGS(0, P), WRITES, sizeof(stack_t), NULL },
		{ "nanosleep", SYS_nanosleep, ARGS(P, 0), READS, sizeof(struct timespec), NULL },
		{ "clock_nanosleep", SYS_clock_nanosleep, ARGS(CLOCK_MONOTONIC, 0, P, 0), READS, sizeof(struct timespec), NULL },
		{ "clock_gettime", SYS_clock_gettime, ARGS(CLOCK_MONOTONIC, P), WRITES, sizeof(struct timespec), NULL },
		{ "clock_getres", SYS_clock_getres, ARGS(CLOCK_MONOTONIC, P), WRITES, sizeof(struct timespec), NULL },
		{ "gettimeofday", SYS_gettimeofday, ARGS(P, 0), WRITES, sizeof(struct timeval), NULL },
		{ "gettimeofday for the time zone", SYS_gettimeofday, ARGS(0, P), WRITES, sizeof(struct timezone), NULL },
#ifdef SYS_time
		{ "time", SYS_time, ARGS(P), WRITES, sizeof(time_t), NULL },
#endif
		{ "times", SYS_times, ARGS(P), WRITES, sizeof(struct tms), NULL },
		{ "getcpu", SYS_getcpu, ARGS(P, 0, 0), WRITES, 4, NULL },
		{ "getitimer", SYS_getitimer, ARGS(ITIMER_REAL, P), WRITES, sizeof(struct itimerval), NULL },
		{ "setitimer", SYS_setitimer, ARGS(ITIMER_REAL, P, 0), READS, sizeof(struct itimerval), NULL },
		{ "setitimer for the old value", SYS_setitimer, ARGS(ITIMER_REAL, 0, P), WRITES, sizeof(struct itimerval), NULL },
		{ "getrusage", SYS_getrusage, ARGS(RUSAGE_SELF, P), WRITES, sizeof(struct rusage), NULL },
		{ "prlimit64", SYS_prlimit64, ARGS(0, RLIMIT_CORE, P, 0), READS, sizeof(struct rlimit), NULL },
		{ "prlimit64 for the old limit", SYS_prlimit64, ARGS(0, RLIMIT_CORE, 0, P), WRITES, sizeof(struct rlimit), NULL },
		{ "uname", SYS_uname, ARGS(P), WRITES, sizeof(struct utsname), NULL },
		{ "sysinfo", SYS_sysinfo, ARGS(P), WRITES, 112, NULL }, /* musl's structure is longer than Linux's */
		{ "getrandom", SYS_getrandom, ARGS(P, 16, 0), WRITES | SHORT, 16, NULL },
		{ "prctl PR_SET_NAME", SYS_prctl, ARGS(PR_SET_NAME, P), READS, 8, NULL },
		{ "prctl PR_GET_NAME", SYS_prctl, ARGS(PR_GET_NAME, P), WRITES, 16, NULL },
		{ "futex wait", SYS_futex, ARGS(P, FUTEX_WAIT_PRIVATE, 0, 0), READS | ALIGNED, 4, NULL },
	};

	if (write(ends[1], text, sizeof(text)) != sizeof(text))
		bail("write to a pipe: %s", strerror(errno));
	for (size_t i = 0; i < LENGTH(calls); i++)
		every_pointer_is_fault(&calls[i]);
	ok(read(ends[0], text, sizeof(text)) == sizeof(text) && strcmp(text, "text") == 0,
	   "the process lives on, and nothing was read or written");
	return done();
}
