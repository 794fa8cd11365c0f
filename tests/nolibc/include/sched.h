/* SPDX-License-Identifier: MIT */
/* Owns: CPUs and scheduling. Relies on: types.h, time.h. Who may include: programs. */
#ifndef VDK_NOLIBC_SCHED_H
#define VDK_NOLIBC_SCHED_H

#include "time.h"

#define CLONE_VM 0x100
#define CLONE_FS 0x200
#define CLONE_FILES 0x400
#define CLONE_SIGHAND 0x800
#define CLONE_VFORK 0x4000
#define CLONE_PARENT 0x8000
#define CLONE_THREAD 0x10000
#define CLONE_SYSVSEM 0x40000
#define CLONE_SETTLS 0x80000
#define CLONE_PARENT_SETTID 0x100000
#define CLONE_CHILD_CLEARTID 0x200000
#define CLONE_CHILD_SETTID 0x1000000

#define SCHED_FIFO 1
#define SCHED_RESET_ON_FORK 0x40000000

struct sched_param {
	int sched_priority;
};

#define CPU_SETSIZE 1024

typedef struct {
	unsigned long bits[CPU_SETSIZE / 64];
} cpu_set_t;

#define CPU_ZERO(set) ((void)(*(set) = (cpu_set_t){ { 0 } }))
#define CPU_SET(cpu, set) ((void)((set)->bits[(cpu) / 64] |= 1ul << (cpu) % 64))
#define CPU_ISSET(cpu, set) ((int)((set)->bits[(cpu) / 64] >> (cpu) % 64 & 1))
#define CPU_COUNT(set) nolibc_cpu_count(set)

static inline int nolibc_cpu_count(const cpu_set_t *set)
{
	int count = 0;

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		count += CPU_ISSET(cpu, set);
	return count;
}

int sched_yield(void);
int sched_getcpu(void);
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set);

#endif
