/* SPDX-License-Identifier: MIT */
/* kernel/trap: the registry, linked as it is, with handlers of the test's own. */
#include "unit.h"

#include <stdarg.h>

#include "core/log.h"
#include "trap/trap.h"

static int warnings;

void log_warn(const char *fmt, ...)
{
	(void)fmt;
	warnings++;
}

static int first_calls, second_calls;
static bool first_result = true, second_result = true;

static bool first(struct trap_info *info)
{
	first_calls++;
	info->code++;
	return first_result;
}
TRAP_HANDLER(TRAP_SELFTEST, first);

static bool second(struct trap_info *info)
{
	second_calls++;
	info->code++;
	return second_result;
}
TRAP_HANDLER(TRAP_SELFTEST, second);

static bool timer(struct trap_info *info)
{
	(void)info;
	return true;
}
TRAP_HANDLER(TRAP_TIMER, timer);

static void all_handlers_run_and_their_results_are_anded(void)
{
	for (int i = 0; i < 4; i++) {
		struct trap_info info = { .code = 0 };

		first_result = i & 1, second_result = i & 2;
		first_calls = second_calls = 0;
		assert_int_equal(trap_dispatch(TRAP_SELFTEST, &info), first_result && second_result);
		assert_int_equal(first_calls, 1);
		assert_int_equal(second_calls, 1);
		assert_int_equal(info.code, 2);
	}
	assert_int_equal(warnings, 0);
}

static void kind_without_a_handler_warns_once_and_is_unhandled(void)
{
	struct trap_info info = { .code = 0 };

	warnings = 0;
	assert_false(trap_dispatch(TRAP_ALIGNMENT, &info));
	assert_int_equal(warnings, 1);
	assert_false(trap_dispatch(TRAP_ALIGNMENT, &info));
	assert_int_equal(warnings, 1);
	assert_false(trap_dispatch(TRAP_IPI, &info));
	assert_int_equal(warnings, 2);
}

static void registry_lists_each_handler_with_its_calls(void)
{
	const struct trap_handler *h;
	struct trap_info info = { .code = 0 };
	size_t count, found = 0;

	assert_true(trap_dispatch(TRAP_TIMER, &info));
	h = trap_handlers(&count);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++)
		if (h[i].kind == TRAP_TIMER) {
			assert_true(strcmp(h[i].name, "timer") == 0);
			assert_int_equal(*h[i].calls, 1);
			found++;
		}
	assert_int_equal(found, 1);
	assert_true(strcmp(trap_kind_name(TRAP_TIMER), "timer") == 0);
}

static const struct unit_test tests[] = {
	UNIT_TEST(all_handlers_run_and_their_results_are_anded),
	UNIT_TEST(kind_without_a_handler_warns_once_and_is_unhandled),
	UNIT_TEST(registry_lists_each_handler_with_its_calls),
};
RUN(tests)
