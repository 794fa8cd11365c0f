/* SPDX-License-Identifier: MIT */
/* System calls that change the current address space, and memory barriers.
 * Owns: the order in which Linux checks arguments.
 * Relies on: map.c. */
#include "abi/errno.h"
#include "abi/mman.h"
#include "fs/file.h"
#include "mm/area.h"
#include "mm/map.h"
#include "proc/process.h"
#include "syscall/syscall.h"

SYSCALL(mmap)
{
	struct space *s = current_process()->space;
	uaddr_t hint = arg[0];
	size_t len = arg[1];
	unsigned int prot = (unsigned int)arg[2], flags = (unsigned int)arg[3];
	uint64_t offset = arg[5];
	struct file *file = NULL;
	long rc;

	if (offset & ~PAGE_MASK)
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS)) {
		file = fd_get((int)arg[4]);
		if (!file)
			return -EBADF;
	} else {
		offset = 0;
	}
	rc = space_mmap(s, hint, len, prot, flags, file, offset);
	if (file)
		file_put(file);
	return rc;
}

SYSCALL(munmap)
{
	return space_munmap(current_process()->space, arg[0], arg[1]);
}

SYSCALL(mprotect)
{
	return space_mprotect(current_process()->space, arg[0], arg[1], (unsigned int)arg[2]);
}

SYSCALL(brk)
{
	return (long)space_brk(current_process()->space, arg[0]);
}

/* Private expedited barriers make every CPU that runs a thread of this space pass a full barrier. The calling CPU does so
 * here; the others will be asked by TRAP_IPI once there are any. */
SYSCALL(membarrier)
{
	struct space *s = current_process()->space;
	int cmd = (int)arg[0];
	unsigned int registers = MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |
				 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;

	if ((unsigned int)arg[1])
		return -EINVAL;
	switch (cmd) {
	case MEMBARRIER_CMD_QUERY:
		return (long)(registers | MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		__atomic_fetch_or(&s->membarrier, (unsigned int)cmd, __ATOMIC_RELAXED);
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		/* A register command is its barrier command shifted by one. */
		if (!(__atomic_load_n(&s->membarrier, __ATOMIC_RELAXED) & (unsigned int)cmd << 1))
			return -EPERM;
		/* Pairs with the compiler barriers of the program's other threads: see membarrier(2). */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		return 0;
	default:
		return -EINVAL;
	}
}
