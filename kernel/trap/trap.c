/* SPDX-License-Identifier: MIT */
/* Calls the handlers that the linker has gathered.
 * Owns: the order of calls, which is the linker's.
 * Relies on: section `trap_handlers` holding nothing but struct trap_handler.
 * Never: stops at a handler that failed. */
#include "trap/trap.h"

#include "core/log.h"

/* Weak: a kernel without a single handler links too. */
extern const struct trap_handler __start_trap_handlers[] __attribute__((weak));
extern const struct trap_handler __stop_trap_handlers[] __attribute__((weak));

const char *trap_kind_name(enum trap_kind kind)
{
	static const char *const names[TRAP_KINDS] = {
		[TRAP_TIMER] = "timer",
		[TRAP_IRQ] = "irq",
		[TRAP_PAGE_FAULT] = "page-fault",
		[TRAP_ILLEGAL] = "illegal",
		[TRAP_BREAKPOINT] = "breakpoint",
		[TRAP_STEP] = "step",
		[TRAP_ARITHMETIC] = "arithmetic",
		[TRAP_FLOAT] = "float",
		[TRAP_PROTECTION] = "protection",
		[TRAP_ALIGNMENT] = "alignment",
		[TRAP_IPI] = "ipi",
		[TRAP_SELFTEST] = "selftest",
	};

	return (unsigned int)kind < TRAP_KINDS ? names[kind] : "unknown";
}

const struct trap_handler *trap_handlers(size_t *count)
{
	*count = (size_t)(__stop_trap_handlers - __start_trap_handlers);
	return __start_trap_handlers;
}

bool trap_dispatch(enum trap_kind kind, struct trap_info *info)
{
	static bool warned[TRAP_KINDS];
	const struct trap_handler *h;
	size_t count, called = 0;
	bool handled = true;

	h = trap_handlers(&count);
	for (size_t i = 0; i < count; i++) {
		if (h[i].kind != kind)
			continue;
		called++;
		__atomic_fetch_add(h[i].calls, 1, __ATOMIC_RELAXED);
		handled &= h[i].fn(info);
	}
	if (called)
		return handled;
	if ((unsigned int)kind < TRAP_KINDS && !__atomic_exchange_n(&warned[kind], true, __ATOMIC_RELAXED))
		log_warn("trap: no handler for %s", trap_kind_name(kind));
	return false;
}
