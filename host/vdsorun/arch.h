/* SPDX-License-Identifier: MIT */
/* Owns: what host/arch/<a>/machine.h supplies, as prototypes: a port of vdsorun is that file.
 * Relies on: machine.h.
 * Who may include: host/vdsorun.
 *
 * MACHINE_ELF, MACHINE_AUDIT   e_machine; the architecture in seccomp's data
 * MACHINE_SYSCALL_INSN         bytes of the system call instruction; _SIZE of them, at a multiple of _ALIGN
 * MACHINE_RED_ZONE             bytes below the stack pointer that a function may use without moving it
 * MACHINE_RESULT_IS_ARG        1: a call's result is in the register of its argument 0
 * MACHINE_CLOCKSOURCES         names of the host's clocksources that rest on the counter
 * machine_regs                 a process's registers, NT_PRSTATUS of 64 bits */
#ifndef VDK_HOST_VDSORUN_ARCH_H
#define VDK_HOST_VDSORUN_ARCH_H

#include "machine.h"

static inline uint64_t machine_sp(const machine_regs *regs);
static inline uint64_t machine_pc(const machine_regs *regs);

/* At the exit of a call: -errno for errors, and the kernel's own ERESTARTSYS and its kin, which no program sees. */
static inline long machine_result(const machine_regs *regs);
static inline void machine_set_result(machine_regs *regs, long result);

/* The register of system call argument `i`, 0 to 5. */
static inline unsigned long long *machine_arg(machine_regs *regs, unsigned int i);

/* Outside a call: execute the instruction at `insn`, as call `nr`. */
static inline void machine_prepare_call(machine_regs *regs, uint64_t insn, long nr);

/* At a stop that interrupted call `nr`, which began with argument 0 `arg0`, in the filter: the registers are now those from
 * before the call, its instruction next. False: it stands somewhere else. */
static inline bool machine_rewind(machine_regs *regs, long nr, uint64_t arg0);

/* VDK_MODE_*: how programs may read the counter. SYSCALL: they may not, and *reason says why. */
static inline unsigned int machine_counter_mode(const char **reason);

/* VDK_CPU_*: how they learn their CPU. */
static inline unsigned int machine_cpu_mode(void);

/* The counter; nothing before or behind passes. */
static inline uint64_t machine_counter(void);

#endif
