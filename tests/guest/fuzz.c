/* SPDX-License-Identifier: MIT */
/* Hostile programs: random system calls with hostile arguments. They may die of it; the kernel, its clocks and its memory
 * may not.
 *
 * usage: fuzz [SEED [ROUNDS [root]]], also VDK_SEED and VDK_ROUNDS. The children are nobody's, or root's.
 *
 * Owns: the rounds and their claims. Relies on: fuzz/child.h, /proc; the same seed makes the same calls,
 * as far as the kernel's answers and addresses are the same (norandmaps).
 * Never: runs on another kernel than vdk's. Ends the system, or touches a process that is not its own. */
#define _GNU_SOURCE
#include <dirent.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <ucontext.h>

#include "fuzz/child.h"

#define ROUNDS 25
#define TOGETHER 3             /* children per round */
#define ROUND_MS 150           /* then its children are killed */
#define BUDGET_MS 6000         /* of all rounds, if nobody says how many */
#define END_MS 10000           /* for killed processes to be gone: a hang detector */
#define LEAK_KIB 512           /* what the heap's partly used pages may differ by */

/* All processes after this one are its children or theirs. How many there are, those that have ended and wait to be
 * collected by somebody else not counted; killed if `kills`. */
static int descendants(bool kills)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int found = 0;

	if (!proc)
		bail("/proc: %s", strerror(errno));
	while ((entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		char name[64], text[512];
		const char *end;
		ssize_t n;
		int fd;

		if (pid <= parent)
			continue;
		snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
		fd = open(name, O_RDONLY);
		n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		if (fd >= 0)
			close(fd);
		if (n <= 0)
			continue;
		text[n] = '\0';
		end = strrchr(text, ')');
		if (kills)
			kill(pid, SIGKILL);
		/* A dead first thread says little about the others: field 20 is how many there are. */
		if (end && end[1] && (end[2] == 'Z' || end[2] == 'X')) {
			for (int field = 2; end && field < 20; field++)
				end = strchr(end + 1, ' ');
			if (!end || atoi(end) <= 1)
				continue;
		}
		found++;
	}
	closedir(proc);
	return found;
}

static void sleep_ms(long ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * NS_PER_MS };

	nanosleep(&ts, NULL);
}

/* Also those whose end is told by another signal than SIGCHLD, or none. */
static void collect(void)
{
	while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
		;
}

static bool none_left(void)
{
	int64_t start = raw_ns(CLOCK_MONOTONIC);
	int left;

	do {
		left = descendants(true);
		collect();
		if (!left)
			return true;
		sleep_ms(1);
	} while (raw_ns(CLOCK_MONOTONIC) - start < END_MS * NS_PER_MS);
	diag("%d processes are still there %d ms after SIGKILL", left, END_MS);
	return false;
}

static void remove_tree(const char *name)
{
	DIR *dir;
	struct dirent *entry;
	char inner[4096];

	if (unlink(name) == 0 || rmdir(name) == 0)
		return;
	dir = opendir(name);
	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    snprintf(inner, sizeof(inner), "%s/%s", name, entry->d_name) < (int)sizeof(inner))
			remove_tree(inner);
	if (dir)
		closedir(dir);
	rmdir(name);
}

static void clean_place(void)
{
	while (umount2(PLACE "/d", MNT_DETACH) == 0)
		;
	remove_tree(PLACE);
}

static void make_place(void)
{
	clean_place();
	if (mkdir(PLACE, 0777) != 0 || chmod(PLACE, 0777) != 0 || chdir(PLACE) != 0 || mkdir("d", 0777) != 0 ||
	    chmod("d", 0777) != 0)
		bail("%s: %s", PLACE, strerror(errno));
}

static bool run_round(uint64_t seed)
{
	int64_t start = raw_ns(CLOCK_MONOTONIC);
	int alive = 0;

	make_place();
	for (int i = 0; i < TOGETHER; i++) {
		pid_t pid = fork();

		if (pid == 0)
			hostile(seed * TOGETHER + (uint64_t)i);
		if (pid < 0)
			diag("fork: %s", strerror(errno));
		alive += pid > 0;
	}
	while (alive && raw_ns(CLOCK_MONOTONIC) - start < ROUND_MS * NS_PER_MS) {
		sleep_ms(2);
		collect();
		alive = descendants(false);
	}
	if (!none_left())
		return false;
	if (chdir("/") != 0)
		bail("chdir: %s", strerror(errno));
	clean_place();
	return true;
}

static long free_kib(void)
{
	struct sysinfo info;

	if (sysinfo(&info) != 0)
		bail("sysinfo: %s", strerror(errno));
	return (long)(info.freeram * info.mem_unit / 1024);
}

/* The fresh program: 0 if files and clocks are as they should be. */
static int alive(void)
{
	static const char text[] = "the kernel lives";
	char back[sizeof(text)] = "";
	const struct timespec pause = { 0, 3000000 };
	int64_t before = libc_ns(CLOCK_MONOTONIC), raw = raw_ns(CLOCK_MONOTONIC), after;
	int fd = open("/tmp/alive", O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, sizeof(text)) != sizeof(text) || lseek(fd, 0, SEEK_SET) != 0 ||
	    read(fd, back, sizeof(back)) != sizeof(back) || strcmp(back, text) != 0 || unlink("/tmp/alive") != 0 ||
	    close(fd) != 0)
		return 1;
	if (nanosleep(&pause, NULL) != 0)
		return 2;
	after = libc_ns(CLOCK_MONOTONIC);
	return before <= raw && raw <= after && after - before >= 3 * NS_PER_MS && after - before < NS_PER_S ? 0 : 3;
}

static int execute_alive(void)
{
	execl("/proc/self/exe", "fuzz", "alive", (char *)NULL);
	return 127;
}

int main(int argc, char **argv)
{
	static char hostname[256];
	const char *said_seed = argc > 1 ? argv[1] : getenv("VDK_SEED"), *said_rounds = argc > 2 ? argv[2] : getenv("VDK_ROUNDS");
	uint64_t seed = said_seed ? strtoull(said_seed, NULL, 0) : 1;
	unsigned long rounds = said_rounds ? strtoul(said_rounds, NULL, 0) : ROUNDS, done_rounds = 0;
	const struct sched_param first = { .sched_priority = 99 };
	int64_t start, begun, realtime;
	struct rlimit r;
	long before, after;
	bool all_ended = true;
	struct stat tmp, self;

	if (getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_cur == MARK)
		return 0;
	if (calls_made("read") < 0)
		skip_all("only for vdk: another kernel is not ours to attack");
	if (argc > 1 && strcmp(argv[1], "alive") == 0)
		return alive();
	as_root = argc > 3;
	parent = getpid();
	/* Whatever priority a child gets, this goes on. By number: musl's function is a stub. */
	syscall(SYS_sched_setscheduler, 0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	gethostname(hostname, sizeof(hostname) - 1);
	if (stat("/tmp", &tmp) != 0 || stat("/proc/self/exe", &self) != 0)
		bail("stat: %s", strerror(errno));
	diag("seed %llu, %lu rounds, as %s", (unsigned long long)seed, rounds, as_root ? "root" : "nobody");

	/* What the kernel allocates once, and keeps. */
	run_round(seed);
	in_child(execute_alive);
	before = free_kib();
	begun = start = raw_ns(CLOCK_MONOTONIC);
	realtime = raw_ns(CLOCK_REALTIME) - start;
	while (all_ended && done_rounds < rounds && (said_rounds || raw_ns(CLOCK_MONOTONIC) - start < BUDGET_MS * NS_PER_MS)) {
		int64_t now;

		if (argc > 2)
			diag("round %lu, seed %llu, %ld KiB free", done_rounds, (unsigned long long)seed + done_rounds, free_kib());
		all_ended = run_round(seed + done_rounds++);
		now = raw_ns(CLOCK_MONOTONIC);
		if (now < begun)
			bail("the clock went back: %lld ns after %lld ns", (long long)now, (long long)begun);
		begun = now;
	}
	if (as_root) {
		struct timespec ts;

		realtime += raw_ns(CLOCK_MONOTONIC);
		ts = (struct timespec){ realtime / NS_PER_S, realtime % NS_PER_S };
		clock_settime(CLOCK_REALTIME, &ts);
		sethostname(hostname, strlen(hostname));
		chmod("/tmp", tmp.st_mode & 07777);
		chmod("/proc/self/exe", self.st_mode & 07777);
	}
	ok(all_ended, "%lu rounds of hostile programs: none resists SIGKILL", done_rounds);
	is_int(in_child(execute_alive), 0, "a fresh program runs, writes and reads a file, and its clocks agree and advance");
	after = free_kib();
	ok(before - after <= LEAK_KIB, "the memory comes back");
	diag("%ld KiB free before, %ld KiB after", before, after);
	return done();
}
