/* SPDX-License-Identifier: MIT */
/* Owns: the calls, and the states of the data pages, that lead to each instruction of an image.
 * Relies on: vdso-image.h of the build, the kit's counter.h of the architecture; the includer's call5(), which gives the
 * page `first_state`, calls the function, and gives the page `next_state` once that call is in an inner function.
 * Who may include: tests/image/unwind, tests/host/tools. */
#ifndef VDK_TESTS_IMAGE_UNWIND_REACH_H
#define VDK_TESTS_IMAGE_UNWIND_REACH_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "../../tap.h"
#include "../../vdso_reader.h"
#include "counter.h"
#include "syscall.h" /* what counter.h declares */
#include "page/latch.h"
#include "vdk/hypervisor.h"
#include "vdk/page.h"
#include "vdso-image.h"

static struct vdk_page *page;   /* below `image` */
static struct vdk_page *proper; /* that, or the one behind it */
static unsigned char *image;    /* all its data pages are writable */
static unsigned int first_state, next_state;

/* By offset in the image. */
static uint8_t size_at[VDK_IMAGE_SIZE]; /* 0: no instruction begins here */
static bool inner[VDK_IMAGE_SIZE];      /* in a function that is not exported */

void call5(const void *fn, long a, long b, long c, long d, long e);

static void call(const void *fn, long a, long b, long c)
{
	call5(fn, a, b, c, 0, 0);
}

/* --- Calls that lead to each instruction --- */

static void clock_gettime_calls(const void *fn)
{
	struct timespec ts;

	for (int id = -1; id <= 12; id++)
		call(fn, id, (long)&ts, 0);
}

static void clock_getres_calls(const void *fn)
{
	struct timespec ts;

	for (int id = -1; id <= 12; id++)
		call(fn, id, (long)&ts, 0);
	call(fn, CLOCK_MONOTONIC, 0, 0);
}

static void gettimeofday_calls(const void *fn)
{
	struct timeval tv;
	struct timezone tz;

	call(fn, (long)&tv, (long)&tz, 0);
	call(fn, 0, (long)&tz, 0);
	call(fn, 0, 0, 0);
}

static void time_calls(const void *fn)
{
	long t;

	call(fn, (long)&t, 0, 0);
	call(fn, 0, 0, 0);
}

static void getcpu_calls(const void *fn)
{
	unsigned int cpu, node;

	call(fn, (long)&cpu, (long)&node, 0);
	call(fn, 0, 0, 0);
}

static void flush_icache_calls(const void *fn)
{
	call(fn, (long)image, (long)image + 4, 0);
	call(fn, (long)image, (long)image + 4, 1);
}

static void riscv_hwprobe_calls(const void *fn)
{
	struct {
		int64_t key;
		uint64_t value;
	} pairs[VDK_HWPROBE_MAX + 2];
	static const size_t size = 2 * sizeof(long);
	/* of CPUs: all, another, far more, none */
	static const long sets[][2] = { { 1, 0 }, { 2, 0 }, { 1, 1 }, { 0, 0 } };

	for (unsigned int i = 0; i < VDK_HWPROBE_MAX + 2; i++)
		pairs[i].key = (int)i - 1;
	call(fn, (long)pairs, VDK_HWPROBE_MAX + 2, 0);
	call(fn, (long)pairs, 0, 0);
	call5(fn, (long)pairs, 1, 0, 0, 1);
	call5(fn, (long)pairs, 1, (long)size, 0, 0);
	call5(fn, (long)pairs, 1, (long)size - 1, (long)sets, 0);
	for (unsigned int i = 0; i < 4; i++)
		call5(fn, (long)pairs, 1, (long)size, (long)sets[i], 0);
}

static void no_calls(const void *fn)
{
	(void)fn;
}

static const struct {
	const char *name;
	void (*calls)(const void *fn);
} functions[] = {
	{ "clock_gettime", clock_gettime_calls }, { "clock_getres", clock_getres_calls },
	{ "gettimeofday", gettimeofday_calls },   { "time", time_calls },
	{ "getcpu", getcpu_calls },               { "flush_icache", flush_icache_calls },
	{ "riscv_hwprobe", riscv_hwprobe_calls },
	{ "rt_sigreturn", no_calls /* each trap returns through it */ },
};

/* As a base: the counter's last value with a lower half of 0. With a shift of 20 seconds have gone by since then. */
#define NEAR 1

/* Every state of the page proper that the read path tells apart. The counter runs from somewhere below 2^63. */
static void set_proper(unsigned int state)
{
	static const struct {
		uint64_t cycles, mult;
		uint8_t mode, shift;
		uint32_t res_ns, cpu_mode;
	} states[] = {
		{ 0, 0, VDK_MODE_SYSCALL, 0, 0, VDK_CPU_SYSCALL },
#define OF_MODE(mode, shift, cpu_mode)                                                                    \
		{ 1ull << 63, 1, mode, shift, 1, cpu_mode }, /* a counter behind the base */              \
		{ 0, 1, mode, shift, 1, cpu_mode },                                                       \
		{ 0, 0, mode, shift, 1, cpu_mode }, /* with ns of 1.5e9: one second is carried */         \
		{ 0, UINT64_MAX, mode, shift, 1, cpu_mode } /* many seconds are carried */
		OF_MODE(VDK_MODE_COUNTER, 0, VDK_CPU_RDPID),
		OF_MODE(VDK_MODE_COUNTER | VDK_MODE_SCALED, 3, VDK_CPU_LSL),
		OF_MODE(VDK_MODE_COUNTER_ALT, 0, VDK_CPU_COUNTER_ID),
		OF_MODE(VDK_MODE_COUNTER_ALT | VDK_MODE_SCALED, 1, VDK_CPU_SINGLE),
#undef OF_MODE
		{ NEAR, 1, VDK_MODE_COUNTER, 0, 1, VDK_CPU_RDPID },
		{ NEAR, 0, VDK_MODE_COUNTER, 0, 1, VDK_CPU_RDPID },
		{ NEAR, UINT64_MAX, VDK_MODE_COUNTER | VDK_MODE_SCALED, 20, 1, VDK_CPU_RDPID },
		{ NEAR, 1, VDK_MODE_COUNTER_ALT, 0, 1, VDK_CPU_RDPID },
#define HYPERVISOR_FIRST 21
#define HYPERVISOR_STATES 10
		[HYPERVISOR_FIRST ... HYPERVISOR_FIRST + HYPERVISOR_STATES - 4] = { 0, 1, VDK_MODE_PVCLOCK | VDK_MODE_SCALED, 1, 1, 0 },
		{ 0, 1, VDK_MODE_HVCLOCK | VDK_MODE_SCALED, 7, 1, 0 },
		{ 0, 1, VDK_MODE_HVCLOCK | VDK_MODE_SCALED, 7, 1, 0 },
		{ 0, 1, VDK_MODE_LAST + 1, 7, 1, 0 },
	};
	struct vdk_slot *slot = proper->slot;

	_Static_assert(sizeof(states) / sizeof(states[0]) == HYPERVISOR_FIRST + HYPERVISOR_STATES, "states by their numbers");
	slot->cycles = states[state].cycles == NEAR ? vdk_counter_read(VDK_MODE_COUNTER) >> 32 << 32 : states[state].cycles;
	slot->mult = slot->raw_mult = states[state].mult;
	slot->mode = states[state].mode;
	slot->shift = states[state].shift;
	slot->width = 64;
	slot->ns[0] = slot->ns[1] = slot->boottime_ns = slot->raw_ns = states[state].mult == 0 ? 1500000000 : 7;
	proper->res_ns = proper->coarse_res_ns = states[state].res_ns;
	proper->cpu_mode = states[state].cpu_mode;
	/* 0: every answer is the system call's. */
	proper->hwprobe_count = state < VDK_HWPROBE_MAX ? state : VDK_HWPROBE_MAX;
	proper->hwprobe_cpus = state == 2 ? 64 : 1;
}

/* The hypervisor's pages in the states from HYPERVISOR_FIRST on. */
static void set_hypervisor(unsigned int state)
{
#ifdef VDK_IMAGE_PVCLOCK_BELOW
	static const struct vdk_pvclock pvclock[HYPERVISOR_STATES] = {
		{ .version = 2, .tsc_to_system_mul = 1, .flags = VDK_PVCLOCK_TSC_STABLE },
		{ .version = 1 }, /* for ever */
		{ .version = 2 }, /* not stable */
		{ .version = 2, .tsc_shift = 32, .flags = VDK_PVCLOCK_TSC_STABLE },
		{ .version = 2, .tsc_shift = -32, .flags = VDK_PVCLOCK_TSC_STABLE },
		{ .version = 2, .tsc_shift = -1, .flags = VDK_PVCLOCK_TSC_STABLE },
		{ .version = 2, .tsc_shift = 1, .tsc_timestamp = 1ull << 63, .flags = VDK_PVCLOCK_TSC_STABLE },
	};
	struct vdk_hvclock *hvclock = (struct vdk_hvclock *)(image - VDK_IMAGE_HVCLOCK_BELOW);
	unsigned int n = state < HYPERVISOR_FIRST ? 0 : state - HYPERVISOR_FIRST;

	*(struct vdk_pvclock *)(image - VDK_IMAGE_PVCLOCK_BELOW) = pvclock[n];
	hvclock->sequence = state % 2 ? hvclock->sequence | 1 : 0; /* still what publish() made it */
	hvclock->scale = 1;
#else
	(void)state;
#endif
}

/* The states of the page proper, then those in a time namespace whose offsets are near and far, either way. */
#define OUTSIDE (HYPERVISOR_FIRST + HYPERVISOR_STATES)
#define STATES (2 * OUTSIDE)
static void set_page(unsigned int state)
{
	static const int64_t offsets[] = { -8, 999999999, 5000000000 };
	bool in_namespace = state >= OUTSIDE;

	page->in_namespace = in_namespace;
	proper = in_namespace ? (struct vdk_page *)(image - VDK_IMAGE_PROPER_BELOW) : page;
	set_hypervisor(state % OUTSIDE);
	set_proper(state % OUTSIDE);
	if (in_namespace) {
		memset(page->slot, 0, sizeof(page->slot));
		page->res_ns = page->coarse_res_ns = page->cpu_mode = page->hwprobe_count = 0;
		page->offset_ns[0] = page->offset_ns[1] = offsets[state % 3];
	}
}

/* An update of the hypervisor's pages is completed. */
static inline void publish_hypervisor(void)
{
#ifdef VDK_IMAGE_PVCLOCK_BELOW
	((struct vdk_pvclock *)(image - VDK_IMAGE_PVCLOCK_BELOW))->version += 2;
	((struct vdk_hvclock *)(image - VDK_IMAGE_HVCLOCK_BELOW))->sequence += 2;
#endif
}

/* An update of each page is completed. */
static inline void publish(void)
{
	proper->slot[0].seq += 2 * VDK_LATCH_STEP;
	publish_hypervisor();
}

static void call_all(const struct vdso *v, unsigned int first, unsigned int next)
{
	first_state = first;
	next_state = next;
	for (uint32_t i = 1; i < v->hash[1]; i++) {
		const char *name = v->strings + v->symbols[i].st_name;
		const size_t skip = strlen(VDSO_PREFIX);
		size_t f = 0;

		if (strncmp(name, VDSO_PREFIX, skip) != 0)
			continue; /* an alias, or the version's own symbol */
		while (f < sizeof(functions) / sizeof(functions[0]) && strcmp(functions[f].name, name + skip) != 0)
			f++;
		if (f == sizeof(functions) / sizeof(functions[0]))
			bail("%s: this test does not know how to call it", name);
		functions[f].calls(v->bias + v->symbols[i].st_value);
	}
}

/* Instruction sizes from the addresses in `path`, where a function of .symtab covers them. */
static unsigned int read_instructions(const char *path)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
	const Elf64_Shdr *s = (const Elf64_Shdr *)(image + header->e_shoff);
	static bool code[VDK_IMAGE_SIZE];
	unsigned long at, last = 0;
	unsigned int count = 0;
	FILE *file = path ? fopen(path, "r") : NULL;

	if (!file)
		bail("%s: %s", path ? path : "no file", strerror(errno));
	for (unsigned int i = 0; i < header->e_shnum; i++) {
		const Elf64_Sym *symbols = (const Elf64_Sym *)(image + s[i].sh_offset);

		for (size_t k = 0; s[i].sh_type == SHT_SYMTAB && k < s[i].sh_size / sizeof(*symbols); k++) {
			if (ELF64_ST_TYPE(symbols[k].st_info) != STT_FUNC)
				continue;
			memset(code + symbols[k].st_value, 1, symbols[k].st_size);
			memset(inner + symbols[k].st_value, ELF64_ST_BIND(symbols[k].st_info) == STB_LOCAL,
			       symbols[k].st_size);
		}
	}
	while (fscanf(file, "%lx", &at) == 1) {
		if (at >= VDK_IMAGE_SIZE || at <= last)
			bail("%s: 0x%lx after 0x%lx", path, at, last);
		if (code[last])
			size_at[last] = (uint8_t)(at - last);
		last = at;
		count += code[at];
	}
	if (code[last])
		size_at[last] = 1;
	fclose(file);
	return count;
}

#endif
