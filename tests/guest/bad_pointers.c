/* SPDX-License-Identifier: MIT */
/* Bad pointers given to system calls: each is EFAULT, and the process lives on.
 *
 * Owns: the tables of calls and of pointers. Relies on: guest.h.
 * Never: passes a null pointer, which has a meaning in many calls. */
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

#define CALL(call, detail, use, size, ...) { #call detail, SYS_##call, { __VA_ARGS__ }, use, size, NULL }
#define CALL_AT(indirect, call, detail, use, size, ...) \
	{ #call detail, SYS_##call, { __VA_ARGS__ }, use, size, indirect }

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
	char text[256] = "text";

	if (argc < 1 || strspn(argv[0], "/") == strlen(argv[0]))
		bail("execve of this program with a bad pointer succeeded");
	make_pages();
	file = open((const char *)getauxval(AT_EXECFN), O_RDONLY);
	directory = open("/", O_RDONLY | O_DIRECTORY);
	if (pipe(ends) != 0 || file < 0 || directory < 0)
		bail("no files to read: %s", strerror(errno));
	const struct call calls[] = {
		CALL(read, " of a file", WRITES | SHORT, 16, file, P, 16),
		CALL(pread64, "", WRITES | SHORT, 16, file, P, 16),
		CALL(read, " of a pipe", WRITES | SHORT, 16, ends[0], P, 16),
		CALL(write, " to a pipe", READS | SHORT, 16, ends[1], P, 16),
		CALL(readv, "", READS, sizeof(iov), file, P, 1),
		CALL(writev, "", READS, sizeof(iov), ends[1], P, 1),
		CALL_AT((long *)&iov.iov_base, readv, " to a bad buffer", WRITES | SHORT, 16, file, (long)&iov, 1),
		CALL_AT((long *)&iov.iov_base, writev, " from a bad buffer", READS | SHORT, 16, ends[1], (long)&iov, 1),
		CALL(pipe2, "", WRITES, 8, P, 0),
		CALL(ioctl, " FIONREAD", WRITES, 4, ends[0], FIONREAD, P),
		CALL(ppoll, "", READS, sizeof(struct pollfd), P, 1, 0, 0, 8),
		CALL(ppoll, " with a bad time-out", READS, sizeof(struct timespec), 0, 0, P, 0, 8),
		CALL(pselect6, "", READS, 8, 64, P, 0, 0, 0, 0),
		CALL(openat, "", READS, 8, AT_FDCWD, P, O_RDONLY),
		CALL(mkdirat, "", READS, 8, AT_FDCWD, P, 0700),
		CALL(unlinkat, "", READS, 8, AT_FDCWD, P, 0),
		CALL(faccessat, "", READS, 8, AT_FDCWD, P, 0),
		CALL(chdir, "", READS, 8, P),
		CALL(readlinkat, " of a bad path", READS, 8, AT_FDCWD, P, (long)text, sizeof(text)),
		CALL(newfstatat, " of a bad path", READS, 8, AT_FDCWD, P, (long)text, 0),
		CALL(newfstatat, " to a bad buffer", WRITES, sizeof(struct stat), AT_FDCWD, (long)path, P, 0),
		CALL(fstat, "", WRITES, sizeof(struct stat), file, P),
		CALL(getcwd, "", WRITES, 2, P, PAGE),
		CALL(getdents64, "", WRITES | SHORT, 24, directory, P, PAGE),
		CALL(execve, " of a bad path", READS, 8, P, 0, 0),
		CALL(execve, " with bad arguments", READS, 8, (long)"/proc/self/exe", P, 0),
		CALL(execve, " with a bad environment", READS, 8, (long)"/proc/self/exe", 0, P),
		CALL_AT(&strings[0], execve, " with a bad string", READS, 8, (long)"/proc/self/exe", (long)strings, 0),
		CALL(rt_sigaction, "", READS, 32, SIGUSR1, P, 0, 8),
		CALL(rt_sigaction, " for the old action", WRITES, 32, SIGUSR1, 0, P, 8),
		CALL(rt_sigprocmask, "", READS, 8, SIG_BLOCK, P, 0, 8),
		CALL(rt_sigprocmask, " for the old mask", WRITES, 8, SIG_BLOCK, 0, P, 8),
		CALL(rt_sigpending, "", WRITES, 8, P, 8),
		CALL(sigaltstack, "", READS, sizeof(stack_t), P, 0),
		CALL(sigaltstack, " for the old stack", WRITES, sizeof(stack_t), 0, P),
		CALL(nanosleep, "", READS, sizeof(struct timespec), P, 0),
		CALL(clock_nanosleep, "", READS, sizeof(struct timespec), CLOCK_MONOTONIC, 0, P, 0),
		CALL(clock_gettime, "", WRITES, sizeof(struct timespec), CLOCK_MONOTONIC, P),
		CALL(clock_getres, "", WRITES, sizeof(struct timespec), CLOCK_MONOTONIC, P),
		CALL(gettimeofday, "", WRITES, sizeof(struct timeval), P, 0),
		CALL(gettimeofday, " for the time zone", WRITES, sizeof(struct timezone), 0, P),
#ifdef SYS_time
		CALL(time, "", WRITES, sizeof(time_t), P),
#endif
		CALL(times, "", WRITES, sizeof(struct tms), P),
		CALL(getcpu, "", WRITES, 4, P, 0, 0),
		CALL(getitimer, "", WRITES, sizeof(struct itimerval), ITIMER_REAL, P),
		CALL(setitimer, "", READS, sizeof(struct itimerval), ITIMER_REAL, P, 0),
		CALL(setitimer, " for the old value", WRITES, sizeof(struct itimerval), ITIMER_REAL, 0, P),
		CALL(getrusage, "", WRITES, sizeof(struct rusage), RUSAGE_SELF, P),
		CALL(prlimit64, "", READS, sizeof(struct rlimit), 0, RLIMIT_CORE, P, 0),
		CALL(prlimit64, " for the old limit", WRITES, sizeof(struct rlimit), 0, RLIMIT_CORE, 0, P),
		CALL(uname, "", WRITES, sizeof(struct utsname), P),
		CALL(sysinfo, "", WRITES, 112, P), /* musl's structure is longer than Linux's */
		CALL(getrandom, "", WRITES | SHORT, 16, P, 16, 0),
		CALL(prctl, " PR_SET_NAME", READS, 8, PR_SET_NAME, P),
		CALL(prctl, " PR_GET_NAME", WRITES, 16, PR_GET_NAME, P),
		CALL(futex, " wait", READS | ALIGNED, 4, P, FUTEX_WAIT_PRIVATE, 0, 0),
	};

	if (write(ends[1], text, sizeof(text)) != sizeof(text))
		bail("write to a pipe: %s", strerror(errno));
	for (size_t i = 0; i < LENGTH(calls); i++)
		every_pointer_is_fault(&calls[i]);
	ok(read(ends[0], text, sizeof(text)) == sizeof(text) && strcmp(text, "text") == 0,
	   "the process lives on, and nothing was read or written");
	return done();
}
