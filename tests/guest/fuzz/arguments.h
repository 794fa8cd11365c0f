/* SPDX-License-Identifier: MIT */
/* Owns: hostile arguments: numbers, addresses, structures, paths, processes; and the state that a child draws them from.
 * Relies on: guest.h.
 * Who may include: tests/guest/fuzz.c. */
#ifndef VDK_TESTS_GUEST_FUZZ_ARGUMENTS_H
#define VDK_TESTS_GUEST_FUZZ_ARGUMENTS_H

#include "../guest.h"

#define CALLS 300              /* of each child */
#define FAULTS 40              /* that a child survives */
#define CLONES 3               /* of each process */
#define GENERATIONS 3
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
		return (long)((uintptr_t)&local + 8 * below(1024) - 2048);
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

#endif
