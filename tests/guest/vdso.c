/* SPDX-License-Identifier: MIT */
/* The vDSO's exported functions, called directly: names, versions, bad arguments, and which of them enter the kernel.
 *
 * Owns: the ABI of the exported functions. Relies on: guest.h, vdso_reader.h; the system call is the oracle.
 * With the argument `fallback`, the clocks are expected to be system calls. */
#define _GNU_SOURCE
#include <limits.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "guest.h"
#include "vdso_reader.h"

#define TIMES 1000

static int (*vdso_gettime)(int, struct timespec *);
static int (*vdso_getres)(int, struct timespec *);
static int (*vdso_gettimeofday)(struct timeval *, struct timezone *);
static time_t (*vdso_time)(time_t *);
static int (*vdso_getcpu)(unsigned int *, unsigned int *, void *);

static const struct {
	const char *name;
	void *pointer; /* to one of the above */
} functions[] = {
	{ "clock_gettime", &vdso_gettime },
	{ "clock_getres", &vdso_getres },
	{ "gettimeofday", &vdso_gettimeofday },
#if defined(__x86_64__)
	{ "time", &vdso_time },
#endif
#if !defined(__aarch64__)
	{ "getcpu", &vdso_getcpu },
#endif
};

/* Ids that are no clock: between and beyond Linux's, and malformed CPU-time and file clocks. */
static const int no_clock[] = { -1, 10, 12, 13, 14, 15, 31, 100, 0x10000, INT_MAX, INT_MIN };

/* Clocks of some kernels: alarm clocks where a clock chip can wake the machine, auxiliary clocks since Linux 6.17. */
static const int some_clock[] = { CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM, 16 };

/* -errno, as the vDSO's functions return it. */
static long result(long value)
{
	return value < 0 ? -errno : value;
}

/* The table that vdk's image leaves out: kit/arch/aarch64/flags.mk says why. */
#if defined(__aarch64__)
#define NO_TABLE VDSO_GNU_HASH
#else
#define NO_TABLE (enum vdso_table)-1
#endif

static void names_are_found(const struct vdso *vdso)
{
	static const char *const tables[] = { [VDSO_HASH] = "DT_HASH", [VDSO_GNU_HASH] = "DT_GNU_HASH" };

	for (size_t i = 0; i < LENGTH(functions); i++) {
		char name[64];

		snprintf(name, sizeof(name), VDSO_PREFIX "%s", functions[i].name);
		*(void **)functions[i].pointer = vdso_function(vdso, name);
		for (enum vdso_table t = VDSO_HASH; t <= VDSO_GNU_HASH; t++) {
			if (!(t == VDSO_HASH ? vdso->hash : vdso->gnu_hash) && (calls_made("read") < 0 || t == NO_TABLE)) {
				skip("this image has no such table", "%s@%s is found by %s", name, VDSO_VERSION,
				     tables[t]);
				continue;
			}
			ok(vdso_find(vdso, t, VDSO_VERSION, name), "%s@%s is found by %s", name, VDSO_VERSION,
			   tables[t]);
#if defined(__x86_64__)
			ok(vdso_find(vdso, t, VDSO_VERSION, functions[i].name) == vdso_function(vdso, name),
			   "%s is the same function by %s", functions[i].name, tables[t]);
#endif
			ok(!vdso_find(vdso, t, "LINUX_2.5", name), "%s@LINUX_2.5 is not found by %s", name, tables[t]);
		}
		if (!vdso_function(vdso, name))
			bail("%s is missing", name);
	}
}

static void bad_ids_are_refused(void)
{
	struct timespec ts;

	for (size_t i = 0; i < LENGTH(no_clock); i++) {
		int id = no_clock[i];

		ok(vdso_gettime(id, &ts) == -EINVAL && result(syscall(SYS_clock_gettime, id, &ts)) == -EINVAL,
		   "clock_gettime(%d) is EINVAL, as the system call", id);
		ok(vdso_getres(id, &ts) == -EINVAL && result(syscall(SYS_clock_getres, id, &ts)) == -EINVAL,
		   "clock_getres(%d) is EINVAL, as the system call", id);
	}
	for (size_t i = 0; i < LENGTH(some_clock); i++) {
		int id = some_clock[i];

		is_int(vdso_gettime(id, &ts), result(syscall(SYS_clock_gettime, id, &ts)),
		       "clock_gettime(%d) is whatever the system call is", id);
		/* Linux 6.18 answers clock_getres(16) in its vDSO and refuses it in its system call. */
		if (id == 16 && calls_made("read") < 0)
			skip("Linux does not agree with itself", "clock_getres(%d) is whatever the system call is", id);
		else
			is_int(vdso_getres(id, &ts), result(syscall(SYS_clock_getres, id, &ts)),
			       "clock_getres(%d) is whatever the system call is", id);
	}
}

/* Clocks that no page holds: CPU time of the process, of the thread, and of the process by its number. */
static void cpu_time_is_the_system_calls(void)
{
	const int ids[] = { CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, ~getpid() << 3 | 2 };

	for (size_t i = 0; i < LENGTH(ids); i++) {
		struct timespec before, now = { -1, -1 }, after;

		ok(syscall(SYS_clock_gettime, ids[i], &before) == 0 && vdso_gettime(ids[i], &now) == 0 &&
		   syscall(SYS_clock_gettime, ids[i], &after) == 0 && ns_of(&before) <= ns_of(&now) &&
		   ns_of(&now) <= ns_of(&after),
		   "syscall <= vdso <= syscall: CPU-time clock %d", ids[i]);
		before.tv_nsec = -1;
		ok(vdso_getres(ids[i], &now) == 0 && syscall(SYS_clock_getres, ids[i], &before) == 0 &&
			   ns_of(&now) == ns_of(&before),
		   "clock_getres agrees with its system call: CPU-time clock %d", ids[i]);
	}
}

static void bad_pointers_are_refused(struct timespec *bad)
{
	ok(vdso_gettime(CLOCK_PROCESS_CPUTIME_ID, bad) == -EFAULT &&
	   result(syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, bad)) == -EFAULT,
	   "clock_gettime with a bad pointer is EFAULT where it is the system call");
	ok(vdso_getres(CLOCK_PROCESS_CPUTIME_ID, bad) == -EFAULT &&
	   result(syscall(SYS_clock_getres, CLOCK_PROCESS_CPUTIME_ID, bad)) == -EFAULT,
	   "clock_getres with a bad pointer is EFAULT where it is the system call");
	ok(vdso_gettime(-1, bad) == -EINVAL && vdso_getres(-1, bad) == -EINVAL,
	   "a bad id and a bad pointer are EINVAL");
}

static struct timespec *unmapped;

static int read_to_unmapped(void)
{
	signal(SIGSEGV, SIG_DFL);
	return vdso_gettime(CLOCK_MONOTONIC, unmapped) == 0 ? 1 : 2;
}

static void bad_pointers_are_the_programs_fault(void)
{
	int status = in_child(read_to_unmapped);

	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
	   "clock_gettime of the page with a bad pointer is SIGSEGV");
}

static void null_pointers_are_allowed(void)
{
	struct timezone tz = { 77, 77 }, tz_by_call = { 78, 78 };
	struct timeval tv = { -1, -1 };
	int failed = 0;

	for (size_t c = 0; c < CLOCKS; c++)
		failed |= vdso_getres(clocks[c].id, NULL);
	is_int(failed, 0, "clock_getres may have a null result");
	is_int(vdso_getres(INT_MAX, NULL), -EINVAL, "clock_getres with a null result still refuses a bad id");
	is_int(vdso_getres(CLOCK_THREAD_CPUTIME_ID, NULL), 0,
	       "clock_getres of a CPU-time clock may have a null result");
	is_int(vdso_gettimeofday(NULL, NULL), 0, "gettimeofday may have two null pointers");
	ok(vdso_gettimeofday(&tv, NULL) == 0 && tv.tv_sec > 0 && tv.tv_usec >= 0, "gettimeofday may have a null tz");
	ok(vdso_gettimeofday(NULL, &tz) == 0 && syscall(SYS_gettimeofday, NULL, &tz_by_call) == 0 &&
	   tz.tz_minuteswest == tz_by_call.tz_minuteswest && tz.tz_dsttime == tz_by_call.tz_dsttime,
	   "gettimeofday may have a null tv, and the time zone is the system call's");
	if (vdso_time) {
		time_t stored = -1, returned = vdso_time(&stored);

		ok(returned == stored && vdso_time(NULL) - returned <= 1, "time may have a null pointer");
	}
	if (vdso_getcpu) {
		unsigned int cpu = 5555, node = 5555;

		ok(vdso_getcpu(NULL, NULL, NULL) == 0 && vdso_getcpu(&cpu, NULL, NULL) == 0 &&
		   vdso_getcpu(NULL, &node, NULL) == 0 && cpu < 4096 && node < 4096,
		   "getcpu may have null pointers");
	}
}

/* The kernel's count for one call of a function. */
struct count {
	const char *call;
	long long before;
};

static struct count count_of(const char *call)
{
	return (struct count){ call, calls_made(call) };
}

static void made(struct count count, long long expected, const char *what)
{
	long long now = calls_made(count.call);

	if (now < 0)
		skip("this kernel does not count", "%d calls of %s: %lld system calls", TIMES, what, expected);
	else
		is_int(now - count.before, expected, "%d calls of %s: %lld system calls", TIMES, what, expected);
}

#define REPEAT(expression)                  \
	for (int i_ = 0; i_ < TIMES; i_++)  \
		(void)(expression)

static void calls_are_exact(bool fallback)
{
	const long long clock_calls = fallback ? TIMES : 0;
	struct timespec ts;
	struct timezone tz;
	struct timeval tv;
	struct count count;

	for (size_t c = 0; c < CLOCKS; c++) {
		count = count_of("clock_gettime");
		REPEAT(vdso_gettime(clocks[c].id, &ts));
		made(count, clock_calls, clocks[c].name);
		count = count_of("clock_getres");
		REPEAT(vdso_getres(clocks[c].id, &ts));
		made(count, 0, "clock_getres");
	}
	count = count_of("clock_gettime");
	REPEAT(vdso_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts));
	made(count, TIMES, "PROCESS_CPUTIME_ID");
	count = count_of("clock_gettime");
	REPEAT(vdso_gettime(INT_MAX, &ts));
	made(count, TIMES, "clock_gettime(INT_MAX)");
	count = count_of("clock_getres");
	REPEAT(vdso_getres(CLOCK_PROCESS_CPUTIME_ID, &ts));
	made(count, TIMES, "clock_getres(PROCESS_CPUTIME_ID)");
	count = count_of("gettimeofday");
	REPEAT(vdso_gettimeofday(&tv, &tz));
	made(count, clock_calls, "gettimeofday");
	count = count_of("gettimeofday");
	REPEAT(vdso_gettimeofday(NULL, &tz));
	made(count, 0, "gettimeofday for the time zone");
	if (vdso_time) {
		count = count_of("time");
		REPEAT(vdso_time(NULL));
		made(count, clock_calls, "time");
	}
	if (vdso_getcpu) {
		count = count_of("getcpu");
		REPEAT(vdso_getcpu(NULL, NULL, NULL));
		made(count, 0, "getcpu");
	}
}

int main(int argc, char **argv)
{
	bool fallback = argc > 1 && strcmp(argv[1], "fallback") == 0;
	struct vdso vdso;

	if (!ok(vdso_read(&vdso, (const void *)getauxval(AT_SYSINFO_EHDR)), "AT_SYSINFO_EHDR leads to a vDSO"))
		return done();
	unmapped = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (unmapped == MAP_FAILED || munmap(unmapped, PAGE) != 0)
		bail("no unmapped page: %s", strerror(errno));
	names_are_found(&vdso);
	bad_ids_are_refused();
	cpu_time_is_the_system_calls();
	bad_pointers_are_refused(unmapped);
	bad_pointers_are_refused((void *)-4096l);
	if (fallback)
		is_int(vdso_gettime(CLOCK_MONOTONIC, unmapped), -EFAULT,
		       "every bad pointer is EFAULT where clocks are system calls");
	else
		bad_pointers_are_the_programs_fault();
	null_pointers_are_allowed();
	calls_are_exact(fallback);
	return done();
}
