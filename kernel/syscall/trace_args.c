/* SPDX-License-Identifier: MIT */
/* How a trace shows the arguments of each call.
 * Owns: the table of calls. Relies on: uaccess.
 * Never: shows more than SHOWN bytes of a buffer. */
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "abi/sched.h"
#include "abi/signal.h"
#include "core/string.h"
#include "mm/uaccess.h"
#include "syscall/internal.h"
#include "syscall/syscall.h"
#include "syscall/trace.h"
#include "vdk/clock.h"

#define SHOWN 32
#define PATH_SHOWN 96
#define ARGS_SHOWN 8

/* f descriptor  s path  w buffer that goes in, its length next  r buffer that comes out, its length is the result
 * d int  u size  l long  o octal  x hex  p pointer  O open flags  N the same without access mode  P protection
 * M mmap flags  S signal  C clock  t timespec in  T timespec out  A strings  W wait status out  F futex operation
 * K clone flags  H how of sigprocmask  m signal mask in  q two ints out  n mode of a file if one may be created */
static const struct {
	const char *name, *kinds;
} calls[] = {
	{ "accept", "fpp" }, { "access", "so" }, { "adjtimex", "p" }, { "alarm", "d" }, { "arch_prctl", "xx" },
	{ "brk", "p=x" }, { "capget", "pp" }, { "capset", "pp" }, { "chdir", "s" }, { "chmod", "so" },
	{ "chown", "sdd" }, { "chroot", "s" }, { "clock_adjtime", "Cp" }, { "clock_getres", "CT" },
	{ "clock_gettime", "CT" }, { "clock_nanosleep", "Cxtp" }, { "clock_settime", "Ct" }, { "clone", "Kpppp" },
	{ "clone3", "pu" }, { "close", "f" }, { "close_range", "uux" }, { "creat", "so" }, { "dup", "f" },
	{ "dup2", "ff" }, { "dup3", "ffN" }, { "epoll_create", "d" }, { "epoll_create1", "N" },
	{ "epoll_ctl", "fdfp" }, { "epoll_pwait", "fpddpu" }, { "epoll_pwait2", "fpdtpu" }, { "epoll_wait", "fpdd" },
	{ "eventfd", "u" }, { "eventfd2", "uN" }, { "execve", "sAp" }, { "execveat", "fsApx" }, { "exit", "d" },
	{ "exit_group", "d" }, { "faccessat", "fso" }, { "faccessat2", "fsox" }, { "fadvise64", "flld" },
	{ "fallocate", "fxll" }, { "fchdir", "f" }, { "fchmod", "fo" }, { "fchmodat", "fso" }, { "fchown", "fdd" },
	{ "fchownat", "fsddx" }, { "fcntl", "fdx" }, { "fdatasync", "f" }, { "flock", "fd" }, { "fork", "" },
	{ "fstat", "fp" }, { "fstatfs", "fp" }, { "fsync", "f" }, { "ftruncate", "fl" }, { "futex", "pFutpu" },
	{ "futimesat", "fsp" }, { "get_robust_list", "dpp" }, { "getcpu", "qqp" }, { "getcwd", "rd" },
	{ "getdents", "fpu" }, { "getdents64", "fpu" }, { "getegid", "" }, { "geteuid", "" }, { "getgid", "" },
	{ "getgroups", "dp" }, { "getitimer", "dp" }, { "getpgid", "d" }, { "getpgrp", "" }, { "getpid", "" },
	{ "getppid", "" }, { "getpriority", "dd" }, { "getrandom", "pux" }, { "getresgid", "ppp" },
	{ "getresuid", "ppp" }, { "getrlimit", "dp" }, { "getrusage", "dp" }, { "getsid", "d" }, { "gettid", "" },
	{ "gettimeofday", "pp" }, { "getuid", "" }, { "ioctl", "fxp" }, { "kill", "dS" }, { "link", "ss" },
	{ "linkat", "fsfsx" }, { "lseek", "fld" }, { "lstat", "sp" }, { "madvise", "pud" }, { "membarrier", "dxd" },
	{ "memfd_create", "sx" }, { "mincore", "pup" }, { "mkdir", "so" }, { "mkdirat", "fso" }, { "mknod", "sox" },
	{ "mknodat", "fsox" }, { "mmap", "puPMfx=x" }, { "mount", "sssxp" }, { "mprotect", "puP" },
	{ "mremap", "puuxp=x" }, { "msync", "pux" }, { "munmap", "pu" }, { "nanosleep", "tp" },
	{ "newfstatat", "fspx" }, { "open", "sOn" }, { "openat", "fsOn" }, { "pause", "" }, { "personality", "x" },
	{ "pipe", "q" }, { "pipe2", "qN" }, { "poll", "pud" }, { "ppoll", "putpu" }, { "prctl", "dxxxx" },
	{ "pread64", "frul" }, { "preadv", "fpul" }, { "prlimit64", "ddpp" }, { "pselect6", "dppptp" },
	{ "pwrite64", "fwul" }, { "pwritev", "fpul" }, { "read", "fru" }, { "readlink", "sru" },
	{ "readlinkat", "fsru" }, { "readv", "fpu" }, { "reboot", "xxxp" }, { "rename", "ss" },
	{ "renameat", "fsfs" }, { "renameat2", "fsfsx" }, { "restart_syscall", "" }, { "rmdir", "s" },
	{ "rseq", "puxx" }, { "rt_sigaction", "Sppu" }, { "rt_sigpending", "pu" }, { "rt_sigprocmask", "Hmpu" },
	{ "rt_sigqueueinfo", "dSp" }, { "rt_sigreturn", "" }, { "rt_sigsuspend", "mu" },
	{ "rt_sigtimedwait", "mptu" }, { "rt_tgsigqueueinfo", "ddSp" }, { "sched_getaffinity", "dup" },
	{ "sched_getparam", "dp" }, { "sched_getscheduler", "d" }, { "sched_setaffinity", "dup" },
	{ "sched_setscheduler", "ddp" }, { "sched_yield", "" }, { "select", "dpppp" }, { "sendfile", "ffpu" },
	{ "set_robust_list", "pu" }, { "set_tid_address", "p" }, { "setgid", "d" }, { "setgroups", "dp" },
	{ "setitimer", "dpp" }, { "setpgid", "dd" }, { "setpriority", "ddd" }, { "setregid", "dd" },
	{ "setresgid", "ddd" }, { "setresuid", "ddd" }, { "setreuid", "dd" }, { "setrlimit", "dp" },
	{ "setsid", "" }, { "settimeofday", "pp" }, { "setuid", "d" }, { "sigaltstack", "pp" }, { "socket", "ddd" },
	{ "stat", "sp" }, { "statfs", "sp" }, { "statx", "fsxxp" }, { "symlink", "ss" }, { "symlinkat", "sfs" },
	{ "sync", "" }, { "sysinfo", "p" }, { "tgkill", "ddS" }, { "time", "p" }, { "timer_create", "Cpq" },
	{ "timer_delete", "d" }, { "timer_getoverrun", "d" }, { "timer_gettime", "dp" }, { "timer_settime", "dxpp" },
	{ "timerfd_create", "CN" }, { "timerfd_gettime", "fp" }, { "timerfd_settime", "fxpp" }, { "times", "p" },
	{ "tkill", "dS" }, { "truncate", "sl" }, { "umask", "o" }, { "umount2", "sx" }, { "uname", "p" },
	{ "unlink", "s" }, { "unlinkat", "fsx" }, { "utime", "sp" }, { "utimensat", "fspx" }, { "utimes", "sp" },
	{ "vfork", "" }, { "wait4", "dWxp" }, { "waitid", "ddpxp" }, { "write", "fwu" }, { "writev", "fpu" },
};

const char *trace_kinds(uint64_t nr)
{
	static const char *known[SYSCALL_COUNT]; /* filled as calls are met */
	const char *name = syscall_name(nr);

	if (!name)
		return "xxxxxx";
	for (size_t i = 0; !known[nr] && i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].name, name))
			known[nr] = calls[i].kinds;
	if (!known[nr])
		known[nr] = "xxxxxx";
	return known[nr];
}

bool trace_kind_is_out(char kind)
{
	return strchr("rTWq", kind);
}

struct bit {
	uint64_t bit;
	const char *name;
};

#define BIT(name) { name, #name }

static void show_bits(struct trace_text *out, uint64_t value, const struct bit *bits, size_t n, const char *none)
{
	const char *between = none ? "" : "|";

	for (size_t i = 0; i < n; i++) {
		if (!bits[i].bit || (value & bits[i].bit) != bits[i].bit)
			continue;
		trace_text(out, "%s%s", between, bits[i].name);
		between = "|";
		value &= ~bits[i].bit;
	}
	if (value)
		trace_text(out, "%s0x%lx", between, value);
	else if (none && !*between)
		trace_text(out, "%s", none);
}

#define SHOW_BITS(out, value, bits, none) show_bits(out, value, bits, ARRAY_SIZE(bits), none)

/* With an access mode for open() and its like, without one for others that take some of the flags. */
static void show_open_flags(struct trace_text *out, uint64_t flags, bool with_access)
{
	static const char *const access[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };
	static const struct bit bits[] = {
		BIT(O_CREAT), BIT(O_EXCL), BIT(O_NOCTTY), BIT(O_TRUNC), BIT(O_APPEND), BIT(O_NONBLOCK),
		BIT(O_DIRECTORY), BIT(O_NOFOLLOW), BIT(O_CLOEXEC), BIT(O_PATH), BIT(O_LARGEFILE),
	};

	if (with_access)
		trace_text(out, "%s", access[flags & 3]);
	SHOW_BITS(out, (uint32_t)flags & (with_access ? ~3u : ~0u), bits, with_access ? NULL : "0");
}

static void show_protection(struct trace_text *out, uint64_t prot)
{
	static const struct bit bits[] = { { 1, "PROT_READ" }, { 2, "PROT_WRITE" }, { 4, "PROT_EXEC" } };

	SHOW_BITS(out, prot, bits, "PROT_NONE");
}

static void show_map_flags(struct trace_text *out, uint64_t flags)
{
	static const struct bit bits[] = { BIT(MAP_SHARED), BIT(MAP_PRIVATE), BIT(MAP_FIXED), BIT(MAP_ANONYMOUS),
					   BIT(MAP_NORESERVE), BIT(MAP_STACK), BIT(MAP_POPULATE) };

	SHOW_BITS(out, flags, bits, "0");
}

static void show_clone_flags(struct trace_text *out, uint64_t flags)
{
	static const struct bit bits[] = {
		BIT(CLONE_VM), BIT(CLONE_FS), BIT(CLONE_FILES), BIT(CLONE_SIGHAND), BIT(CLONE_VFORK), BIT(CLONE_PARENT),
		BIT(CLONE_THREAD), BIT(CLONE_SYSVSEM), BIT(CLONE_SETTLS), BIT(CLONE_PARENT_SETTID),
		BIT(CLONE_CHILD_CLEARTID), BIT(CLONE_DETACHED), BIT(CLONE_CHILD_SETTID),
	};
	char name[16];

	SHOW_BITS(out, flags & ~0xffUL, bits, "0");
	if (flags & 0xff)
		trace_text(out, "|%s", signal_name((int)(flags & 0xff), name));
}

static void show_futex_op(struct trace_text *out, uint64_t op)
{
	static const char *const names[] = {
		"WAIT", "WAKE", "FD", "REQUEUE", "CMP_REQUEUE", "WAKE_OP", "LOCK_PI", "UNLOCK_PI", "TRYLOCK_PI",
		"WAIT_BITSET", "WAKE_BITSET", "WAIT_REQUEUE_PI", "CMP_REQUEUE_PI", "LOCK_PI2",
	};

	if ((op & 127) >= ARRAY_SIZE(names))
		trace_text(out, "0x%lx", op);
	else
		trace_text(out, "FUTEX_%s%s%s", names[op & 127], op & 128 ? "|FUTEX_PRIVATE_FLAG" : "",
			   op & 256 ? "|FUTEX_CLOCK_REALTIME" : "");
}

static void show_clock(struct trace_text *out, int id)
{
	static const char *const names[] = {
		"REALTIME", "MONOTONIC", "PROCESS_CPUTIME_ID", "THREAD_CPUTIME_ID", "MONOTONIC_RAW", "REALTIME_COARSE",
		"MONOTONIC_COARSE", "BOOTTIME", "REALTIME_ALARM", "BOOTTIME_ALARM", "SGI_CYCLE", "TAI",
	};

	if (id >= 0 && (size_t)id < ARRAY_SIZE(names))
		trace_text(out, "CLOCK_%s", names[id]);
	else
		trace_text(out, "%d", id);
}

static void show_octal(struct trace_text *out, uint32_t v)
{
	int shift = 0;

	while (v >> shift > 7)
		shift += 3;
	trace_text(out, v ? "0" : "");
	for (; shift >= 0; shift -= 3)
		trace_text(out, "%u", v >> shift & 7);
}

static void show_pointer(struct trace_text *out, uaddr_t p)
{
	if (p)
		trace_text(out, "0x%lx", p);
	else
		trace_text(out, "NULL");
}

static void show_bytes(struct trace_text *out, const char *s, size_t n, bool more)
{
	trace_text(out, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\n')
			trace_text(out, "\\n");
		else if (c == '\t')
			trace_text(out, "\\t");
		else if (c == '"' || c == '\\')
			trace_text(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			trace_text(out, "\\x%02x", c);
		else
			trace_text(out, "%c", c);
	}
	trace_text(out, more ? "\"..." : "\"");
}

static void show_buffer(struct trace_text *out, uaddr_t from, uint64_t n)
{
	char bytes[SHOWN];
	size_t shown = MIN(n, sizeof(bytes));

	if (!from || copy_from_user(bytes, from, shown))
		show_pointer(out, from);
	else
		show_bytes(out, bytes, shown, n > shown);
}

static void show_string(struct trace_text *out, uaddr_t from)
{
	char s[PATH_SHOWN];
	long n = from ? strncpy_from_user(s, from, sizeof(s)) : -1;

	if (n >= 0)
		show_bytes(out, s, (size_t)n, false);
	else if (from && !copy_from_user(s, from, sizeof(s)))
		show_bytes(out, s, sizeof(s), true);
	else
		show_pointer(out, from);
}

static void show_strings(struct trace_text *out, uaddr_t from)
{
	uint64_t at;

	if (!from || copy_from_user(&at, from, sizeof(at))) {
		show_pointer(out, from);
		return;
	}
	trace_text(out, "[");
	for (int i = 0; at && i < ARGS_SHOWN; i++) {
		trace_text(out, i ? ", " : "");
		show_string(out, at);
		from += sizeof(at);
		if (copy_from_user(&at, from, sizeof(at)))
			break;
	}
	trace_text(out, at ? ", ...]" : "]");
}

static void show_timespec(struct trace_text *out, uaddr_t from)
{
	struct vdk_timespec ts;

	if (!from || copy_from_user(&ts, from, sizeof(ts)))
		show_pointer(out, from);
	else
		trace_text(out, "{tv_sec=%ld, tv_nsec=%ld}", ts.tv_sec, ts.tv_nsec);
}

static void show_mask(struct trace_text *out, uaddr_t from)
{
	uint64_t mask;
	char name[16];
	const char *between = "";

	if (!from || copy_from_user(&mask, from, sizeof(mask))) {
		show_pointer(out, from);
		return;
	}
	if (__builtin_popcountll(mask) > NSIG / 2) {
		trace_text(out, "~");
		mask = ~mask;
	}
	trace_text(out, "[");
	for (; mask; mask &= mask - 1) {
		trace_text(out, "%s%s", between, signal_name(__builtin_ctzl(mask) + 1, name) + 3);
		between = " ";
	}
	trace_text(out, "]");
}

static void show_words(struct trace_text *out, uaddr_t from, size_t n)
{
	int32_t v[2];

	if (!from || copy_from_user(v, from, n * sizeof(*v)))
		show_pointer(out, from);
	else if (n == 1)
		trace_text(out, "[%d]", v[0]);
	else
		trace_text(out, "[%d, %d]", v[0], v[1]);
}

void trace_arg(struct trace_text *out, char kind, const uint64_t arg[6], size_t i, long result)
{
	static const char *const how[] = { "SIG_BLOCK", "SIG_UNBLOCK", "SIG_SETMASK" };
	uint64_t v = arg[i];
	char name[16];

	if (trace_kind_is_out(kind) && result < 0) {
		show_pointer(out, v);
		return;
	}
	switch (kind) {
	case 'f': (int)v == AT_FDCWD ? trace_text(out, "AT_FDCWD") : trace_text(out, "%d", (int)v); break;
	case 's': show_string(out, v); break;
	case 'w': show_buffer(out, v, arg[i + 1]); break;
	case 'r': show_buffer(out, v, (uint64_t)result); break;
	case 'd': trace_text(out, "%d", (int)v); break;
	case 'u': trace_text(out, "%lu", v); break;
	case 'l': trace_text(out, "%ld", (long)v); break;
	case 'n': arg[i - 1] & O_CREAT ? show_octal(out, (uint32_t)v) : (void)0; break;
	case 'o': show_octal(out, (uint32_t)v); break;
	case 'p': show_pointer(out, v); break;
	case 'O': show_open_flags(out, v, true); break;
	case 'N': show_open_flags(out, v, false); break;
	case 'P': show_protection(out, v); break;
	case 'M': show_map_flags(out, (uint32_t)v); break;
	case 'K': show_clone_flags(out, v); break;
	case 'F': show_futex_op(out, v); break;
	case 'S': trace_text(out, "%s", signal_name((int)v, name)); break;
	case 'C': show_clock(out, (int)v); break;
	case 't':
	case 'T': show_timespec(out, v); break;
	case 'A': show_strings(out, v); break;
	case 'm': show_mask(out, v); break;
	case 'W': show_words(out, v, 1); break;
	case 'q': show_words(out, v, 2); break;
	case 'H': v < ARRAY_SIZE(how) ? trace_text(out, "%s", how[v]) : trace_text(out, "%d", (int)v); break;
	default: trace_text(out, "0x%lx", v);
	}
}
