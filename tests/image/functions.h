/* SPDX-License-Identifier: MIT */
/* Owns: the image's functions, callable in this process, and a filter that shows which system calls they make.
 * Relies on: map.h; a host of the image's architecture; seccomp for the filter.
 * Who may include: tests/image, with _GNU_SOURCE. */
#ifndef VDK_TESTS_IMAGE_FUNCTIONS_H
#define VDK_TESTS_IMAGE_FUNCTIONS_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "map.h"

#if VDK_IMAGE_MACHINE == EM_AARCH64
#define OFFSET(name) VDK_SYM___kernel_##name
#else
#define OFFSET(name) VDK_SYM___vdso_##name
#endif

#define FILTERED 77 /* an errno that no clock call gives */

/* This program's own ELF header, from the linker. */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

static int (*vdso_clock_gettime)(clockid_t id, struct timespec *ts);
static int (*vdso_clock_getres)(clockid_t id, struct timespec *res);
static int (*vdso_gettimeofday)(struct timeval *tv, struct timezone *tz);
static int (*vdso_getcpu)(unsigned int *cpu, unsigned int *node, void *unused);
static time_t (*vdso_time)(time_t *t); /* null where the architecture has none, like getcpu */

/* Map the image and find its functions; skips the whole test where it is for another machine. The image's address. */
static inline const unsigned char *map_functions(void)
{
	const unsigned char *image;
	uintptr_t base;

	if (__ehdr_start.e_machine != VDK_IMAGE_MACHINE)
		skip_all("the image is for another machine than this program");
	image = map_image();
	base = (uintptr_t)image;
	vdso_clock_gettime = (int (*)(clockid_t, struct timespec *))(base + OFFSET(clock_gettime));
	vdso_clock_getres = (int (*)(clockid_t, struct timespec *))(base + OFFSET(clock_getres));
	vdso_gettimeofday = (int (*)(struct timeval *, struct timezone *))(base + OFFSET(gettimeofday));
#ifdef VDK_SYM___vdso_getcpu
	vdso_getcpu = (int (*)(unsigned int *, unsigned int *, void *))(base + OFFSET(getcpu));
#endif
#ifdef SYS_time
	vdso_time = (time_t(*)(time_t *))(base + OFFSET(time));
#endif
	return image;
}

/* From here on, each system call that the image may make returns FILTERED. */
static inline bool filter_calls(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef SYS_time
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_time, 5, 0),
#endif
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_getres, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_gettimeofday, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getcpu, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | FILTERED),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#endif
