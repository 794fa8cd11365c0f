/* SPDX-License-Identifier: MIT */
/* The image's riscv_hwprobe: what the CPUs have in common, from the page.
 *
 * Owns: its ABI. Relies on: the page's hwprobe fields; what they do not say becomes the system call.
 * Never: answers with an error. Whatever may be one is the kernel's to find. */
#include "entry.h"

#ifdef VDK_NR_riscv_hwprobe
/* What kit/arch/<a>/syscall.h defines beside vdk_syscall(): the same with five arguments. */
static inline long vdk_syscall5(long nr, long a, long b, long c, long d, long e);

struct vdk_hwprobe {
	int64_t key;
	uint64_t value;
};

/* Is the set one of CPUs that have the page's values, and not empty? */
static bool is_alike(const struct vdk_page *upage, size_t size, const unsigned long *cpus)
{
	uint32_t count = VDK_LOAD(upage->hwprobe_cpus);

	if (!cpus || !size || size % sizeof(*cpus) || !cpus[0] || (count < 64 && cpus[0] >> count))
		return false;
	for (size_t i = 1; i < size / sizeof(*cpus); i++)
		if (cpus[i])
			return false;
	return true;
}

VDK_ENTRY(int, riscv_hwprobe,
	  (struct vdk_hwprobe *pairs, size_t count, size_t size, unsigned long *cpus, unsigned int flags))
{
	const struct vdk_page *upage = &vdk_data;
	/* Pairs with the release store in vdk_time_set_hwprobe(): who sees the count sees the values. Without it,
	 * tests/litmus/hwprobe-count-value.litmus fails. */
	uint32_t known = __atomic_load_n(&upage->hwprobe_count, __ATOMIC_ACQUIRE);

	if (__builtin_expect(!known, 0)) {
		upage = vdk_proper_page();
		known = __atomic_load_n(&upage->hwprobe_count, __ATOMIC_ACQUIRE); /* as above */
	}
	if (__builtin_expect(!known || flags || ((size || cpus) && !is_alike(upage, size, cpus)), 0))
		return (int)vdk_syscall5(VDK_NR_riscv_hwprobe, (long)pairs, (long)count, (long)size, (long)cpus, (long)flags);
	for (; count; count--, pairs++) {
		uint64_t key = (uint64_t)pairs->key;

		if (__builtin_expect(key < known, 1)) {
			pairs->value = VDK_LOAD(upage->hwprobe[key]);
		} else { /* as the system call says "no such key" */
			pairs->key = -1;
			pairs->value = 0;
		}
	}
	return 0;
}
#endif
