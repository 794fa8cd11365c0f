/* SPDX-License-Identifier: MIT */
/* Kernel instructions that may fault.
 * Owns: nothing. Relies on: the linker script's bounds of section `ex_table`. Never: forgives any other instruction. */
#include "trap/extable.h"

struct entry {
	uint64_t at, fixup;
};

extern const struct entry ex_table_start[], ex_table_end[];

uint64_t extable_find(uint64_t pc)
{
	for (const struct entry *e = ex_table_start; e < ex_table_end; e++)
		if (e->at == pc)
			return e->fixup;
	return 0;
}
