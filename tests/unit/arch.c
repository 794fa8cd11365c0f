/* SPDX-License-Identifier: MIT */
/* kit/arch/<a>: the inline assembly says what it changes. Compiled here as in the image, with more values alive around it than
 * there are registers: one that is changed unsaid is a value lost. */
#include "unit.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "counter.h"
#include "counter_mode.h"
#include "syscall.h"

#define LIVE 24

static volatile uint64_t in[LIVE], out[LIVE];

/* `statement` between loads that may not move behind it and stores that may not move before it. */
#define AROUND(statement)                                                      \
	do {                                                                   \
		uint64_t live[LIVE];                                           \
		_Pragma("clang loop unroll(full)") for (int i = 0; i < LIVE; i++) live[i] = in[i];  \
		statement;                                                     \
		_Pragma("clang loop unroll(full)") for (int i = 0; i < LIVE; i++) out[i] = live[i]; \
	} while (0)

static __attribute__((noinline)) long call(void)
{
	long result;

	AROUND(result = vdk_syscall(SYS_getppid, 0, 0, 0));
	return result;
}

static __attribute__((noinline)) uint64_t count(void)
{
	uint64_t value;

	AROUND(value = vdk_counter_read(VDK_MODE_COUNTER));
	return value;
}

static __attribute__((noinline)) uint64_t count_alt(void)
{
	uint64_t value;

	AROUND(value = vdk_counter_read(VDK_MODE_COUNTER_ALT));
	return value;
}

static void fill(void)
{
	for (int i = 0; i < LIVE; i++)
		in[i] = random_word();
}

static void check(void)
{
	for (int i = 0; i < LIVE; i++)
		assert_true(in[i] == out[i]);
}

static void system_call_changes_only_what_it_says(void)
{
	fill();
	assert_int_equal(call(), getppid());
	check();
}

static void counter_read_changes_only_what_it_says(void)
{
	uint64_t first;

	fill();
	first = count();
	check();
	if (!has_counter_mode(VDK_MODE_COUNTER_ALT))
		return;
	fill();
	assert_true(count_alt() > first);
	check();
}

static const struct unit_test tests[] = {
	UNIT_TEST(system_call_changes_only_what_it_says),
	UNIT_TEST(counter_read_changes_only_what_it_says),
};
RUN(tests)
