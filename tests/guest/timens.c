/* SPDX-License-Identifier: MIT */
/* Time namespaces: offsets and their errors; in one, each clock is the system's plus its offset, by system call and by the vDSO, which
 * makes none; fork, exec, clone3 and setns lead into the right one.
 *
 * Owns: the ABI of time_namespaces(7). Relies on: guest.h, vdso_reader.h; the clocks outside are the oracle. Linux: root. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "guest.h"
#include "vdso_reader.h"

#define NEWTIME 0x80
#define OFFSETS "/proc/self/timens_offsets"
#define SELF "/proc/self/ns/time"
#define CHILDREN "/proc/self/ns/time_for_children"
#define TIMES 1000

static struct {
	int64_t vdso[CLOCKS], raw[CLOCKS];
	long long calls; /* -1: not counted */
	int late_write, slept;
	struct timezone tz;
	uint32_t res_ns, coarse_res_ns;
} *seen; /* by a child */

static int (*vdso_gettime)(int, struct timespec *);
static int (*vdso_getres)(int, struct timespec *);
static int (*vdso_gettimeofday)(struct timeval *, struct timezone *);
static int (*vdso_getcpu)(unsigned int *, unsigned int *, void *); /* not on every machine */

/* 0 or -errno. */
static int write_offsets(const char *text)
{
	int fd = open(OFFSETS, O_WRONLY), rc;

	if (fd < 0)
		bail(OFFSETS ": %s", strerror(errno));
	rc = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -errno;
	close(fd);
	return rc;
}

static const char *read_file(const char *path)
{
	static char text[256];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	close(fd);
	return text;
}

/* The number in "time:[NUMBER]", which the link at `path` says. */
static long long inode_of(const char *path)
{
	char text[64] = "";

	if (readlink(path, text, sizeof(text) - 1) < 0 || strncmp(text, "time:[", 6) != 0)
		return 0;
	return atoll(text + 6);
}

static int64_t vdso_ns(int id)
{
	struct timespec ts;

	return vdso_gettime(id, &ts) == 0 ? ns_of(&ts) : -1;
}

static long long all_calls(void)
{
	static const char *const names[] = { "clock_gettime", "clock_getres", "gettimeofday", "getcpu" };
	long long sum = 0;

	for (size_t i = 0; i < LENGTH(names); i++) {
		long long n = calls_made(names[i]);

		if (n < 0)
			return -1;
		sum += n;
	}
	return sum;
}

static int look(void)
{
	struct timespec ts, until;
	struct timeval tv;
	long long before;

	for (size_t c = 0; c < CLOCKS; c++) {
		seen->vdso[c] = vdso_ns(clocks[c].id);
		seen->raw[c] = raw_ns(clocks[c].id);
	}
	before = all_calls();
	for (int i = 0; i < TIMES; i++) {
		for (size_t c = 0; c < CLOCKS; c++) {
			vdso_gettime(clocks[c].id, &ts);
			vdso_getres(clocks[c].id, &ts);
		}
		vdso_gettimeofday(&tv, NULL);
		vdso_gettimeofday(NULL, &seen->tz);
		if (vdso_getcpu)
			vdso_getcpu(NULL, NULL, NULL);
	}
	seen->calls = before < 0 ? -1 : all_calls() - before;
	vdso_getres(CLOCK_BOOTTIME, &ts);
	seen->res_ns = (uint32_t)ts.tv_nsec;
	vdso_getres(CLOCK_MONOTONIC_COARSE, &ts);
	seen->coarse_res_ns = (uint32_t)ts.tv_nsec;
	seen->late_write = write_offsets("monotonic 1 0");
	vdso_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += 20 * NS_PER_MS;
	until.tv_sec += until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	seen->slept = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 1 /* TIMER_ABSTIME */, &until, NULL) == 0 &&
		      vdso_ns(CLOCK_MONOTONIC) >= ns_of(&until) && vdso_ns(CLOCK_MONOTONIC) < ns_of(&until) + 60 * NS_PER_S;
	return 0;
}

/* The child's readings, between two of the parent's. */
static void child_reads_with(int64_t monotonic, int64_t boottime, const char *which)
{
	int64_t before[CLOCKS];
	struct timezone tz;
	struct timespec ts;

	for (size_t c = 0; c < CLOCKS; c++)
		before[c] = raw_ns(clocks[c].id);
	is_int(in_child(look), 0, "%s: a child ends well", which);
	for (size_t c = 0; c < CLOCKS; c++) {
		int id = clocks[c].id;
		int64_t after = raw_ns(id), offset = id == CLOCK_BOOTTIME ? boottime :
			id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW || id == CLOCK_MONOTONIC_COARSE ? monotonic : 0;

		ok(before[c] + offset <= seen->vdso[c] && seen->vdso[c] <= after + offset, "%s: %s by the vDSO", which, clocks[c].name);
		ok(before[c] + offset <= seen->raw[c] && seen->raw[c] <= after + offset, "%s: %s by system call", which,
		   clocks[c].name);
	}
	if (seen->calls < 0)
		skip("this kernel does not count", "%s: the vDSO makes no system call", which);
	else
		is_int(seen->calls, 0, "%s: the vDSO makes no system call", which);
	vdso_gettimeofday(NULL, &tz);
	ok(tz.tz_minuteswest == seen->tz.tz_minuteswest && tz.tz_dsttime == seen->tz.tz_dsttime, "%s: the time zone is the system's", which);
	vdso_getres(CLOCK_BOOTTIME, &ts);
	is_int(seen->res_ns, ts.tv_nsec, "%s: the resolution is the system's", which);
	vdso_getres(CLOCK_MONOTONIC_COARSE, &ts);
	is_int(seen->coarse_res_ns, ts.tv_nsec, "%s: so is that of the coarse clocks", which);
	is_int(seen->late_write, -EACCES, "%s: after the first process has entered, offsets are final", which);
	ok(seen->slept, "%s: an absolute sleep is on the namespace's clock", which);
}

static void errors(void)
{
	static const struct {
		const char *text;
		int error;
	} bad[] = {
		{ "0 1 0", EINVAL }, { "11 1 0", EINVAL }, { "realtime 1 0", EINVAL }, { "1", EINVAL }, { "1 5", EINVAL },
		{ "1 x 0", EINVAL }, { "monotonic 1 1000000000", EINVAL }, { "boottime 1 0\ntai 1 0", EINVAL },
		{ "1 -4000000000 0", ERANGE }, { "7 -4000000000 0", ERANGE }, { "1 4611686019 0", ERANGE },
		{ "7 4611686019 0", ERANGE }, { "1 9223372037 0", ERANGE }, { "1 0 0\n7 -9223372037 0", ERANGE },
	};

	for (size_t i = 0; i < LENGTH(bad); i++)
		is_int(write_offsets(bad[i].text), -bad[i].error, "bad offsets %u are %s", (unsigned int)i,
		       bad[i].error == EINVAL ? "EINVAL" : "ERANGE");
	ok(!strcmp(read_file(OFFSETS), "monotonic           0         0\nboottime            0         0\n"), "none of these was taken");
}

static void setns_leads_there_and_back(int outside)
{
	int inside = open(CHILDREN, O_RDONLY), file = open("/proc/self/stat", O_RDONLY);
	int64_t before = vdso_ns(CLOCK_MONOTONIC), there, back;

	ok(syscall(SYS_setns, file, NEWTIME) == -1 && errno == EINVAL, "setns by a file that is no namespace is EINVAL");
	ok(syscall(SYS_setns, inside, 0x40000000) == -1 && errno == EINVAL, "setns for a network is EINVAL");
	ok(syscall(SYS_setns, 9999, NEWTIME) == -1 && errno == EBADF, "setns by no file is EBADF");
	is_int(syscall(SYS_setns, inside, NEWTIME), 0, "setns leads into the namespace");
	there = vdso_ns(CLOCK_MONOTONIC);
	is_int(syscall(SYS_setns, outside, 0), 0, "and back");
	back = vdso_ns(CLOCK_MONOTONIC);
	ok(before + 86400 * NS_PER_S <= there && there <= back + 86401 * NS_PER_S && before <= back, "the vDSO follows at once");
	ok(inode_of(SELF) == inode_of(CHILDREN), "and its children are where it is");
	is_int(syscall(SYS_setns, inside, NEWTIME), 0, "into the namespace again");
	ok(inode_of(SELF) == inode_of(CHILDREN), "there too");
	is_int(syscall(SYS_setns, outside, NEWTIME), 0, "and back");
	close(inside);
	close(file);
}

static char now_text[32];

static int exec_child(void)
{
	snprintf(now_text, sizeof(now_text), "%lld", (long long)(vdso_ns(CLOCK_MONOTONIC) / NS_PER_S));
	execl("/proc/self/exe", "timens", now_text, (char *)NULL);
	return 2;
}

static int new_by_clone3(void)
{
	uint64_t args[8] = { NEWTIME, 0, 0, 0, 17 /* SIGCHLD */ };
	long long parents = inode_of(SELF);
	int status = -1;
	long pid = syscall(SYS_clone3, args, sizeof(args));

	if (pid == 0)
		_exit(inode_of(SELF) != parents && inode_of(SELF) == inode_of(CHILDREN) && write_offsets("1 1 0") == -EACCES ? 0 : 1);
	return pid > 0 && waitpid((pid_t)pid, &status, 0) == pid ? status : -1;
}

/* A child that would share memory with another namespace: refused, until Linux 6.3. */
static void vfork_is_refused(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	if (pid > 0) {
		waitpid(pid, NULL, 0);
		skip("this kernel allows it", "vfork after unshare is EINVAL");
	} else {
		is_int(errno, EINVAL, "vfork after unshare is EINVAL");
	}
}

static void offset_text(char *to, size_t size, const char *clock, int64_t ns)
{
	int64_t sec = ns / NS_PER_S - (ns % NS_PER_S < 0);

	snprintf(to, size, "%s %lld %lld", clock, (long long)sec, (long long)(ns - sec * NS_PER_S));
}

int main(int argc, char **argv)
{
	int outside = open(SELF, O_RDONLY);
	char text[128];
	struct vdso vdso;
	int64_t now, half;

	if (!vdso_read(&vdso, (const void *)getauxval(AT_SYSINFO_EHDR)))
		bail("no vDSO");
	*(void **)&vdso_gettime = vdso_function(&vdso, VDSO_PREFIX "clock_gettime");
	*(void **)&vdso_getres = vdso_function(&vdso, VDSO_PREFIX "clock_getres");
	*(void **)&vdso_gettimeofday = vdso_function(&vdso, VDSO_PREFIX "gettimeofday");
	*(void **)&vdso_getcpu = vdso_function(&vdso, VDSO_PREFIX "getcpu");
	if (argc > 1) { /* exec_child(): the same clock as before */
		now = vdso_ns(CLOCK_MONOTONIC) / NS_PER_S - atoll(argv[1]);
		return now < 0 || now > 60;
	}
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		bail("mmap: %s", strerror(errno));
	if (outside < 0) {
		skip("this kernel has no time namespaces", "time namespaces");
		return done();
	}
	now = raw_ns(CLOCK_MONOTONIC);
	if (syscall(SYS_unshare, NEWTIME) != 0 && errno == EPERM) {
		skip("only root may on this kernel", "time namespaces");
		return done();
	}
	ok(inode_of(SELF) && inode_of(CHILDREN) && inode_of(SELF) != inode_of(CHILDREN), "unshare gives the children another namespace");
	ok(raw_ns(CLOCK_MONOTONIC) - now < 3600 * NS_PER_S && vdso_ns(CLOCK_MONOTONIC) >= now, "and leaves the process where it is");
	vfork_is_refused();
	errors();
	is_int(write_offsets("monotonic 86400 999999999\n7 172800 5\n"), 0, "two offsets are taken");
	ok(!strcmp(read_file(OFFSETS), "monotonic       86400 999999999\nboottime       172800         5\n"), "and shown");
	child_reads_with(86400 * NS_PER_S + 999999999, 172800 * NS_PER_S + 5, "ahead");
	setns_leads_there_and_back(outside);
	is_int(write_offsets("1 1 0"), -EACCES, "the system's own offsets are final");

	is_int(syscall(SYS_unshare, NEWTIME), 0, "another one");
	half = -(raw_ns(CLOCK_MONOTONIC) / 2);
	offset_text(text, sizeof(text), "monotonic", half);
	is_int(write_offsets(text), 0, "an offset of half the uptime backwards is taken");
	child_reads_with(half, 0, "behind");
	is_int(in_child(exec_child), 0, "execve stays in the namespace");
	is_int(syscall(SYS_setns, outside, NEWTIME), 0, "back outside");
	is_int(new_by_clone3(), 0, "clone3's child is in a new namespace");
	return done();
}
