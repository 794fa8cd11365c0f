/* SPDX-License-Identifier: MIT */
/* What riscv_hwprobe(2) tells of the harts. The vDSO tells the same, from the page.
 * Owns: the values, key by key.
 * Relies on: the device tree and the firmware.
 * Never: calls fast what it has not measured: misaligned accesses are of unknown speed. */
#include "abi/errno.h"
#include "arch/arch.h"
#include "core/string.h"
#include "cpu.h"
#include "mm/uaccess.h"
#include "proc/process.h"
#include "sbi.h"

enum { KEY_VENDOR_ID, KEY_ARCHITECTURE_ID, KEY_IMPLEMENTATION_ID, KEY_BASE_BEHAVIOR, KEY_EXTENSIONS, KEY_MISALIGNED };

#define BASE_IMA 1UL
#define EXT_FD 1UL
#define EXT_C 2UL
#define EXT_ZBA 8UL
#define EXT_ZBB 16UL
#define EXT_ZBS 32UL
#define MISALIGNED_UNKNOWN 0UL

struct pair {
	int64_t key;
	uint64_t value;
};

static uint64_t extensions(void)
{
	return (cpu_has('f') && cpu_has('d') ? EXT_FD : 0) | (cpu_has('c') ? EXT_C : 0) |
	       (cpu_features.zba ? EXT_ZBA : 0) | (cpu_features.zbb ? EXT_ZBB : 0) | (cpu_features.zbs ? EXT_ZBS : 0);
}

void arch_hwprobe(uint64_t value[ARCH_HWPROBE_KEYS])
{
	value[KEY_VENDOR_ID] = sbi_vendor_id();
	value[KEY_ARCHITECTURE_ID] = sbi_architecture_id();
	value[KEY_IMPLEMENTATION_ID] = sbi_implementation_id();
	value[KEY_BASE_BEHAVIOR] = cpu_has('i') && cpu_has('m') && cpu_has('a') ? BASE_IMA : 0;
	value[KEY_EXTENSIONS] = extensions();
	value[KEY_MISALIGNED] = MISALIGNED_UNKNOWN;
}

/* The set of CPUs must hold one that is online, and number 0 alone is. */
static int check_cpus(size_t size, uaddr_t cpus)
{
	uint64_t set = 0;

	if (!size && !cpus)
		return 0;
	if (copy_from_user(&set, cpus, MIN(size, sizeof(set))))
		return -EFAULT;
	return set & 1 ? 0 : -EINVAL;
}

SYSCALL(riscv_hwprobe)
{
	uint64_t value[ARCH_HWPROBE_KEYS];
	uaddr_t at = arg[0];
	int rc;

	if ((uint32_t)arg[4])
		return -EINVAL;
	rc = check_cpus(arg[2], arg[3]);
	arch_hwprobe(value);
	for (uint64_t left = arg[1]; left && !rc; left--, at += sizeof(struct pair)) {
		struct pair p;

		rc = copy_from_user(&p, at, sizeof(p));
		if ((uint64_t)p.key < ARCH_HWPROBE_KEYS)
			p.value = value[p.key];
		else
			p = (struct pair){ .key = -1 };
		if (!rc)
			rc = copy_to_user(at, &p, sizeof(p));
		sched_relax();
	}
	return rc;
}
