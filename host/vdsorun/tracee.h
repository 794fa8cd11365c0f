/* SPDX-License-Identifier: MIT */
/* Owns: registers and memory of a traced process that stands still.
 * Relies on: ptrace(2); arch.h's registers.
 * Who may include: host/vdsorun. */
#ifndef VDK_HOST_TRACEE_H
#define VDK_HOST_TRACEE_H

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "arch.h"

/* Stop at the entry or exit of a system call (PTRACE_O_TRACESYSGOOD). */
#define TRACEE_CALL_STOP (SIGTRAP | 0x80)

static inline bool tracee_peek(pid_t pid, uint64_t at, void *to, size_t size)
{
	for (size_t i = 0; i < size; i += 8) {
		errno = 0;
		long word = ptrace(PTRACE_PEEKDATA, pid, at + i, 0);
		if (errno)
			return false;
		memcpy((char *)to + i, &word, size - i < 8 ? size - i : 8);
	}
	return true;
}

/* `size` in whole words. */
static inline bool tracee_poke(pid_t pid, uint64_t at, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i += 8) {
		long word;

		memcpy(&word, (const char *)from + i, 8);
		if (ptrace(PTRACE_POKEDATA, pid, at + i, word) != 0)
			return false;
	}
	return true;
}

/* False also where the process is of 32 bits: its set has another size. */
static inline bool tracee_get_regs(pid_t pid, machine_regs *regs)
{
	struct iovec set = { regs, sizeof(*regs) };

	return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &set) == 0 && set.iov_len == sizeof(*regs);
}

static inline bool tracee_set_regs(pid_t pid, machine_regs *regs)
{
	struct iovec set = { regs, sizeof(*regs) };

	return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &set) == 0;
}

#endif
