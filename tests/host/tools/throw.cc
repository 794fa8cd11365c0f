/* SPDX-License-Identifier: MIT */
/* C++ for catch.c: exceptions that a signal handler throws, through what the signal interrupted.
 * Owns: the catching caller. Relies on: -fnon-call-exceptions. Never: steps outside of the call. */
#include <x86intrin.h>

#include "throw.h"

namespace {

const unsigned long long trap_flag = 0x100;

struct at_step {
	int number;
};

/* Its destructor is what an unwinder must run on its way. */
struct local {
	int &count;
	~local() { count++; }
};

} // namespace

void throw_from_handler(int number)
{
	throw at_step { number };
}

/* Registers that the function must keep hold what is compared. */
enum outcome call_stepped(long (*fn)(long, long, long, long, long), const long *args, int number)
{
	volatile long seed = 0x5eed;
	const long a = seed + 1, b = seed + 2, c = seed + 3, d = seed + 4, e = seed + 5;
	int destroyed = 0;
	bool caught = false, right = false;

	try {
		local here { destroyed };

		__writeeflags(__readeflags() | trap_flag);
		fn(args[0], args[1], args[2], args[3], args[4]);
		__writeeflags(__readeflags() & ~trap_flag);
	} catch (const at_step &thrown) {
		caught = true;
		right = thrown.number == number;
	}
	if (destroyed != 1 || a != 0x5eee || b != 0x5eef || c != 0x5ef0 || d != 0x5ef1 || e != 0x5ef2)
		return WRONG;
	return !caught ? RETURNED : right ? CAUGHT : WRONG;
}
