/* SPDX-License-Identifier: MIT */
/* Owns: what an architecture supplies to the image, as prototypes: kit/arch/<a> is the files below and nothing else.
 * Relies on: vdk/page.h.
 * Who may include: kit/arch/<a> and kit/image.
 *
 * kit/arch/<a>/counter.h  vdk_counter_read()
 * kit/arch/<a>/syscall.h  vdk_syscall() and the numbers VDK_NR_<name>
 * kit/arch/<a>/getcpu.h   vdk_getcpu()
 * kit/arch/<a>/exports.h  VDK_VERSION, VDK_PREFIX and VDK_EXPORTS(X); VDK_PLAIN_NAMES, VDK_PROPERTY_NOTE where it has them
 * kit/arch/<a>/flags.mk   target triple and compiler flags */
#ifndef VDK_ARCH_H
#define VDK_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "vdk/page.h"

/* The counter as VDK_MODE_* `mode` (not SYSCALL) reads it: 64 bits, not before earlier loads are done. Later loads may be
 * done before it: docs/decisions/rate-change.md bounds what comes of that. */
static inline uint64_t vdk_counter_read(unsigned int mode);

/* Linux system call `nr`: its result, -errno for errors. */
static inline long vdk_syscall(long nr, long a, long b, long c);

/* node << 12 | cpu by `cpu_mode` (VDK_CPU_*); false where that is a system call. */
static inline bool vdk_getcpu(unsigned int cpu_mode, uint32_t *value);

#endif
