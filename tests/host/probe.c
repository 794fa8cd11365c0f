/* SPDX-License-Identifier: MIT */
/* What a program sees under vdsorun, for tests/host/vdsorun.t: one line for each thing that is asked. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vdk/page.h"
#include "vdso_reader.h"

static const int clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_TAI };
#define CLOCKS (sizeof(clocks) / sizeof(clocks[0]))

static int (*vdso_clock_gettime)(int, struct timespec *);

static char *image(void)
{
	return (char *)getauxval(AT_SYSINFO_EHDR);
}

static const char *whose(void)
{
	char word[8];
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char perms[5], line[512];
	int seen = 0;

	if (!image() || !maps)
		return "none";
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s", &from, &to, perms) == 3)
			seen += (to == (unsigned long)image() && strcmp(perms, "r--s") == 0) ||
				(from == (unsigned long)image() && strcmp(perms, "r-xp") == 0);
	fclose(maps);
	if (seen != 2)
		return "host";
	memcpy(word, image() - VDK_PAGE_SIZE + 256, 8);
	return memcmp(word, "vdk page", 8) == 0 ? "vdk" : "host";
}

/* /proc/self/auxv says what the stack's says. */
static bool auxv_shown(void)
{
	unsigned long entry[2], shown = 0;
	FILE *file = fopen("/proc/self/auxv", "r");

	while (file && fread(entry, sizeof(entry), 1, file) == 1)
		if (entry[0] == AT_SYSINFO_EHDR)
			shown = entry[1];
	if (file)
		fclose(file);
	return shown && shown == (unsigned long)image();
}

static int64_t ns_of(const struct timespec *ts)
{
	return ts->tv_sec * 1000000000ll + ts->tv_nsec;
}

static int64_t raw_call(int id)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, id, &ts);
	return ns_of(&ts);
}

static int64_t fast(int id)
{
	struct timespec ts;

	if (vdso_clock_gettime(id, &ts) != 0)
		return -1;
	return ns_of(&ts);
}

/* For `ms`, all clocks against the system call that brackets them: the worst distance, backward steps. */
static void watch(int ms)
{
	int64_t until = raw_call(CLOCK_MONOTONIC) + ms * 1000000ll, last[CLOCKS] = { 0 }, worst = 0, back = 0,
		rounds = 0;

	while (raw_call(CLOCK_MONOTONIC) < until) {
		for (unsigned int c = 0; c < CLOCKS; c++) {
			int64_t before = raw_call(clocks[c]), now = fast(clocks[c]), after = raw_call(clocks[c]);
			int64_t off = now < before ? before - now : now > after ? now - after : 0;

			if (off > worst)
				worst = off;
			back += now < last[c];
			last[c] = now;
		}
		rounds++;
	}
	printf("worst %lld back %lld rounds %lld\n", (long long)worst, (long long)back, (long long)rounds);
}

static void *spin(void *backward)
{
	int64_t last = 0;

	for (int i = 0; i < 100000; i++) {
		int64_t now = fast(CLOCK_MONOTONIC);

		if (now < last)
			__atomic_add_fetch((int *)backward, 1, __ATOMIC_RELAXED);
		last = now;
	}
	return NULL;
}

/* The host's: no clock of a program. */
static int64_t uptime_ms(void)
{
	double seconds = 0;
	FILE *file = fopen("/proc/uptime", "r");

	if (file && fscanf(file, "%lf", &seconds) == 1)
		fclose(file);
	return (int64_t)(seconds * 1000);
}

/* A child that asks to be traced, and one that is attached to: both must stop for this process. */
static void trace(void)
{
	int status[2] = { 0, 0 };
	pid_t child = fork();

	if (child == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 && raise(SIGSTOP) == 0 ? 5 : 6);
	waitpid(child, &status[0], 0);
	printf("%s, ", WIFSTOPPED(status[0]) && ptrace(PTRACE_CONT, child, 0, 0) == 0 &&
		waitpid(child, &status[0], 0) == child &&
	       WEXITSTATUS(status[0]) == 5 ? "traced" : "not traced");
	fflush(stdout);
	child = fork();
	if (child == 0)
		for (;;)
			pause();
	if (ptrace(PTRACE_ATTACH, child, 0, 0) == 0)
		waitpid(child, &status[1], 0);
	puts(WIFSTOPPED(status[1]) ? "attached" : "not attached");
	ptrace(PTRACE_DETACH, child, 0, 0);
	kill(child, SIGKILL);
	waitpid(child, &status[1], 0);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static int sleeps(int64_t ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	return nanosleep(&ts, NULL);
}

static int sleeps_until(int64_t ns)
{
	int64_t until = fast(CLOCK_REALTIME) + ns;
	struct timespec ts = { until / 1000000000, until % 1000000000 };

	return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL);
}

static int waits_for_condition(int64_t ns)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
	int64_t until = fast(CLOCK_REALTIME) + ns;
	struct timespec ts = { until / 1000000000, until % 1000000000 };
	int error;

	pthread_mutex_lock(&mutex);
	error = pthread_cond_timedwait(&condition, &mutex, &ts);
	pthread_mutex_unlock(&mutex);
	return error == ETIMEDOUT ? 0 : -1;
}

static int polls(int64_t ns)
{
	return poll(NULL, 0, (int)(ns / 1000000));
}

static int selects(int64_t ns)
{
	struct timeval tv = { ns / 1000000000, ns / 1000 % 1000000 };

	return select(0, NULL, NULL, NULL, &tv);
}

/* Each way to wait for `ns` of this program's time: none is early. The last line: how long they took by the host's
 * clock. */
static void waits(int64_t ns)
{
	static const struct { const char *name; int (*wait)(int64_t); } ways[] = { { "nanosleep", sleeps },
		{ "clock_nanosleep", sleeps_until }, { "condition", waits_for_condition }, { "poll", polls },
			{ "select", selects } };
	int64_t host = uptime_ms();

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int64_t begin = fast(CLOCK_MONOTONIC), took;
		int result = ways[i].wait(ns);

		took = fast(CLOCK_MONOTONIC) - begin;
		if (result != 0 || took < ns)
			printf("%s: %d after %lld ns of %lld\n", ways[i].name, result, (long long)took, (long long)ns);
	}
	printf("%lld\n", (long long)(uptime_ms() - host));
}

/* A signal after 20 s ends a sleep of 1000 s: it says so, and what is left. */
static void interrupted(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { .it_value = { 20, 0 } };
	struct timespec ts = { 1000, 0 };
	int64_t begin = fast(CLOCK_MONOTONIC), all;
	int result;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	result = nanosleep(&ts, &ts) == -1 ? errno : 0;
	all = fast(CLOCK_MONOTONIC) - begin + ns_of(&ts);
	printf("%s, %s\n", result == EINTR ? "interrupted" : "slept", llabs(all - 1000000000000) < 300000000000 &&
		ts.tv_sec < 999 ?
	       "the rest is right" : "the rest is wrong");
}

static void *exec_self(void *path)
{
	execl(path, path, "whose", NULL);
	return NULL;
}

static void write_page(void)
{
	char *page = image() - VDK_PAGE_SIZE;
	FILE *mem = fopen("/proc/self/mem", "r+");
	int by_mem = -1, by_mprotect = mprotect(page, VDK_PAGE_SIZE, PROT_READ | PROT_WRITE) ? errno : 0;

	if (mem) {
		setbuf(mem, NULL);
		fseek(mem, (long)page, SEEK_SET);
		by_mem = fwrite("x", 1, 1, mem) == 1 ? 0 : errno;
		fclose(mem);
	}
	printf("mprotect %s, mem %s\n", by_mprotect ? "refused" : "allowed", by_mem ? "refused" : "allowed");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "whose";
	struct vdso v;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (vdso_read(&v, image()))
		vdso_clock_gettime = vdso_function(&v, VDSO_PREFIX "clock_gettime");
	if (!vdso_clock_gettime)
		return 99;
	if (strcmp(what, "whose") == 0) {
		puts(whose());
	} else if (strcmp(what, "watch") == 0) {
		watch(atoi(argv[2]));
	} else if (strcmp(what, "auxv") == 0) {
		puts(auxv_shown() ? "shown" : "not shown");
	} else if (strcmp(what, "trace") == 0) {
		trace();
	} else if (strcmp(what, "calls") == 0) { /* made directly: each lies between two readings of the page */
		struct timespec ts;
		struct timeval tv;
		int64_t a = fast(CLOCK_REALTIME) / 1000, b, c;

		syscall(SYS_gettimeofday, &tv, NULL);
		b = tv.tv_sec * 1000000ll + tv.tv_usec;
		syscall(SYS_clock_gettime, CLOCK_REALTIME, &ts);
		c = ns_of(&ts) / 1000;
		printf("%d", a <= b && b <= c && c <= fast(CLOCK_REALTIME) / 1000);
		a = fast(CLOCK_MONOTONIC), b = raw_call(CLOCK_MONOTONIC);
		printf("%d", a <= b && b <= fast(CLOCK_MONOTONIC));
		a = fast(CLOCK_REALTIME_COARSE), b = time(NULL);
#ifdef SYS_time
		b = syscall(SYS_time, NULL);
#endif
		printf("%d", a / 1000000000 <= b && b <= fast(CLOCK_REALTIME) / 1000000000);
		printf("%d\n", syscall(SYS_clock_gettime, CLOCK_REALTIME, (void *)8) == -1 && errno == EFAULT);
	} else if (strcmp(what, "waits") == 0) {
		waits(atoi(argv[2]) * 1000000ll);
	} else if (strcmp(what, "interrupted") == 0) {
		interrupted();
	} else if (strcmp(what, "write") == 0) {
		write_page();
	} else if (strcmp(what, "clock") == 0) { /* libc's, the vDSO's and the system call's seconds */
		struct timespec ts;
		int id = atoi(argv[2]);

		clock_gettime(id, &ts);
		printf("%lld %lld %lld\n", (long long)ns_of(&ts), (long long)fast(id), (long long)raw_call(id));
	} else if (strcmp(what, "rate") == 0) { /* how far each clock goes on, and how far the host's */
		int64_t begin[CLOCKS], host = uptime_ms(), now;

		for (unsigned int c = 0; c < CLOCKS; c++)
			begin[c] = fast(clocks[c]);
		do
			now = uptime_ms();
		while (now < host + 400);
		for (unsigned int c = 0; c < CLOCKS; c++)
			printf("%lld ", (long long)(fast(clocks[c]) - begin[c]) / 1000000);
		printf("%lld\n", (long long)(now - host));
	} else if (strcmp(what, "time") == 0) {
		struct timeval tv;

		gettimeofday(&tv, NULL);
		printf("%lld %lld\n", (long long)tv.tv_sec, (long long)time(NULL));
	} else if (strcmp(what, "exec") == 0) { /* a chain */
		char left[16];
		int n = atoi(argv[2]);

		printf("%s ", whose());
		fflush(stdout);
		snprintf(left, sizeof(left), "%d", n - 1);
		if (n)
			execl(argv[0], argv[0], "exec", left, NULL);
		puts("");
	} else if (strcmp(what, "thread-exec") == 0) { /* from a thread that is not the first */
		pthread_t thread;

		pthread_create(&thread, NULL, exec_self, argv[0]);
		pause();
	} else if (strcmp(what, "fork") == 0) {
		for (int i = 0; i < 8; i++) {
			pid_t pid = i & 1 ? fork() : vfork();

			if (pid == 0)
				execl(argv[0], argv[0], "whose", NULL);
			waitpid(pid, NULL, 0);
		}
	} else if (strcmp(what, "threads") == 0) {
		pthread_t thread[4];
		int backward = 0;

		for (int i = 0; i < 4; i++)
			pthread_create(&thread[i], NULL, spin, &backward);
		for (int i = 0; i < 4; i++)
			pthread_join(thread[i], NULL);
		printf("%s %d\n", whose(), backward);
	} else if (strcmp(what, "files") == 0) { /* open descriptors */
		for (int fd = 0; fd < 256; fd++)
			if (lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF)
				printf("%d ", fd);
		puts("");
	} else {
		return 98;
	}
	return 0;
}
