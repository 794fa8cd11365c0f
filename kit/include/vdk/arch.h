/* SPDX-License-Identifier: MIT */
/* Owns: what an architecture supplies to the image, as prototypes: kit/arch/<a> is the files below and nothing else.
 * Relies on: vdk/page.h.
 * Who may include: kit/arch/<a> and kit/image.
 *
 * kit/arch/<a>/counter.h    vdk_counter_read()
 * kit/arch/<a>/syscall.h    vdk_syscall() and the numbers VDK_NR_<name>. Some entry points exist where their number does, and
 *                           ask for more: getcpu for getcpu.h, riscv_hwprobe and riscv_flush_icache for what hwprobe.c and icache.c declare
 * kit/arch/<a>/getcpu.h     vdk_getcpu(), as kit/image/getcpu.c declares it
 * kit/arch/<a>/sigreturn.S  rt_sigreturn, where handlers return through the image: vdk/sigreturn.h
 * kit/arch/<a>/exports.h    VDK_VERSION, VDK_PREFIX and VDK_EXPORTS(X); VDK_PLAIN_NAMES, VDK_PROPERTY_NOTE where it has them
 * kit/arch/<a>/flags.mk     target triple and compiler flags */
#ifndef VDK_ARCH_H
#define VDK_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "vdk/page.h"

/* The counter as VDK_MODE_* `mode` (not SYSCALL) reads it: 64 bits, not before the load that gave `mode` and what is ordered before
 * that are done. Later loads may be done before it: docs/decisions/rate-change.md bounds what comes of that. Where there is
 * one way to read it, both modes are it. */
static inline uint64_t vdk_counter_read(unsigned int mode);

/* Linux system call `nr`: its result, -errno for errors. */
static inline long vdk_syscall(long nr, long a, long b, long c);

#endif
