/* SPDX-License-Identifier: MIT */
/* riscv_hwprobe and flush_icache: from the page where it can say, the system call's result where it can't.
 * Owns: Linux's rules for keys, CPU sets and flags. Relies on: a timekeeper's page; the system calls of this machine, which may be
 * missing: then ENOSYS is their result.
 * Never: holds on a machine of another architecture, whose image has neither. */
#define _GNU_SOURCE
#include <stdint.h>
#include <unistd.h>

#include "functions.h"

#ifdef VDK_SYM___vdso_riscv_hwprobe
#include "vdk/time.h"

#define NR_HWPROBE 258
#define NR_FLUSH_ICACHE 259
#define COUNT 7u
#define VALUE(key) (0x1234567800000000u + (uint64_t)(key))

struct pair {
	int64_t key;
	uint64_t value;
};

static int (*hwprobe)(struct pair *pairs, size_t count, size_t size, unsigned long *cpus, unsigned int flags);
static int (*flush_icache)(void *start, void *end, unsigned long flags);
static struct vdk_page *page;
static struct vdk_timekeeper tk;

static long raw(long result)
{
	return result == -1 ? -errno : result;
}

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	(void)cs;
	return 1000;
}

static void start(void)
{
	static const struct vdk_clocksource cs = { .name = "still", .read = read_counter, .hz = 1000000000, .width = VDK_USER_WIDTH,
		.user_mode = VDK_MODE_SYSCALL };
	const struct vdk_time_config config = { .tick_ns = 4000000 };

	if (vdk_time_init(&tk, &cs, page, &config) != 0)
		bail("the timekeeper does not start");
}

static void tell(unsigned int cpus)
{
	uint64_t value[COUNT];

	start();
	for (unsigned int key = 0; key < COUNT; key++)
		value[key] = VALUE(key);
	if (vdk_time_set_hwprobe(&tk, value, COUNT, cpus) != 0)
		bail("the timekeeper does not take the values");
}

static bool is_answered(size_t size, unsigned long *cpus, unsigned int flags)
{
	struct pair pair = { 3, 77 };

	return hwprobe(&pair, 1, size, cpus, flags) == 0 && pair.key == 3 && pair.value == VALUE(3);
}

/* The call is made: its result comes back, and nothing of the page's. */
static bool is_called(size_t size, unsigned long *cpus, unsigned int flags)
{
	struct pair pair = { 3, 77 }, other = { 3, 77 };
	long want = raw(syscall(NR_HWPROBE, &other, 1ul, size, cpus, flags));

	return hwprobe(&pair, 1, size, cpus, flags) == want && pair.key == other.key && pair.value == other.value &&
	       pair.value != VALUE(3);
}

static void test_keys(void)
{
	static const int64_t unknown[] = { COUNT, VDK_HWPROBE_MAX, 1000, INT64_MAX, -1, -2, INT64_MIN, 1ll << 32 };
	struct pair pairs[COUNT + 2];
	unsigned int wrong = 0;

	tell(1);
	for (unsigned int i = 0; i < COUNT; i++)
		pairs[i] = (struct pair){ COUNT - 1 - i, 77 };
	pairs[COUNT] = (struct pair){ 2, 77 };
	pairs[COUNT + 1] = (struct pair){ 2, 77 };
	is_int(hwprobe(pairs, COUNT + 1, 0, NULL, 0), 0, "known_keys_are_served");
	for (unsigned int i = 0; i < COUNT; i++)
		wrong += pairs[i].key != COUNT - 1 - i || pairs[i].value != VALUE(COUNT - 1 - i);
	is_int(wrong, 0, "each_key_has_its_value");
	ok(pairs[COUNT].key == 2 && pairs[COUNT].value == VALUE(2), "a_key_may_come_twice");
	ok(pairs[COUNT + 1].value == 77, "no_pair_beyond_the_count_is_written");
	is_int(hwprobe(NULL, 0, 0, NULL, 0), 0, "no_pair_is_served");
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		pairs[0] = (struct pair){ unknown[i], 77 };
		pairs[1] = (struct pair){ 1, 77 };
		is_int(hwprobe(pairs, 2, 0, NULL, 0), 0, "unknown_key_%lld_is_no_error", (long long)unknown[i]);
		ok(pairs[0].key == -1 && pairs[0].value == 0 && pairs[1].value == VALUE(1),
		   "unknown_key_%lld_is_marked_and_the_next_is_served", (long long)unknown[i]);
	}
}

static void test_sets(void)
{
	static const struct {
		const char *name;
		unsigned long cpus[2];
		size_t size;
		bool answered;
	} sets[] = {
		{ "CPU_0", { 1, 0 }, 8, true },
		{ "CPU_1", { 2, 0 }, 8, true },
		{ "CPUs_0_and_1", { 3, 0 }, 16, true },
		{ "CPU_2", { 4, 0 }, 8, false },
		{ "CPUs_0_and_63", { 1ul << 63 | 1, 0 }, 8, false },
		{ "CPUs_0_and_64", { 1, 1 }, 16, false },
		{ "CPU_64", { 0, 1 }, 16, false },
		{ "no_CPU", { 0, 0 }, 16, false },
		{ "a_set_of_no_bytes", { 1, 0 }, 0, false },
		{ "a_set_of_9_bytes", { 1, 0 }, 9, false },
	};

	tell(2);
	ok(is_answered(0, NULL, 0), "all_CPUs_together_are_served");
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		unsigned long cpus[2] = { sets[i].cpus[0], sets[i].cpus[1] };

		if (sets[i].answered)
			ok(is_answered(sets[i].size, cpus, 0), "%s_of_two_alike_is_served", sets[i].name);
		else
			ok(is_called(sets[i].size, cpus, 0), "%s_of_two_alike_is_the_system_call", sets[i].name);
		ok(is_called(sets[i].size, cpus, 1), "%s_with_a_flag_is_the_system_call", sets[i].name);
	}
	ok(is_called(8, NULL, 0), "a_set_at_null_is_the_system_call");
	ok(is_called(0, NULL, 1), "a_flag_is_the_system_call");
	ok(is_called(0, NULL, 0x80000000), "an_unknown_flag_is_the_system_call");
	tell(64);
	ok(is_answered(8, &(unsigned long){ ~0ul }, 0), "all_of_64_alike_are_served");
	tell(0);
	ok(is_answered(0, NULL, 0), "all_CPUs_together_are_served_where_they_differ");
	ok(is_called(8, &(unsigned long){ 1 }, 0), "a_set_is_the_system_call_where_they_differ");
	start();
	ok(is_called(0, NULL, 0), "without_values_it_is_the_system_call");
}

static void test_setting(void)
{
	uint64_t value[VDK_HWPROBE_MAX + 1] = { 0 };

	start();
	is_int(vdk_time_set_hwprobe(&tk, value, 0, 1), -VDK_EINVAL, "no_value_is_refused");
	is_int(vdk_time_set_hwprobe(&tk, value, VDK_HWPROBE_MAX + 1, 1), -VDK_EINVAL, "too_many_values_are_refused");
	ok(is_called(0, NULL, 0), "what_is_refused_changes_nothing");
	is_int(vdk_time_set_hwprobe(&tk, value, VDK_HWPROBE_MAX, 1), 0, "as_many_values_as_fit_are_taken");
	is_int(vdk_time_set_hwprobe(&tk, value, 1, 1), -VDK_EINVAL, "values_are_told_once");
}

static void test_flush(void)
{
	uint32_t *code = mmap(NULL, MAP_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int (*run)(void) = (int (*)(void))(uintptr_t)code;

	if (code == MAP_FAILED)
		bail("mmap: %s", strerror(errno));
	code[1] = 0x00008067; /* ret */
	for (unsigned int mode = VDK_CPU_SYSCALL; mode <= VDK_CPU_SINGLE; mode += VDK_CPU_SINGLE - VDK_CPU_SYSCALL) {
		bool single = mode == VDK_CPU_SINGLE;

		start();
		is_int(vdk_time_set_cpu_mode(&tk, mode), 0, "cpu_mode_%u_is_taken", mode);
		for (unsigned long flags = 0; flags < 4; flags++) {
			long want = raw(syscall(NR_FLUSH_ICACHE, code, code + 2, flags));

			is_int(flush_icache(code, code + 2, flags), single && flags < 2 ? 0 : want,
			       "flush_icache_with_flags_%lu_in_cpu_mode_%u_has_its_result", flags, mode);
		}
	}
	for (unsigned int n = 0; n < 100; n++) {
		code[0] = 0x00000513 | n << 20; /* li a0, n */
		if (flush_icache(code, code + 2, n & 1) != 0 || run() != (int)n)
			break;
		if (n == 99)
			ok(true, "code_that_was_written_runs_after_flush_icache");
	}
	is_int(run(), 99, "all_of_the_code_ran");
	is_int(vdk_time_set_cpu_mode(&tk, VDK_CPU_SINGLE + 1), -VDK_EINVAL, "unknown_cpu_mode_is_refused");
}

static void test_getcpu(void)
{
	unsigned int cpu = 77, node = 77;

	start();
	vdk_time_set_cpu_mode(&tk, VDK_CPU_SINGLE);
	is_int(vdso_getcpu(&cpu, &node, NULL), 0, "getcpu_of_the_only_cpu_is_served");
	ok(cpu == 0 && node == 0, "the_only_cpu_is_number_0_of_node_0");
	is_int(vdso_getcpu(NULL, NULL, NULL), 0, "getcpu_of_the_only_cpu_needs_nothing");
}

int main(void)
{
	const unsigned char *image = map_functions();
	uintptr_t base = (uintptr_t)image;

	hwprobe = (int (*)(struct pair *, size_t, size_t, unsigned long *, unsigned int))(base + OFFSET(riscv_hwprobe));
	flush_icache = (int (*)(void *, void *, unsigned long))(base + OFFSET(flush_icache));
	ok(is_called(0, NULL, 0), "with_a_page_of_zeros_riscv_hwprobe_is_the_system_call");
	is_int(flush_icache(NULL, NULL, 0), raw(syscall(NR_FLUSH_ICACHE, 0ul, 0ul, 0ul)),
	       "with_a_page_of_zeros_flush_icache_is_the_system_call");
	page = open_page(image);
	test_keys();
	test_sets();
	test_setting();
	test_flush();
	test_getcpu();
	return done();
}
#else
int main(void)
{
	skip_all("this architecture's image has no riscv_hwprobe");
}
#endif
