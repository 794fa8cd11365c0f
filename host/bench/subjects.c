/* SPDX-License-Identifier: MIT */
/* What is measured: vdk's image over a page of this process's own, the host's vDSO, system calls, the floor.
 *
 * Owns: the image's mapping, as a kernel maps it, and the table of series.
 * Relies on: vdso-image.h, which fits any image of this build; the vDSO reader of the tests.
 * Never: measures. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "vdso-image.h"
#include "vdso_reader.h"

#define CALIBRATION_NS 200000000
#define TICK_NS 4000000

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	(void)cs;
	return machine_counter();
}

static struct vdk_clocksource clocksource = { .name = "counter", .read = read_counter, .width = VDK_USER_WIDTH,
	.user_mode = VDK_MODE_COUNTER };

/* The counter between two readings of MONOTONIC_RAW. Of several tries the one with the least uncertainty. */
static uint64_t counter_at(int64_t *raw_ns)
{
	uint64_t best = UINT64_MAX, at = 0;

	for (int i = 0; i < 100; i++) {
		uint64_t before = machine_counter(), after;
		struct timespec ts;

		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		after = machine_counter();
		if (after - before < best) {
			best = after - before;
			at = before + best / 2;
			*raw_ns = ts.tv_sec * 1000000000 + ts.tv_nsec;
		}
	}
	return at;
}

static double measure_hz(void)
{
	struct timespec pause = { 0, CALIBRATION_NS };
	int64_t start_ns, end_ns;
	uint64_t start = counter_at(&start_ns), end;

	nanosleep(&pause, NULL);
	end = counter_at(&end_ns);
	return (double)(end - start) * 1e9 / (double)(end_ns - start_ns);
}

struct vdk_timespec host_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (struct vdk_timespec){ ts.tv_sec, ts.tv_nsec };
}

static void fill_page(struct bench *b)
{
	struct vdk_time_config config = { .wall = host_now(), .tick_ns = TICK_NS, .cpu_mode = machine_cpu_mode() };

	b->page_fd = memfd_create("vdk page", MFD_CLOEXEC);
	if (b->page_fd < 0 || ftruncate(b->page_fd, VDK_PAGE_SIZE) != 0)
		fail("memfd_create");
	b->kpage = mmap(NULL, VDK_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, b->page_fd, 0);
	if (b->kpage == MAP_FAILED)
		fail("mmap");
	clocksource.user_mode = b->counter_mode;
	clocksource.hz = (uint64_t)(b->counter_hz + 0.5);
	if (vdk_time_init(&b->tk, &clocksource, b->kpage, &config) != 0)
		fail_with("counter", "the timekeeper does not take its frequency");
}

static void map_image(struct bench *b)
{
	char *data = mmap(NULL, VDK_IMAGE_DATA_SIZE + VDK_IMAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *image = data + VDK_IMAGE_DATA_SIZE;
	int fd = open(b->image, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		fail(b->image);
	if (data == MAP_FAILED)
		fail("mmap");
	if (st.st_size > VDK_IMAGE_SIZE || read(fd, image, (size_t)st.st_size) != st.st_size)
		fail_with(b->image, "does not fit this build's vdso-image.h");
	close(fd);
	if (mprotect(image, VDK_IMAGE_SIZE, PROT_READ | PROT_EXEC) != 0 ||
	    mmap(data, VDK_PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, b->page_fd, 0) == MAP_FAILED)
		fail("mmap");
	b->vdk_page = data;
	b->vdk_image = image;
	b->vdk_image_size = (size_t)st.st_size;
}

__attribute__((noinline, aligned(64))) static long floor_call(long a, long b, long c)
{
	(void)a;
	(void)c;
	machine_floor((uint64_t *)b);
	return 0;
}

__attribute__((noinline, aligned(64))) static long floor_alt_call(long a, long b, long c)
{
	(void)a;
	(void)c;
	machine_floor_alt((uint64_t *)b);
	return 0;
}

#define SYSTEM_CALL_OF(name)                                                                   \
	__attribute__((noinline, aligned(64))) static long call_##name(long a, long b, long c) \
	{                                                                                      \
		return machine_call(SYS_##name, a, b, c);                                      \
	}
SYSTEM_CALL_OF(clock_gettime)
SYSTEM_CALL_OF(gettimeofday)
SYSTEM_CALL_OF(clock_getres)
#ifdef MACHINE_HAS_TIME
SYSTEM_CALL_OF(time)
#endif
#ifdef MACHINE_HAS_GETCPU
SYSTEM_CALL_OF(getcpu)
#endif

/* What a clock that reads no counter can't be faster than: called by its address, two stores, and 0. */
__attribute__((noinline, aligned(64))) static long floor_stores_call(long a, long b, long c)
{
	((volatile uint64_t *)b)[0] = (uint64_t)a;
	((volatile uint64_t *)b)[1] = (uint64_t)c;
	return 0;
}

static const struct function {
	const char *name, *clock;
	call_t *system_call;
	long argument[2];
	bool is_place[2];
} functions[FUNCTIONS] = {
#define CLOCK(id)                                                            \
	{                                                                    \
		"clock_gettime", #id, call_clock_gettime, { CLOCK_##id, 0 }, \
		{                                                            \
			false, true                                          \
		}                                                            \
	}
	CLOCK(REALTIME),
	CLOCK(MONOTONIC),
	CLOCK(MONOTONIC_RAW),
	CLOCK(BOOTTIME),
	CLOCK(TAI),
	CLOCK(REALTIME_COARSE),
	CLOCK(MONOTONIC_COARSE),
#undef CLOCK
	{ "gettimeofday", "", call_gettimeofday, { 0, 0 }, { true, false } },
#ifdef MACHINE_HAS_TIME
	{ "time", "", call_time, { 0, 0 }, { false, false } },
#endif
	{ "clock_getres", "", call_clock_getres, { CLOCK_MONOTONIC, 0 }, { false, true } },
#ifdef MACHINE_HAS_GETCPU
	{ "getcpu", "", call_getcpu, { 0, 8 }, { true, true } },
#endif
};

static void find_functions(struct bench *b, const struct vdso *vdk, const struct vdso *host)
{
	static const char *const subjects[] = { "vdk", "host", "system_call" };

	for (size_t f = 0; f < FUNCTIONS && functions[f].name; f++) {
		const struct function *function = &functions[f];
		char full[64];

		snprintf(full, sizeof(full), VDSO_PREFIX "%s", function->name);
		for (unsigned int subject = 0; subject < SUBJECTS; subject++) {
			struct series *s = &b->series[f * SUBJECTS + subject];

			s->function = function->name;
			s->clock = function->clock;
			s->subject = subjects[subject];
			memcpy(s->argument, function->argument, sizeof(s->argument));
			memcpy(s->is_place, function->is_place, sizeof(s->is_place));
			s->call = function->system_call;
			if (subject != SYSTEM_CALL)
				s->call = (call_t *)vdso_function(subject == VDK ? vdk : host, full);
			if (!s->call && subject == VDK)
				fail_with(full, "is not in the image");
		}
	}
	b->series[WORK] = (struct series){ .function = "work", .clock = "", .subject = "work" };
}

/* Does it end? CPUID may hide what the CPU executes, and a child is what tells. */
static bool executes(call_t *call)
{
	static struct place place;
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		call(0, (long)&place, 0);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void find_floors(struct bench *b)
{
	call_t *const call[] = { floor_call, floor_alt_call };

	for (unsigned int mode = VDK_MODE_COUNTER; mode <= VDK_MODE_COUNTER_ALT; mode++) {
		const char *name = machine_counter_name(mode);

		if (name && executes(call[mode - VDK_MODE_COUNTER]))
			b->series[mode == b->counter_mode ? FLOOR : FLOOR_OTHER] = (struct series){
				.function = "floor",
				.clock = name,
				.subject = "floor",
				.call = call[mode - VDK_MODE_COUNTER],
				.is_place = { false, true },
			};
	}
	b->series[FLOOR_STORES] = (struct series){ .function = "floor", .clock = "no-counter", .subject = "floor",
		.call = floor_stores_call, .is_place = { false, true } };
	if (!b->series[FLOOR].call)
		fail_with("--counter", "this CPU cannot read it so");
}

void subjects_init(struct bench *b)
{
	struct vdso vdk, host;

	if (!vdso_read(&host, (const void *)getauxval(AT_SYSINFO_EHDR)))
		fail_with("host", "this process has no vDSO to compare with");
	if (!b->counter_mode)
		b->counter_mode = machine_counter_mode();
	find_floors(b);
	b->counter_hz = measure_hz();
	fill_page(b);
	map_image(b);
	if (!vdso_read(&vdk, b->vdk_image))
		fail_with(b->image, "is not an image");
	find_functions(b, &vdk, &host);
}
