/* SPDX-License-Identifier: MIT */
/* fork, execve, wait and pipes, as far as a shell needs them.
 *
 * Owns: the claims about processes. Relies on: guest.h. Signals are signals.c's.
 * Run with an argument, the program is its own child: see `parts`. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "guest.h"

extern char **environ;

static const char *self;

/* --- fork and exit ------------------------------------------------------------------------------------------------ */

static int shared = 1;

static int change_memory(void)
{
	shared = 2;
	return shared;
}

static int exit_with_parent(void)
{
	return getppid() > 0 && getppid() != getpid() ? 0 : 1;
}

static int exit_with_256_plus_7(void)
{
	_exit(256 + 7);
}

static int killed(void)
{
	raise(SIGKILL);
	return 0;
}

static int aborted(void)
{
	abort();
}

static void children_end(void)
{
	struct rlimit no_core = { 0, 0 };
	int status;

	setrlimit(RLIMIT_CORE, &no_core);
	status = in_child(change_memory);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 2 && shared == 1, "a child's memory is its own");
	is_int(in_child(exit_with_parent), 0, "a child has a parent that is not itself");
	is_int(in_child(exit_with_256_plus_7), 7 << 8, "an exit status has 8 bits");
	is_int(in_child(killed), SIGKILL, "the wait status of a killed child is the signal");
	is_int(in_child(aborted) & 0x7f, SIGABRT, "the wait status of an aborted child is SIGABRT");
}

static int sleep_50_ms(void)
{
	usleep(50000);
	return 5;
}

static int wait_forever(void)
{
	pause();
	return 0;
}

static void waiting_works(void)
{
	pid_t first, second, got;
	int status = 0;

	ok(waitpid(-1, &status, 0) == -1 && errno == ECHILD, "waitpid without a child is ECHILD");
	first = start(sleep_50_ms);
	is_int(waitpid(first, &status, WNOHANG), 0, "waitpid with WNOHANG is 0 while the child runs");
	is_int(waitpid(first, &status, 0), first, "waitpid waits for the child");
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 5, "waitpid gives the exit status");
	ok(waitpid(first, &status, 0) == -1 && errno == ECHILD, "a child is waited for once");
	ok(kill(first, 0) == -1 && errno == ESRCH, "a child that was waited for is gone");

	first = start(wait_forever);
	second = start(sleep_50_ms);
	is_int(waitpid(-1, NULL, 0), second, "waitpid(-1) is the child that ended, not the first");
	is_int(kill(first, SIGTERM), 0, "kill reaches another process");
	got = wait4(first, &status, 0, NULL);
	ok(got == first && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM,
	   "the wait status of a terminated child is SIGTERM");

	first = start(wait_forever);
	kill(first, SIGSTOP);
	ok(waitpid(first, &status, WUNTRACED) == first && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP,
	   "a stopped child is reported with WUNTRACED");
	kill(first, SIGCONT);
	ok(waitpid(first, &status, WCONTINUED) == first && WIFCONTINUED(status),
	   "a continued child is reported with WCONTINUED");
	kill(first, SIGKILL);
	is_int(waitpid(first, &status, 0), first, "SIGKILL ends a child that was stopped");
}

static void zombies_stay_until_waited_for(void)
{
	pid_t pid = start(exit_with_parent);
	siginfo_t info = { 0 };

	ok(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == pid && info.si_code == CLD_EXITED,
	   "waitid with WNOWAIT sees the dead child");
	is_int(kill(pid, 0), 0, "a zombie still has its number");
	is_int(waitpid(pid, NULL, 0), pid, "a zombie is waited for after waitid with WNOWAIT");
}

static int ends[2];

/* The grandchild tells its parent's number after that parent has ended. */
static int leave_an_orphan(void)
{
	pid_t middle = getpid();

	if (fork() == 0) {
		pid_t parent;

		for (int i = 0; i < 500 && getppid() == middle; i++)
			usleep(2000);
		parent = getppid();
		(void)!write(ends[1], &parent, sizeof(parent));
	}
	return 0;
}

static void orphans_get_another_parent(void)
{
	pid_t parent = -1, middle;

	if (pipe(ends) != 0)
		bail("pipe: %s", strerror(errno));
	middle = start(leave_an_orphan);
	waitpid(middle, NULL, 0);
	ok(read(ends[0], &parent, sizeof(parent)) == sizeof(parent) && parent > 0 && parent != middle,
	   "an orphan gets another parent");
	close(ends[0]);
	close(ends[1]);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static int child_of_many(void)
{
	return getpid() & 0x7f;
}

static void many_children_come_and_go(void)
{
	unsigned int wrong = 0;

	for (int round = 0; round < 20; round++) {
		pid_t pid[10];
		int status;

		for (size_t i = 0; i < LENGTH(pid); i++)
			pid[i] = start(child_of_many);
		for (size_t i = 0; i < LENGTH(pid); i++)
			wrong += waitpid(pid[i], &status, 0) != pid[i] || status != (pid[i] & 0x7f) << 8;
	}
	is_int(wrong, 0, "200 children, 10 at a time, each end with their own status");
}

/* --- pipes -------------------------------------------------------------------------------------------------------- */

static int write_a_lot(void)
{
	static char block[5000];

	for (int i = 0; i < 100; i++) {
		memset(block, 'a' + i % 26, sizeof(block));
		if (write(ends[1], block, sizeof(block)) != sizeof(block))
			return 1;
	}
	return 0;
}

static int write_without_reader(void)
{
	close(ends[0]);
	(void)!write(ends[1], "x", 1);
	return 0;
}

static void pipes_work(void)
{
	static char buffer[8192];
	size_t total = 0, wrong = 0;
	ssize_t n;
	pid_t pid;
	int status;

	if (pipe(ends) != 0)
		bail("pipe: %s", strerror(errno));
	pid = start(write_a_lot);
	close(ends[1]);
	while ((n = read(ends[0], buffer, sizeof(buffer))) > 0)
		for (ssize_t i = 0; i < n; i++, total++)
			wrong += buffer[i] != (char)('a' + total / 5000 % 26);
	is_int((long long)total, 500000, "a pipe carries more than it holds");
	is_int((long long)wrong, 0, "a pipe keeps the order");
	is_int(n, 0, "a pipe without writers is at its end");
	waitpid(pid, &status, 0);
	is_int(status, 0, "a writer that must wait for its reader succeeds");
	close(ends[0]);

	if (pipe2(ends, O_NONBLOCK) != 0)
		bail("pipe2: %s", strerror(errno));
	ok(read(ends[0], buffer, 1) == -1 && errno == EAGAIN, "an empty pipe with O_NONBLOCK is EAGAIN");
	is_int(write(ends[1], "x", 1), 1, "a byte goes into a pipe");
	is_int(read(ends[0], buffer, 100), 1, "a read of a pipe takes what is there");
	while (write(ends[1], buffer, 4096) == 4096)
		total++;
	ok(errno == EAGAIN, "a full pipe with O_NONBLOCK is EAGAIN");
	status = in_child(write_without_reader);
	is_int(status, 0, "a child that closes its reading end does not close its parent's");
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	ok(write(ends[1], "x", 1) == -1 && errno == EPIPE,
	   "a write to a pipe without readers is EPIPE where SIGPIPE is ignored");
	signal(SIGPIPE, SIG_DFL);
	is_int(in_child(write_without_reader), SIGPIPE,
	       "a write to a pipe without readers is SIGPIPE where that is not ignored");
	close(ends[1]);
}

/* --- execve ------------------------------------------------------------------------------------------------------- */

/* What the program does when it runs again: each part ends with 0 if it found what it should. */
static int part_arguments(char **argv)
{
	return strcmp(argv[2], "two words") != 0 || strcmp(argv[3], "") != 0 || argv[4] != NULL;
}

static int part_environment(char **argv)
{
	(void)argv;
	return !getenv("ONE") || strcmp(getenv("ONE"), "1") != 0 || !getenv("EMPTY") || *getenv("EMPTY") ||
	       environ[2] != NULL;
}

static int part_no_environment(char **argv)
{
	(void)argv;
	return environ[0] != NULL;
}

static int part_closed(char **argv)
{
	return fcntl(atoi(argv[2]), F_GETFD) != -1 || errno != EBADF || fcntl(atoi(argv[3]), F_GETFD) != 0;
}

static int part_no_files(char **argv)
{
	(void)argv;
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			return 1;
	return open("/", O_RDONLY) != 0;
}

static void handler(int signo)
{
	(void)signo;
}

static int part_signals(char **argv)
{
	struct sigaction one, two;
	sigset_t mask;

	(void)argv;
	sigaction(SIGUSR1, NULL, &one);
	sigaction(SIGUSR2, NULL, &two);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	return one.sa_handler != SIG_DFL || two.sa_handler != SIG_IGN || sigismember(&mask, SIGHUP) != 1 ||
	       sigismember(&mask, SIGUSR1) != 0;
}

static int part_pid(char **argv)
{
	return atoi(argv[2]) != getpid() || atoi(argv[3]) != getppid();
}

static int part_long(char **argv)
{
	return strlen(argv[2]) != 100000 || strspn(argv[2], "x") != 100000;
}

static const struct {
	const char *name;
	int (*run)(char **argv);
} parts[] = {
	{ "arguments", part_arguments },
	{ "environment", part_environment },
	{ "no-environment", part_no_environment },
	{ "closed", part_closed },
	{ "no-files", part_no_files },
	{ "signals", part_signals },
	{ "pid", part_pid },
	{ "long", part_long },
};

static int run_part(char **argv)
{
	for (size_t i = 0; i < LENGTH(parts); i++)
		if (strcmp(argv[1], parts[i].name) == 0)
			return parts[i].run(argv);
	return 100;
}

/* The wait status of this program run anew in a child, prepared by `prepare`. */
static int again(char *const argv[], char *const envp[], void (*prepare)(void))
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		if (prepare)
			prepare();
		execve(self, argv, envp);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void close_files(void)
{
	for (int fd = 0; fd < 3; fd++)
		close(fd);
}

static void set_signals(void)
{
	sigset_t mask;

	signal(SIGUSR1, handler);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

#define AGAIN(envp, prepare, ...) again((char *const[]){ (char *)self, __VA_ARGS__, NULL }, envp, prepare)

static void programs_start_as_told(void)
{
	static char xs[100001];
	char *const two[] = { "ONE=1", "EMPTY=", NULL }, *const none[] = { NULL };
	char fd[2][16], pid[2][16];
	int files[2];

	is_int(AGAIN(environ, NULL, "arguments", "two words", ""), 0, "execve passes arguments, also empty ones");
	is_int(AGAIN(two, NULL, "environment"), 0, "execve passes the environment");
	is_int(AGAIN(none, NULL, "no-environment"), 0, "execve passes no environment");
	memset(xs, 'x', sizeof(xs) - 1);
	is_int(AGAIN(environ, NULL, "long", xs), 0, "execve passes an argument of 100,000 bytes");
	if (pipe(files) != 0 || fcntl(files[0], F_SETFD, FD_CLOEXEC) != 0)
		bail("pipe or fcntl: %s", strerror(errno));
	for (int i = 0; i < 2; i++)
		snprintf(fd[i], sizeof(fd[i]), "%d", files[i]);
	is_int(AGAIN(environ, NULL, "closed", fd[0], fd[1]), 0, "execve closes files with FD_CLOEXEC, and no other");
	is_int(AGAIN(environ, close_files, "no-files"), 0, "a program can start without open files");
	is_int(AGAIN(environ, set_signals, "signals"), 0,
	       "execve keeps ignored signals and the mask, and resets handlers");
	snprintf(pid[1], sizeof(pid[1]), "%d", getpid());
	if (fork() == 0) {
		snprintf(pid[0], sizeof(pid[0]), "%d", getpid());
		execl(self, self, "pid", pid[0], pid[1], NULL);
		_exit(99);
	}
	waitpid(-1, &files[0], 0);
	is_int(files[0], 0, "execve keeps process and parent");
}

static int exec_missing(void)
{
	execl("/does/not/exist", "x", NULL);
	return errno == ENOENT ? 0 : 1;
}

static int exec_directory(void)
{
	execl("/", "x", NULL);
	return errno == EACCES ? 0 : 1;
}

static void failed_execs_return(void)
{
	is_int(in_child(exec_missing), 0, "execve of a missing file is ENOENT, and the process goes on");
	is_int(in_child(exec_directory), 0, "execve of a directory is EACCES, and the process goes on");
}

static void vfork_waits_for_exec(void)
{
	volatile int in_parent = 0;
	int status = -1;
	pid_t pid = vfork();

	if (pid == 0) {
		in_parent = 1; /* memory is the parent's */
		execl(self, self, "long", "x", NULL);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	ok(in_parent == 1 && WIFEXITED(status) && WEXITSTATUS(status) == 1,
	   "vfork lends the parent's memory until execve");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return run_part(argv);
	self = (const char *)getauxval(AT_EXECFN);
	children_end();
	waiting_works();
	zombies_stay_until_waited_for();
	orphans_get_another_parent();
	many_children_come_and_go();
	pipes_work();
	programs_start_as_told();
	failed_execs_return();
	vfork_waits_for_exec();
	return done();
}
