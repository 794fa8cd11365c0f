/* SPDX-License-Identifier: MIT */
/* The kernel's way to user memory: through the page tables, to the direct map.
 * Owns: the check that a program itself could make this access.
 * Relies on: the caller having checked the range; interrupts that are off keeping a page that was found from being freed,
 * since who unmaps it waits for this hart to forget it.
 * Never: opens user addresses to the kernel: SSTATUS.SUM stays off. (To switch it would take two writes of a status
 * register for each copy; QEMU 7.2 empties the whole TLB for each of them.) */
#include "abi/errno.h"
#include "core/string.h"
#include "mm/table.h"
#include "percpu.h"
#include "proc/process.h"
#include "trap/trap.h"

static uint64_t *direct(uint64_t entry)
{
	return (uint64_t *)(DIRECT_MAP + pte_address(entry));
}

/* Interrupts are off. NULL: there would be a page fault. */
static void *user_page(uaddr_t va, bool write)
{
	uint64_t need = PTE_VALID | PTE_USER | (write ? PTE_WRITE : PTE_READ);
	uint64_t e = pte_table(this_arch_cpu()->root);

#pragma unroll
	for (unsigned int level = PT_LEVELS; level-- > 0;) {
		if (!pte_present(e))
			return NULL;
		e = __atomic_load_n(direct(e) + TABLE_INDEX(va, level), __ATOMIC_RELAXED);
	}
	return (e & need) == need ? (char *)direct(e) + va % PAGE_SIZE : NULL;
}

static bool resolve(uaddr_t va, bool write)
{
	struct trap_info info = {
		.regs = arch_thread_regs(current_thread()),
		.addr = va,
		.access = write ? TRAP_ACCESS_WRITE : TRAP_ACCESS_READ,
	};

	return trap_dispatch(TRAP_PAGE_FAULT, &info);
}

size_t arch_copy_user(void *to, const void *from, size_t n)
{
	bool write = (uint64_t)to < ARCH_USER_TOP;
	uaddr_t va = write ? (uint64_t)to : (uint64_t)from;
	char *kernel = write ? (char *)from : to;

	while (n) {
		size_t step = MIN(n, PAGE_SIZE - va % PAGE_SIZE);
		unsigned long flags = arch_irq_save();
		char *user = user_page(va, write);

		if (user)
			memcpy(write ? user : kernel, write ? kernel : user, step);
		arch_irq_restore(flags);
		if (user) {
			va += step;
			kernel += step;
			n -= step;
		} else if (!resolve(va, write)) {
			break;
		}
	}
	return n;
}

int arch_cmpxchg_user(uint32_t *p, uint32_t old, uint32_t new, uint32_t *seen)
{
	uaddr_t va = (uint64_t)p;

	if (va % sizeof(*p))
		return -EFAULT;
	do {
		unsigned long flags = arch_irq_save();
		uint32_t *user = user_page(va, true);

		if (user)
			__atomic_compare_exchange_n(user, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		arch_irq_restore(flags);
		if (user) {
			*seen = old;
			return 0;
		}
	} while (resolve(va, true));
	return -EFAULT;
}
