/* SPDX-License-Identifier: MIT */
/* The option `selftest`: what no program can provoke.
 * Owns: two handlers of TRAP_SELFTEST. Relies on: trap_dispatch().
 * Never: runs without the option. */
#include "core/selftest.h"

#include "core/cmdline.h"
#include "core/log.h"
#include "trap/trap.h"

static unsigned int first_calls, second_calls;
static bool first_result, second_result;

static bool selftest_first(struct trap_info *info)
{
	ASSERT(!info->user);
	first_calls++;
	return first_result;
}
TRAP_HANDLER(TRAP_SELFTEST, selftest_first);

static bool selftest_second(struct trap_info *info)
{
	ASSERT(!info->user);
	second_calls++;
	return second_result;
}
TRAP_HANDLER(TRAP_SELFTEST, selftest_second);

static void require(bool holds, const char *what)
{
	if (!holds)
		panic("selftest: traps: %s", what);
}

static bool dispatch(enum trap_kind kind)
{
	struct trap_info info = { 0 };

	return trap_dispatch(kind, &info);
}

/* A kind that nobody handles: none of the handlers may run, the answer is "not handled". */
static void unhandled(void)
{
	size_t count;
	const struct trap_handler *h = trap_handlers(&count);
	bool taken[TRAP_KINDS] = { false };

	for (size_t i = 0; i < count; i++)
		taken[h[i].kind] = true;
	for (int kind = 0; kind < TRAP_KINDS; kind++) {
		if (taken[kind])
			continue;
		require(!dispatch((enum trap_kind)kind), "a kind without a handler counts as handled");
		return;
	}
	log_info("selftest: traps: every kind has a handler; \"unhandled\" was not tried");
}

void selftest(void)
{
	if (!cmdline_get("selftest"))
		return;
	for (unsigned int round = 0; round < 4; round++) {
		first_result = round & 1;
		second_result = round & 2;
		require(dispatch(TRAP_SELFTEST) == (first_result && second_result), "the result is not the AND of the handlers'");
		require(first_calls == round + 1 && second_calls == round + 1, "not every handler ran once");
	}
	unhandled();
	log_info("selftest: traps: ok");
}
