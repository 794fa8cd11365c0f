/* SPDX-License-Identifier: MIT */
/* Fits a stock vDSO to this CPU, as Linux does to its own.
 *
 * Owns: the format of .altinstructions of Linux 6.1, and the numbers of the CPU features that its vDSO asks for.
 * Relies on: cpu_features. Never: runs the code; writes outside it. */
#include "arch/arch.h"
#include "core/string.h"
#include "x86.h"

/* asm/alternative.h: the two offsets count from where they stand. */
struct alternative {
	int32_t instruction, replacement;
	uint16_t feature;
	uint8_t length, replacement_length;
} __attribute__((packed));
_Static_assert(sizeof(struct alternative) == 12, "an entry");

/* asm/cpufeatures.h */
#define FEATURE_RDTSCP (1 * 32 + 27)
#define FEATURE_LFENCE_RDTSC (3 * 32 + 18)
#define FEATURE_RDPID (16 * 32 + 22)

#define NOP 0x90

static bool has(uint16_t feature)
{
	switch (feature) {
	case FEATURE_RDTSCP:
		return cpu_features.rdtscp;
	case FEATURE_LFENCE_RDTSC:
		return true; /* as tsc_read_lfence() relies on */
	case FEATURE_RDPID:
		return cpu_features.rdpid;
	default:
		return false; /* an alternative that is not taken is always right */
	}
}

/* Where two alternatives are for one place, the later one is for the better CPU. */
const char *arch_vdso_patch(uint8_t *image, uint64_t loaded, uint64_t table, uint64_t size)
{
	if (table > loaded || size > loaded - table || size % sizeof(struct alternative))
		return "has .altinstructions that are none";
	for (uint64_t at = table; at < table + size; at += sizeof(struct alternative)) {
		struct alternative a;
		uint64_t to, from;

		memcpy(&a, image + at, sizeof(a));
		to = at + (uint64_t)(int64_t)a.instruction;
		from = at + offsetof(struct alternative, replacement) + (uint64_t)(int64_t)a.replacement;
		if (a.replacement_length > a.length || to > loaded || a.length > loaded - to || from > loaded ||
		    a.replacement_length > loaded - from)
			return "has .altinstructions that lead outside it";
		if (!has(a.feature))
			continue;
		memcpy(image + to, image + from, a.replacement_length);
		memset(image + to + a.replacement_length, NOP, a.length - a.replacement_length);
	}
	return NULL;
}
