/* SPDX-License-Identifier: MIT */
/* Owns: what a hostile child does: the table of calls, signals, threads, processes, files.
 * Relies on: arguments.h.
 * Who may include: tests/guest/fuzz.c. */
#ifndef VDK_TESTS_GUEST_FUZZ_CHILD_H
#define VDK_TESTS_GUEST_FUZZ_CHILD_H

#include "arguments.h"

struct call {
	long nr;
	const char *arguments;
};

/* What all of them know how to pass; the others get integers and pointers. */
static const struct call calls[] = {
	{ SYS_mmap, "alrmfo" }, { SYS_mmap, "alrmfo" }, { SYS_mmap, "alrmfo" }, { SYS_munmap, "al" }, { SYS_mprotect, "alr" },
	{ SYS_mprotect, "alr" }, { SYS_mremap, "allna" }, { SYS_mremap, "allna" }, { SYS_madvise, "aln" }, { SYS_madvise, "aln" },
	{ SYS_msync, "aln" }, { SYS_mincore, "alp" }, { SYS_mlock, "al" }, { SYS_munlock, "al" }, { SYS_brk, "a" },
	{ SYS_process_vm_readv, "Pvnvnn" }, { SYS_process_vm_writev, "Pvnvnn" }, { SYS_membarrier, "bn" },
	{ SYS_read, "fpl" }, { SYS_write, "fpl" }, { SYS_pread64, "fplo" }, { SYS_pwrite64, "fplo" }, { SYS_readv, "fvn" },
	{ SYS_writev, "fvn" }, { SYS_preadv2, "fvnoib" }, { SYS_pwritev2, "fvnoib" }, { SYS_lseek, "fon" },
	{ SYS_sendfile, "fftl" }, { SYS_copy_file_range, "ftftlN" }, { SYS_fallocate, "fbol" }, { SYS_ftruncate, "fo" },
	{ SYS_truncate, "so" }, { SYS_fsync, "f" }, { SYS_close, "f" }, { SYS_close_range, "ffn" }, { SYS_dup, "f" },
	{ SYS_dup3, "ffb" }, { SYS_fcntl, "fni" }, { SYS_fcntl, "fit" }, { SYS_flock, "fn" }, { SYS_ioctl, "fip" },
	{ SYS_openat, "fsbi" }, { SYS_openat, "fsbi" }, { SYS_openat, "fsbi" }, { SYS_unlinkat, "fsb" }, { SYS_mkdirat, "fsi" },
	{ SYS_mknodat, "fsii" }, { SYS_linkat, "fsfsb" }, { SYS_symlinkat, "sfs" }, { SYS_renameat2, "fsfsn" },
	{ SYS_readlinkat, "fspl" }, { SYS_fchmodat, "fsi" }, { SYS_fchownat, "fsiib" }, { SYS_utimensat, "fstb" },
	{ SYS_faccessat, "fsn" }, { SYS_newfstatat, "fspb" }, { SYS_statx, "fsbbp" }, { SYS_statfs, "sp" }, { SYS_fstatfs, "fp" },
	{ SYS_getdents64, "fpl" }, { SYS_getcwd, "pl" }, { SYS_fchdir, "f" }, { SYS_memfd_create, "pb" }, { SYS_pipe2, "pb" },
	{ SYS_eventfd2, "ib" }, { SYS_epoll_create1, "b" }, { SYS_epoll_ctl, "fnft" }, { SYS_epoll_ctl, "fnft" },
	{ SYS_epoll_pwait, "ftnnt6" }, { SYS_ppoll, "tntt6" }, { SYS_pselect6, "ntttt" }, { SYS_timerfd_create, "nb" },
	{ SYS_timerfd_settime, "fbtp" }, { SYS_timerfd_gettime, "fp" }, { SYS_futex, "pntipi" }, { SYS_futex, "pbttpi" },
	{ SYS_futex, "pnntpn" }, { SYS_set_robust_list, "pi" }, { SYS_get_robust_list, "Ppp" }, { SYS_set_tid_address, "p" },
	{ SYS_rt_sigaction, "Spp6" }, { SYS_rt_sigaction, "Stp6" }, { SYS_rt_sigprocmask, "npp6" }, { SYS_rt_sigpending, "p6" },
	{ SYS_rt_sigtimedwait, "ppt6" }, { SYS_rt_sigsuspend, "p6" }, { SYS_rt_sigqueueinfo, "PSp" },
	{ SYS_rt_tgsigqueueinfo, "PPSp" }, { SYS_sigaltstack, "tp" }, { SYS_sigaltstack, "pp" }, { SYS_kill, "PS" },
	{ SYS_tkill, "PS" }, { SYS_tgkill, "PPS" }, { SYS_timer_create, "npp" }, { SYS_timer_create, "nNp" },
	{ SYS_timer_settime, "nntp" }, { SYS_timer_gettime, "np" }, { SYS_timer_delete, "n" }, { SYS_setitimer, "ntp" },
	{ SYS_nanosleep, "tp" }, { SYS_clock_nanosleep, "nntp" }, { SYS_clock_gettime, "np" }, { SYS_clock_gettime, "ip" },
	{ SYS_clock_getres, "np" }, { SYS_clock_settime, "nt" }, { SYS_settimeofday, "tp" }, { SYS_gettimeofday, "pp" },
	{ SYS_clock_adjtime, "np" }, { SYS_execve, "spp" }, { SYS_execve, "sNN" }, { SYS_execveat, "fsppb" },
	{ SYS_wait4, "Pppp" }, { SYS_wait4, "inp" }, { SYS_waitid, "nPpnp" }, { SYS_prctl, "niiii" }, { SYS_prctl, "bppii" },
	{ SYS_prlimit64, "Pntp" }, { SYS_getrusage, "np" }, { SYS_sched_setaffinity, "Plp" }, { SYS_sched_getaffinity, "Plp" },
	{ SYS_sched_setscheduler, "Pnt" }, { SYS_sched_setparam, "Pp" }, { SYS_setpriority, "nPi" }, { SYS_setpgid, "PP" },
	{ SYS_getgroups, "ip" }, { SYS_setgroups, "ip" }, { SYS_setresuid, "iii" }, { SYS_setfsuid, "i" }, { SYS_capget, "tp" },
	{ SYS_capset, "tt" }, { SYS_getrandom, "plb" }, { SYS_uname, "p" }, { SYS_sysinfo, "p" }, { SYS_syslog, "npl" },
	{ SYS_sethostname, "pl" }, { SYS_chdir, "s" }, { SYS_mount, "sssbp" }, { SYS_umount2, "sb" },
#ifdef SYS_arch_prctl
	{ SYS_arch_prctl, "ip" },
#endif
};

/* Calls that end, by right, what is not the child's: not made at all, or only with a process of its own. */
static bool forbidden(long nr, long a[6])
{
	long pids;

	switch ((int)nr) {
	case SYS_reboot:
	case SYS_chroot:
		return true;
	case SYS_umount2: /* of the child's own only */
	case SYS_mount:
		a[nr == SYS_mount] = (long)PLACE "/d";
		return false;
	case SYS_tgkill:
	case SYS_rt_tgsigqueueinfo:
	case SYS_setpgid:
		pids = 2;
		break;
	case SYS_kill:
	case SYS_tkill:
	case SYS_rt_sigqueueinfo:
	case SYS_prlimit64:
	case SYS_process_vm_writev:
	case SYS_sched_setscheduler:
	case SYS_sched_setparam:
	case SYS_sched_setaffinity:
		pids = 1;
		break;
	case SYS_setpriority:
		a[0] = 0;
		if ((int)a[1] < getpid())
			a[1] = 0;
		return false;
	default:
		return false;
	}
	for (long i = 0; i < pids; i++)
		if ((int)a[i] >= -parent && (int)a[i] <= parent && a[i] != 0)
			a[i] = getpid();
	return false;
}

/* The frame that the handler returns through, damaged. */
static void handler(int signo, siginfo_t *info, void *context)
{
	uint64_t *frame = context;

	(void)signo;
	(void)info;
	if (below(2))
		return;
	for (uint64_t n = 1 + below(3); n > 0; n--)
		frame[below(below(3) ? 40 : 240)] = below(2) ? (uint64_t)integer() : (uint64_t)address();
}

static void nothing(int signo)
{
	(void)signo;
}

static void fault(int signo)
{
	(void)signo;
	if (++faults > FAULTS)
		_exit(0);
	siglongjmp(back_to_work, 1);
}

/* By default most signals end a program: more is learned from one that goes on. */
static void survive_signals(void)
{
	static const int faulting[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS };
	struct sigaction action = { .sa_handler = nothing };
	stack_t stack = { .ss_sp = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			  .ss_size = 8 * PAGE };

	sigaltstack(&stack, NULL);
	for (int signo = 1; signo < 65; signo++)
		sigaction(signo, &action, NULL);
	action.sa_handler = fault;
	action.sa_flags = SA_ONSTACK | SA_NODEFER;
	for (size_t i = 0; i < LENGTH(faulting); i++)
		sigaction(faulting[i], &action, NULL);
}

static void raise_signal(void)
{
	static const int flags[] = { 0, SA_NODEFER, SA_RESTART, SA_ONSTACK, SA_RESETHAND };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | ONE_OF(flags) };
	stack_t stack = { .ss_sp = scratch, .ss_size = below(3) ? SCRATCH : (size_t)integer() };

	if (below(2)) {
		stack.ss_sp = (void *)page_address();
		syscall(SYS_sigaltstack, &stack, NULL);
	}
	sigaction(SIGUSR1, &action, NULL);
	syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR1);
}

static void new_process(void)
{
	static const long shapes[] = {
		SIGCHLD, SIGCHLD, CLONE_VM | SIGCHLD, CLONE_VM | CLONE_VFORK | SIGCHLD, CLONE_FILES | CLONE_FS | SIGCHLD,
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
		CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | CLONE_PARENT_SETTID,
	};
	long flags, result;

	if (clones >= CLONES || generation >= GENERATIONS)
		return;
	clones++;
	flags = below(4) ? ONE_OF(shapes) : bits();
	if (!below(3))
		flags ^= bits();
	if (below(4))
		flags &= ~(CLONE_PARENT | CLONE_SETTLS);
	/* With shared memory and the same stack both go on, and tread on each other: hostile, as it should be. */
	result = below(4) ? syscall(SYS_clone, flags, below(3) ? 0 : address(), address(), address(), address()) :
			    syscall(SYS_clone3, small_struct(), below(4) ? 88 : integer());
	if (result == 0) {
		generation++;
		clones = 0;
		state += (uint64_t)generation;
	}
}

static void work(void);

static void *thread(void *unused)
{
	stack_t stack = { .ss_sp = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			  .ss_size = 8 * PAGE };

	sigaltstack(&stack, NULL);
	work();
	return unused;
}

static void new_thread(void)
{
	pthread_t id;
	pthread_attr_t small;

	if (clones++ >= CLONES)
		return;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16 * PAGE);
	pthread_create(&id, &small, thread, NULL);
}

/* A file of /proc, say: open, read in pieces of any size, write, map, close. */
static void use_file(void)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path(), below(4) ? O_RDONLY : O_RDWR);

	for (uint64_t n = below(4); n > 0; n--)
		syscall(SYS_read, fd, address(), below(2) ? below(100) : (uint64_t)length());
	if (below(4) == 0)
		syscall(SYS_write, fd, address(), below(64));
	if (below(4) == 0)
		syscall(SYS_mmap, page_address(), length(), below(8), 1 + below(2), fd, argument('o'));
	if (below(4) == 0)
		syscall(SYS_lseek, fd, integer(), below(5));
	if (below(4) == 0)
		syscall(SYS_getdents64, fd, address(), length());
	syscall(SYS_close, fd);
}

/* What leads the kernel from one object to the next: its stack has an end. */
static void chain(void)
{
	struct epoll_event event = { .events = below(2) ? EPOLLIN : EPOLLIN | EPOLLET };
	int first = (int)syscall(SYS_epoll_create1, 0), last = first, next;
	char name[16] = "a", before[16];

	for (int i = 0; i < 100; i++) {
		next = (int)syscall(SYS_epoll_create1, 0);
		if (syscall(SYS_epoll_ctl, last, EPOLL_CTL_ADD, next, &event) != 0 && i < 5)
			break;
		last = next;
	}
	syscall(SYS_epoll_ctl, last, EPOLL_CTL_ADD, made[4], &event);
	syscall(SYS_write, made[4], scratch, 8);
	syscall(SYS_epoll_pwait, first, scratch, 4, 0, NULL, 8);
	syscall(SYS_close_range, last < 32 ? 32 : last, 255, 0);
	for (int i = 0; i < 50; i++) {
		memcpy(before, name, sizeof(name));
		snprintf(name, sizeof(name), "s%d", i);
		syscall(SYS_symlinkat, before, AT_FDCWD, name);
	}
	syscall(SYS_openat, AT_FDCWD, name, O_RDONLY);
	/* Always from there: remove_tree() has to name it all. */
	syscall(SYS_chdir, PLACE);
	for (int i = 0; i < 50 && syscall(SYS_mkdirat, AT_FDCWD, "deep", 0777) == 0; i++)
		if (syscall(SYS_chdir, "deep") != 0)
			break;
	syscall(SYS_getcwd, scratch, SCRATCH);
	if (below(2))
		syscall(SYS_chdir, PLACE);
}

static void make_files(void)
{
	int ends[2];

	made[0] = open("a", O_RDWR | O_CREAT, 0666);
	made[1] = open("d", O_RDONLY | O_DIRECTORY);
	made[2] = (int)syscall(SYS_memfd_create, "m", 2);
	made[3] = (int)syscall(SYS_epoll_create1, 0);
	made[4] = (int)syscall(SYS_eventfd2, 1, O_NONBLOCK);
	made[5] = (int)syscall(SYS_timerfd_create, CLOCK_MONOTONIC, O_NONBLOCK);
	if (pipe2(ends, below(2) ? O_NONBLOCK : 0) == 0)
		made[6] = ends[0], made[7] = ends[1];
}

static bool is_fork(long nr)
{
#ifdef SYS_fork
	if (nr == SYS_fork || nr == SYS_vfork)
		return true;
#endif
	return nr == SYS_clone || nr == SYS_clone3;
}

static void one_call(void)
{
	long a[6] = { 0 }, nr;

	switch (below(40)) {
	case 0:
		new_process();
		return;
	case 1:
		raise_signal();
		return;
	case 2:
		fill_scratch();
		return;
	case 3:
		/* The frame is whatever the stack has. */
		if (!below(4))
			syscall(SYS_rt_sigreturn);
		return;
	case 4:
		use_file();
		return;
	case 5:
		if (below(2))
			new_thread();
		else if (!below(8))
			chain();
		return;
	case 6:
	case 7:
		nr = below(8) ? (long)below(470) : integer();
		for (int i = 0; i < 6; i++)
			a[i] = below(2) ? integer() : address();
		if (is_fork(nr)) {
			new_process();
			return;
		}
		break;
	default: {
		const struct call *call = &ONE_OF(calls);

		nr = call->nr;
		for (int i = 0; call->arguments[i]; i++)
			a[i] = argument(call->arguments[i]);
	}
	}
	if (!forbidden(nr, a))
		syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void limit(int resource, rlim_t value)
{
	struct rlimit r = { value, value };

	setrlimit(resource, &r);
}

static void work(void)
{
	sigsetjmp(back_to_work, 1);
	while (calls_left-- > 0)
		one_call();
}

_Noreturn static void hostile(uint64_t seed)
{
	const struct itimerval often = { { 0, 20000 }, { 0, 20000 } };

	state = seed;
	setsid();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	open("/dev/null", O_RDWR);
	dup(0);
	dup(0);
	limit(RLIMIT_CORE, MARK);
	limit(RLIMIT_AS, CHILD_MEMORY);
	limit(RLIMIT_FSIZE, CHILD_FILE);
	limit(RLIMIT_NPROC, 64);
	limit(RLIMIT_NOFILE, 256);
	if (!as_root && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
		_exit(1);
	scratch = mmap(NULL, SCRATCH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	edge = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shared = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (scratch == MAP_FAILED || edge == MAP_FAILED || shared == MAP_FAILED)
		_exit(1);
	munmap(edge + PAGE, PAGE);
	readonly = edge + 2 * PAGE;
	mprotect(readonly, PAGE, PROT_READ);
	noaccess = edge + 3 * PAGE;
	mprotect(noaccess, PAGE, PROT_NONE);
	fill_scratch();
	make_files();
	survive_signals();
	setitimer(ITIMER_REAL, &often, NULL);
	calls_left = CALLS;
	work();
	_exit(0);
}

#endif
