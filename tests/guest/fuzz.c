/* SPDX-License-Identifier: MIT */
/* Hostile programs: random system calls with hostile arguments. They may die of it; the kernel, its clocks and its memory
 * may not.
 *
 * usage: fuzz [SEED [ROUNDS [root]]], also VDK_SEED and VDK_ROUNDS. The children are nobody's, or root's.
 *
 * Owns: the table of calls and what is passed to them. Relies on: guest.h, /proc; the same seed makes the same calls,
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

#include "guest.h"

#define PAGE 4096ul
#define ROUNDS 25
#define TOGETHER 3             /* children per round */
#define CALLS 300              /* of each child */
#define FAULTS 40              /* that a child survives */
#define CLONES 3               /* of each process */
#define GENERATIONS 3
#define ROUND_MS 150           /* then its children are killed */
#define BUDGET_MS 6000         /* of all rounds, if nobody says how many */
#define END_MS 10000           /* for killed processes to be gone: a hang detector */
#define LEAK_KIB 512           /* what the heap's partly used pages may differ by */
#define CHILD_MEMORY (48ul << 20)
#define CHILD_FILE (1ul << 20)
#define MARK 0x5eed            /* RLIMIT_CORE of a child: this program, if a child executes it, does nothing */
#define PLACE "/tmp/fuzz"
#define NOBODY 65534

static uint64_t state;
static bool as_root;
static pid_t parent;
static int generation, clones, faults, calls_left, made[8];
static __thread sigjmp_buf back_to_work;
static char *scratch, *edge, *readonly, *noaccess, *shared;
#define SCRATCH (16 * PAGE)

static uint64_t rnd(void)
{
	/* splitmix64 */
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t below(uint64_t n)
{
	return rnd() % n;
}

#define ONE_OF(array) ((array)[below(LENGTH(array))])

static long integer(void)
{
	static const long values[] = {
		0, 0, 0, 1, 1, 2, 3, 4, 5, 7, 8, 16, 17, 24, 31, 32, 63, 64, 65, 127, 128, 255, 256, 511, 512, 1023, 1024, 1025,
		4095, 4096, 4097, 8192, 65535, 65536, 1 << 20, 1 << 21, 1 << 24, INT_MAX, INT_MAX - 1, INT_MIN, UINT_MAX,
		1l << 32, (1l << 32) + 1, 1l << 40, 1l << 46, 1l << 47, 1l << 62, LONG_MAX, LONG_MAX - 4095, LONG_MIN,
		LONG_MIN + 4096, -1, -2, -9, -100, -4095, -4096, -4097, 999999999, 1000000000, 1000000, 0xaaaaaaaa,
	};

	switch (below(6)) {
	case 0:
		return (long)below(16);
	case 1:
		return 1l << below(64);
	case 2:
		return (long)(below(64) * PAGE);
	case 3:
		return (long)(rnd() >> below(64));
	default:
		return ONE_OF(values);
	}
}

static long address(void)
{
	static const long bad[] = {
		0, 1, 8, 0xfff, 0x1000, 0x10000, 0x7fffffffe000, 0x7ffffffff000, 0x7fffffffffff, 0x7ffffffffff8, 0x800000000000,
		0x7fffffffffff000, (long)0x8000000000000000, (long)0xffff7ffffffffff8, (long)0xffff800000000000,
		(long)0xffff888000001000, (long)0xffffc00000000000, (long)0xffffffff80000000, (long)0xffffffff80100008, -4096,
		-4095, -8, -1,
	};
	long local;

	switch (below(16)) {
	case 0:
	case 1:
		return ONE_OF(bad);
	case 2:
		return (long)(edge + PAGE - below(64));
	case 3:
		return (long)(readonly + below(PAGE));
	case 4:
		return (long)(noaccess + below(PAGE) / 8 * 8);
	case 5:
		return (long)(&local + (long)below(1024) - 256);
	case 6:
		return (long)(getauxval(AT_SYSINFO_EHDR) - 6 * PAGE + below(10 * PAGE) / 8 * 8);
	case 7:
		return (long)((uintptr_t)&address + below(PAGE));
	case 8:
		return (long)(shared + below(4 * PAGE) / 4 * 4);
	default:
		return (long)(scratch + below(SCRATCH) / 8 * 8);
	}
}

/* A page that something is, or could be, mapped at. */
static long page_address(void)
{
	long local;

	switch (below(12)) {
	case 0:
	case 1:
		/* Its own stack or text: seldom, as most often it is the end. */
		if (!below(8))
			return ((long)&local & -(long)PAGE) + ((long)below(8) - 4) * (long)PAGE;
		if (!below(8))
			return ((long)&integer & -(long)PAGE) + ((long)below(16) - 8) * (long)PAGE;
		/* fallthrough */
	case 2:
		return (long)(getauxval(AT_SYSINFO_EHDR) + (below(12) - 7) * PAGE);
	case 3:
		return address() & -(long)PAGE;
	case 4:
		return address();
	case 5:
		return 0;
	case 6:
		return (long)(below(1 << 15) * PAGE);
	default:
		return (long)(scratch + below(64) * PAGE) - (long)(24 * PAGE);
	}
}

static long length(void)
{
	return below(3) ? (long)(below(16) * PAGE + (below(4) ? 0 : below(PAGE))) : integer();
}

static long file(void)
{
	return below(8) ? below(4) ? made[below(LENGTH(made))] : (long)below(24) : integer();
}

static long bits(void)
{
	long value = 0;

	for (uint64_t n = below(5); n > 0; n--)
		value |= 1l << below(below(2) ? 12 : 32);
	return value;
}

static long path(void)
{
	static const char *const paths[] = {
		"a", "b", "c", "d", "d/a", "d/b", "e", "e/f", "fifo", "link", "./a", "d/../a", "", ".", "a/", "a/b", "//proc//self/",
		PLACE "/a", PLACE "/d", "/proc", "/proc/self/maps", "/proc/self/mem", "/proc/self/fd", "/proc/self/fd/3",
		"/proc/self/fd/5", "/proc/self/exe", "/proc/self/status", "/proc/self/stat", "/proc/self/cmdline", "/proc/self/environ",
		"/proc/self/auxv", "/proc/self/syscalls", "/proc/self/task", "/proc/self/oom_score_adj", "/proc/self/comm",
		"/proc/self/limits", "/proc/self/cwd", "/proc/thread-self/maps", "/proc/meminfo", "/proc/stat", "/proc/mounts",
		"/proc/sys/kernel/hostname", "/proc/sys/kernel/pid_max", "/proc/1/maps", "/proc/1/mem", "/proc/uptime",
		"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/ptmx", "/dev/tty", "/dev/fd/4", "/bin/busybox",
		"/bin/true", "/sys", "/nothing", "/nothing/at/all",
	};
	static char long_path[5000];

	if (!below(40)) {
		memset(long_path, below(2) ? 'x' : '/', sizeof(long_path) - 1);
		long_path[below(sizeof(long_path))] = '\0';
		return (long)long_path;
	}
	return below(12) ? (long)paths[below(below(2) ? 15 : LENGTH(paths))] : address();
}

/* Never one that was there before. */
static long process(void)
{
	switch (below(6)) {
	case 0:
		return getpid() + (long)below(4);
	case 1:
		return -getpid();
	case 2:
		return INT_MAX - (long)below(3);
	case 3:
		return INT_MIN + (long)below(3);
	case 4:
		return 0;
	default:
		return getpid();
	}
}

static void fill_scratch(void)
{
	uint64_t *words = (uint64_t *)scratch;

	for (size_t i = below(64); i < SCRATCH / 8; i += 1 + below(64))
		words[i] = (uint64_t)(below(3) ? integer() : below(2) ? address() : file());
}

/* Something that a time, an iovec, a set or a mask could be. */
static long small_struct(void)
{
	uint64_t *words = (uint64_t *)(scratch + below(SCRATCH - 256) / 8 * 8);

	for (size_t i = 0; i < 12; i++)
		words[i] = i % 2 ? below(4) ? below(3000000) : (uint64_t)integer() : below(4) ? 0 : (uint64_t)integer();
	return (long)words;
}

static long vector(void)
{
	uint64_t *words = (uint64_t *)(scratch + below(SCRATCH - 256) / 8 * 8);

	for (size_t i = 0; i < 8; i++)
		words[2 * i] = (uint64_t)address(), words[2 * i + 1] = below(4) ? below(3 * PAGE) : (uint64_t)integer();
	return (long)words;
}

/* One argument: p pointer, t small structure, v vector, a page, l length, o offset, f file, s path, i integer, n small
 * number, b bits, S signal, P process, r protection, m flags of mmap, 6 a sigset's size, N null. */
static long argument(char kind)
{
	switch (below(24) ? kind : below(2) ? 'i' : 'p') {
	case 'p':
		return address();
	case 't':
		return below(6) ? small_struct() : address();
	case 'v':
		return below(6) ? vector() : address();
	case 'a':
		return page_address();
	case 'l':
		return length();
	case 'o':
		return below(2) ? (long)(below(16) * PAGE) : integer();
	case 'f':
		return file();
	case 's':
		return path();
	case 'n':
		return (long)below(below(4) ? 8 : 64);
	case 'b':
		return below(6) ? bits() : integer();
	case 'S':
		return below(8) ? (long)below(66) : integer();
	case 'P':
		return process();
	case 'r':
		return (long)below(8);
	case 'm':
		return (long)(below(3) + 1 - below(2)) | (below(3) ? MAP_ANONYMOUS : 0) | (below(3) ? 0 : MAP_FIXED) |
		       (below(8) ? 0 : bits());
	case '6':
		return below(8) ? 8 : integer();
	case 'N':
		return 0;
	default:
		return integer();
	}
}

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
	syscall(SYS_epoll_wait, first, scratch, 4, 0);
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
		if (nr == SYS_clone || nr == SYS_clone3 || nr == SYS_fork || nr == SYS_vfork) {
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
