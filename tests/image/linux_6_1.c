/* SPDX-License-Identifier: MIT */
/* An image for layout linux-6.1 reads the page that vdk writes: vdk's own, or with a file's name as argument a stock one.
 * Owns: the comparison of such an image with Linux's formula for the same page. Relies on: the counter of this machine; seccomp, where
 * system calls are counted. Never: asks the host for the time. What only vdk's image promises is not asked of another. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include "functions.h"

#include "linux_6_1.h"
#include "vdk/linux_6_1.h"
#include "vdso_reader.h"

#define ROUNDS (VDK_IMAGE_MACHINE == EM_X86_64 ? 20000 : 2000) /* the others are emulated */
#define START_SEC 3 /* of MONOTONIC and RAW */
#define FAR_NS 20000 /* beyond any error of a page whose ticks are some milliseconds late, well below a tick */

static const int ids[] = { VDK_CLOCK_REALTIME, VDK_CLOCK_MONOTONIC, VDK_CLOCK_MONOTONIC_RAW, VDK_CLOCK_REALTIME_COARSE,
	VDK_CLOCK_MONOTONIC_COARSE, VDK_CLOCK_BOOTTIME, VDK_CLOCK_TAI };
#define IDS (sizeof(ids) / sizeof(ids[0]))
/* A slow counter, one of a cycle per nanosecond, a fast one. */
static const uint64_t frequencies[] = { 62500000, 1000000000, 3000000000 };

static bool ours = true;
static struct vdk_page page __attribute__((aligned(VDK_PAGE_SIZE)));
static struct vdk_linux_6_1_data *data, *proper;
static struct vdk_linux_6_1 writer;
static struct vdk_timekeeper tk;
static bool stop;

/* The counter between two moments of a test: an unpatched stock image on x86_64 reads it out of order. */
static uint64_t read_now(void)
{
	uint64_t value = vdk_counter_read(VDK_MODE_COUNTER);

#if VDK_IMAGE_MACHINE == EM_X86_64
	__asm__ volatile("lfence" ::: "memory");
#endif
	return value;
}

static uint64_t read_counter(const struct vdk_clocksource *source)
{
	(void)source;
	return vdk_counter_read(VDK_MODE_COUNTER);
}

static struct vdk_clocksource cs = { .name = "counter", .read = read_counter, .width = VDK_USER_WIDTH, .user_mode = VDK_MODE_COUNTER };

static unsigned char *map_file(const char *path)
{
	const size_t below = MAP_LARGE;
	unsigned char *area = mmap(NULL, below + 2 * MAP_LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *image;
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file || area == MAP_FAILED)
		bail("%s: %s", path, strerror(errno));
	image = area + below + (-(uintptr_t)area & (MAP_LARGE - 1));
	size = fread(image, 1, MAP_LARGE, file);
	if (size < sizeof(Elf64_Ehdr) || fgetc(file) != EOF)
		bail("%s: does not fit a large page", path);
	fclose(file);
	if (((Elf64_Ehdr *)image)->e_machine != __ehdr_start.e_machine)
		bail("%s: is for another machine", path);
	if (mprotect(image, MAP_LARGE, PROT_READ | PROT_EXEC) != 0)
		bail("mprotect: %s", strerror(errno));
	data = (struct vdk_linux_6_1_data *)(void *)(image - VDK_LINUX_6_1_BELOW);
	proper = (struct vdk_linux_6_1_data *)(void *)(image - VDK_LINUX_6_1_PROPER);
	return image;
}

static void *function(const struct vdso *image, const char *name, bool needed)
{
	void *found = vdso_function(image, name);

	if (!found && needed)
		bail("the image has no %s", name);
	return found;
}

static void open_image_file(const char *path)
{
	struct vdso image;

	if (!vdso_read(&image, map_file(path)))
		bail("%s: is no vDSO", path);
	vdso_clock_gettime = (int (*)(clockid_t, struct timespec *))function(&image, VDSO_PREFIX "clock_gettime", true);
	vdso_clock_getres = (int (*)(clockid_t, struct timespec *))function(&image, VDSO_PREFIX "clock_getres", true);
	vdso_gettimeofday = (int (*)(struct timeval *, struct timezone *))function(&image, VDSO_PREFIX "gettimeofday", true);
	vdso_getcpu = (int (*)(unsigned int *, unsigned int *, void *))function(&image, VDSO_PREFIX "getcpu", false);
	vdso_time = (time_t(*)(time_t *))function(&image, VDSO_PREFIX "time", false);
}

static bool is_coarse(int id)
{
	return id == VDK_CLOCK_REALTIME_COARSE || id == VDK_CLOCK_MONOTONIC_COARSE;
}

/* Linux's formula, but for its 64 bits. */
static int64_t formula(const struct vdk_linux_6_1_data *d, int id)
{
	const struct vdk_linux_6_1_entry *e = &d->clock[id == VDK_CLOCK_MONOTONIC_RAW];
	const struct vdk_linux_6_1_base *base = &e->base[id];
	uint64_t counter = read_now(), cycles = counter > e->cycle_last ? counter - e->cycle_last : 0;

	if (is_coarse(id))
		return (int64_t)(base->sec * VDK_NS_PER_SEC + base->nsec);
	return (int64_t)(base->sec * VDK_NS_PER_SEC + (uint64_t)(((unsigned __int128)cycles * e->mult + base->nsec) >> e->shift));
}

static int64_t image_ns(int id)
{
	struct timespec ts = { -1, -1 };

	if (vdso_clock_gettime(id, &ts) != 0 || ts.tv_nsec < 0 || ts.tv_nsec >= (long)VDK_NS_PER_SEC)
		return -1;
	return ts.tv_sec * (int64_t)VDK_NS_PER_SEC + ts.tv_nsec;
}

static void start(uint64_t hz)
{
	/* With a namespace's offset no clock is below 0, which Linux's arithmetic is not made for. */
	struct vdk_time_config config = { .wall = { 1700000000, 999999990 }, .monotonic = { START_SEC, 0 }, .raw = { START_SEC, 0 },
		.boottime = { 5, 7 }, .tai_offset_sec = 37, .tick_ns = 4000000 };

	cs.hz = hz;
	if (vdk_time_init(&tk, &cs, &page, &config) != 0)
		bail("the timekeeper does not start");
	memset(data, 0, sizeof(*data));
	vdk_linux_6_1_start(&writer, &tk, data);
}

/* How many readings of the image do not lie between two by the formula, each plus `offset` of its clock. */
static int outside(const struct vdk_linux_6_1_data *d, int id, int64_t offset, int rounds)
{
	int count = 0;

	for (int i = 0; i < rounds; i++) {
		int64_t before = formula(d, id), now = image_ns(id);

		count += now < before + offset || now > formula(d, id) + offset;
		if (i % 64 == 0)
			vdk_time_tick(&tk);
	}
	return count;
}

static void test_formula(uint64_t hz)
{
	start(hz);
	vdk_time_set_freq(&tk, 500ll * 65536);
	for (size_t c = 0; c < IDS; c++)
		is_int(outside(data, ids[c], 0, ROUNDS), 0, "clock_%d_is_what_the_page_says_at_%llu_hz", ids[c], (unsigned long long)hz);
}

static void *tick(void *unused)
{
	(void)unused;
	for (unsigned int n = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); n++) {
		vdk_time_tick(&tk);
		for (unsigned int pause = n % 4000; pause; pause--)
			__asm__ volatile("");
	}
	return NULL;
}

static int64_t kernel_ns(int id)
{
	struct vdk_timespec ts = { 0, 0 };

	if (!vdk_time_now(&tk, id, &ts))
		bail("clock %d: the timekeeper does not serve it", id);
	return ts.tv_sec * (int64_t)VDK_NS_PER_SEC + ts.tv_nsec;
}

/* Did the image leave this reading to the system call, which a filter refuses, or which told the host's time? */
static bool is_call(bool filtered, int64_t before, int64_t now)
{
	return filtered ? now < 0 : now < before - 1000000000 || now > before + 1000000000;
}

/* With updates at every moment no clock steps back, and each stays at the timekeeper's. While the writer's thread does not run, in an
 * update, our image makes the system call, and a stock one waits. */
static void test_updates(uint64_t hz, bool filtered)
{
	pthread_t ticker;

	start(hz);
	stop = false;
	if (pthread_create(&ticker, NULL, tick, NULL) != 0)
		bail("no thread");
	for (size_t c = 0; c < IDS; c++) {
		int64_t last = 0;
		int back = 0, far = 0, called = 0, served = 0;

		while (served < ROUNDS && called < 100 * ROUNDS) {
			int64_t before = kernel_ns(ids[c]), now = image_ns(ids[c]);

			if (is_call(filtered, before, now)) {
				called++;
				continue;
			}
			/* A coarse clock waits for the page's update, which may have been put off. */
			far += (!is_coarse(ids[c]) && now < before - FAR_NS) || now > kernel_ns(ids[c]) + FAR_NS;
			back += now < last;
			last = now;
			served++;
		}
		if (called)
			diag("clock %d: %d more readings were left to the system call", ids[c], called);
		ok(served == ROUNDS && (ours || !called), "clock_%d_is_served_under_updates_at_%llu_hz", ids[c], (unsigned long long)hz);
		is_int(back, 0, "clock_%d_never_steps_back_under_updates_at_%llu_hz", ids[c], (unsigned long long)hz);
		is_int(far, 0, "clock_%d_stays_at_the_timekeepers_at_%llu_hz", ids[c], (unsigned long long)hz);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(ticker, NULL);
}

static void test_calls(void)
{
	struct timespec res = { -1, -1 };
	struct timeval tv = { -1, -1 };
	struct timezone tz = { -1, -1 };
	int64_t before;

	start(frequencies[1]);
	vdk_time_set_zone(&tk, -120, 1);
	before = formula(data, VDK_CLOCK_REALTIME);
	is_int(vdso_gettimeofday(&tv, &tz), 0, "gettimeofday_is_served");
	ok((tv.tv_sec * 1000000 + tv.tv_usec) * 1000 >= before - 999 &&
	   (tv.tv_sec * 1000000 + tv.tv_usec) * 1000 <= formula(data, VDK_CLOCK_REALTIME), "gettimeofday_is_REALTIME_in_microseconds");
	ok(tz.tz_minuteswest == -120 && tz.tz_dsttime == 1, "gettimeofday_gives_the_zone");
	is_int(vdso_gettimeofday(NULL, NULL), 0, "gettimeofday_of_nothing_is_served");
	for (size_t c = 0; c < IDS; c++)
		if (!is_coarse(ids[c]))
			ok(vdso_clock_getres(ids[c], &res) == 0 && res.tv_sec == 0 && res.tv_nsec == 1, "clock_getres_of_clock_%d", ids[c]);
	is_int(vdso_clock_getres(0, NULL), 0, "clock_getres_without_a_place_is_served");
	if (vdso_time) {
		time_t t = -1, result = vdso_time(&t);

		is_int(result, 1700000000, "time_is_the_second_of_the_last_tick");
		is_int(t, result, "time_stores_what_it_returns");
	}
}

static void test_namespace(void)
{
	const struct vdk_timespec monotonic = { -3, 999999999 }, boottime = { 1000, 1 };
	int wrong = 0;

	start(frequencies[2]);
	*proper = *data;
	writer.kdata = proper;
	vdk_linux_6_1_namespace(data, &monotonic, &boottime);
	for (size_t c = 0; c < IDS; c++) {
		int64_t offset = ids[c] == VDK_CLOCK_BOOTTIME ? 1000000000001 :
			ids[c] == VDK_CLOCK_MONOTONIC || ids[c] == VDK_CLOCK_MONOTONIC_RAW || ids[c] == VDK_CLOCK_MONOTONIC_COARSE ?
			-2000000001 : 0;

		vdk_time_set_wall(&tk, &(struct vdk_timespec){ 1800000000, 0 });
		vdk_time_tick(&tk);
		wrong += outside(proper, ids[c], offset, 1000);
	}
	is_int(wrong, 0, "a_namespaces_clocks_have_its_offsets");
	ok(vdso_time == NULL || vdso_time(NULL) >= 1800000000, "a_namespaces_time_is_that_of_all");
	writer.kdata = data;
}

/* What a page without a counter, one whose writer died, or one whose writer is very late, makes of our image. */
static void test_ours(bool filtered)
{
	int64_t before, now;
	struct timespec ts;

	start(frequencies[2]);
	data->clock[0].cycle_last -= 3600ull * frequencies[2]; /* beyond 2^64 units */
	data->clock[1].cycle_last -= 3600ull * frequencies[2];
	for (size_t c = 0; c < IDS; c++) {
		before = formula(data, ids[c]);
		now = image_ns(ids[c]);
		ok(now >= before && now <= formula(data, ids[c]), "clock_%d_is_right_an_hour_after_the_last_update", ids[c]);
	}
	start(frequencies[2]);
	data->clock[0].cycle_last += 1000 * frequencies[2];
	now = image_ns(VDK_CLOCK_MONOTONIC);
	ok(now / VDK_NS_PER_SEC == START_SEC, "a_counter_that_is_behind_reads_as_the_last_update");
	if (!filtered) {
		skip("no seccomp here", "what_is_not_served_is_the_system_call");
		return;
	}
	start(frequencies[1]);
	data->clock[0].seq++;
	data->clock[1].seq++;
	for (size_t c = 0; c < IDS; c++)
		is_int(vdso_clock_gettime(ids[c], &ts), -FILTERED, "clock_%d_of_a_dead_writer_is_the_system_call", ids[c]);
	is_int(vdso_clock_getres(VDK_CLOCK_REALTIME_COARSE, &ts), -FILTERED, "coarse_resolution_is_the_system_call");
}

static void test_fallback(void)
{
	struct timespec ts;

	start(frequencies[1]);
	data->clock[0].clock_mode = data->clock[1].clock_mode = VDK_LINUX_6_1_SYSCALL;
	for (size_t c = 0; c < IDS; c++)
		if (is_coarse(ids[c]))
			is_int(image_ns(ids[c]), formula(data, ids[c]), "clock_%d_needs_no_counter", ids[c]);
		else
			is_int(vdso_clock_gettime(ids[c], &ts), -FILTERED, "clock_%d_without_a_counter_is_the_system_call", ids[c]);
	is_int(vdso_clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), -FILTERED, "cpu_time_is_the_system_call");
	is_int(vdso_clock_gettime(-1, &ts), -FILTERED, "unknown_clock_is_the_system_call");
	is_int(vdso_clock_gettime(16, &ts), -FILTERED, "clock_16_is_the_system_call");
}

int main(int argc, char **argv)
{
	const char *build = getenv("VDK_BUILD");
	char path[4096];
	bool filtered;

	snprintf(path, sizeof(path), "%s/vdso-linux-6.1.so", build ? build : "build/x86_64");
	ours = argc < 2;
	open_image_file(ours ? path : argv[1]);
	filtered = filter_calls();
	for (size_t i = 0; i < sizeof(frequencies) / sizeof(frequencies[0]); i++) {
		test_formula(frequencies[i]);
		test_updates(frequencies[i], filtered);
	}
	if (filtered)
		test_fallback();
	else
		skip("no seccomp here", "what_needs_no_counter_is_served");
	test_calls();
	test_namespace();
	if (ours)
		test_ours(filtered);
	return done();
}
