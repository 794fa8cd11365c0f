/* SPDX-License-Identifier: MIT */
/* Owns: the data page, layout `native`: what the kernel writes and the image reads in every process.
 * Relies on: vdk/clock.h.
 * Who may include: everyone. The kernel maps the page and leaves its contents to vdk/time.h; the payload is read and
 * written only by kit/page. */
#ifndef VDK_PAGE_H
#define VDK_PAGE_H

/* For the linker script too. */
#define VDK_PAGE_SIZE 4096
#define VDK_PAGE_VERSION 3

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

#include "vdk/clock.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VDK_PAGE_MAGIC 0x65676170206b6476u /* "vdk page" */

/* vdk_slot.mode: how user mode reads the counter. 0 so that an all-zero page is a true one: "ask the kernel". The
 * architecture's kit/arch/<a>/counter.h says what the next two are. The last two are x86_64's: a counter of 1 GHz, of 10 MHz, that a
 * hypervisor defines by a page of its own (vdk/hypervisor.h), which is mapped in every process while the mode is that. */
#define VDK_MODE_SYSCALL 0u
#define VDK_MODE_COUNTER 1u
#define VDK_MODE_COUNTER_ALT 2u
#define VDK_MODE_PVCLOCK 3u
#define VDK_MODE_HVCLOCK 4u
#define VDK_MODE_LAST VDK_MODE_HVCLOCK

/* Added in vdk_slot.mode to a way of reading the counter where `shift` is not 0, so that one comparison tells a reader both. */
#define VDK_MODE_SCALED 0x80u

/* Bits of a counter that user mode reads: the image takes all 64. (ARM promises only 56, and 40 years before they wrap.) */
#define VDK_USER_WIDTH 64u

/* vdk_page.cpu_mode: how getcpu learns the CPU in user mode. x86_64: the value that RDPID gives, or the limit of GDT
 * selector 0x7b that LSL gives, is node << 12 | cpu, as on Linux. loongarch64: the ID that RDTIME.D gives, CSR.TID, is that.
 * Everywhere: one CPU alone is online, number 0 on node 0. The kernel takes that back (vdk_time_set_cpu_mode) before a second
 * CPU runs, and the second CPU synchronizes its instruction fetch when it starts. */
#define VDK_CPU_SYSCALL 0u
#define VDK_CPU_RDPID 1u
#define VDK_CPU_LSL 2u
#define VDK_CPU_COUNTER_ID 3u
#define VDK_CPU_SINGLE 4u

/* vdk_slot.seq of a namespace's page: slot 0, and not what a reader that is overtaken by a change of its process's pages began with. */
#define VDK_NAMESPACE_SEQ 1u

/* Keys of riscv_hwprobe that a page can hold: 0 to this, less one. */
#define VDK_HWPROBE_MAX 16u

/* One snapshot: the counter's value at one moment, what the clocks said then, and how fast they go on.
 *
 * For a counter value C, with d = (C - cycles) & mask and P = (d << shift) * mult, 128 bits wide:
 *     ns since the bases = P / 2^64 + carry(P mod 2^64 + frac)
 * d counts as 0 where its top bit is set: the counter was read before `cycles` was. MONOTONIC_RAW has mult, frac and base
 * of its own. The coarse clocks are the bases of REALTIME and MONOTONIC. */
struct vdk_slot {
	uint64_t seq;    /* the page's sequence number in slot 0; unused in slot 1 */
	uint64_t cycles; /* counter value at which the bases hold */
	uint64_t mult;   /* ns per cycle, in units of 2^(shift - 64) */
	uint64_t frac;   /* of the bases of REALTIME, MONOTONIC, BOOTTIME and TAI, in units of 2^-64 ns */
	int64_t sec[2];  /* bases of REALTIME and MONOTONIC, by clock id */
	uint32_t ns[2];  /* below 1e9 */
	uint8_t mode;    /* VDK_MODE_*, and VDK_MODE_SCALED */
	uint8_t shift;   /* below 64 */
	uint8_t width;   /* bits of the counter, 1 to 64: mask = 2^width - 1 */
	uint8_t source;  /* the kernel's, for its own readings: which of two counters this is of (struct vdk_timekeeper) */
	uint8_t pad0[4];

	/* Second cache line: the clocks that are read less often. */
	int64_t boottime_sec;
	uint32_t boottime_ns;
	int32_t tai_offset_sec; /* TAI - REALTIME */
	uint64_t raw_mult;      /* as mult, never adjusted */
	uint64_t raw_frac;
	int64_t raw_sec;
	uint32_t raw_ns;
	uint8_t pad1[20];
};

/* Readers are sent to one slot; the writer changes the other (kit/page/latch.h).
 *
 * A time namespace has a page of its own in this place (vdk/namespace.h), and the page proper further down. Everything in the
 * namespace's page says "ask the kernel", as in one of zeros, so that a reader has to ask anyway before it finds out; only
 * `in_namespace` and `offset_ns` say more. Its number is VDK_NAMESPACE_SEQ, which no page proper has. */
struct vdk_page {
	struct vdk_slot slot[2];

	/* Constant, or changed as single words. */
	uint64_t magic;   /* VDK_PAGE_MAGIC */
	uint32_t version; /* VDK_PAGE_VERSION */
	uint32_t size;    /* sizeof(struct vdk_page) */
	int32_t tz_minuteswest;
	int32_t tz_dsttime;
	uint32_t res_ns;        /* clock_getres of the fine clocks */
	uint32_t coarse_res_ns; /* of the coarse clocks: the tick */
	uint32_t cpu_mode;      /* VDK_CPU_* */
	uint32_t hwprobe_count; /* riscv64: the kernel knows the keys 0 to this, less one, and here are their values; 0: ask it */
	uint32_t hwprobe_cpus;  /* CPUs 0 to this, less one, are online and have these values, each for itself; 0: nobody has said */
	uint32_t in_namespace;  /* 1: a time namespace's page; 0: the page proper, and the offsets mean nothing */
	uint64_t hwprobe[VDK_HWPROBE_MAX]; /* by key, true of all CPUs together */
	int64_t offset_ns[2];   /* what the namespace adds: to MONOTONIC, its COARSE and RAW; to BOOTTIME */
	uint8_t pad[3648];
};

#ifdef __cplusplus
#define VDK_STATIC_ASSERT static_assert
#else
#define VDK_STATIC_ASSERT _Static_assert
#endif
#define VDK_AT(type, field, at) VDK_STATIC_ASSERT(offsetof(struct type, field) == (at), #type "." #field)
VDK_AT(vdk_slot, seq, 0);
VDK_AT(vdk_slot, cycles, 8);
VDK_AT(vdk_slot, mult, 16);
VDK_AT(vdk_slot, frac, 24);
VDK_AT(vdk_slot, sec, 32);
VDK_AT(vdk_slot, ns, 48);
VDK_AT(vdk_slot, mode, 56);
VDK_AT(vdk_slot, shift, 57);
VDK_AT(vdk_slot, width, 58);
VDK_AT(vdk_slot, source, 59);
VDK_AT(vdk_slot, boottime_sec, 64);
VDK_AT(vdk_slot, boottime_ns, 72);
VDK_AT(vdk_slot, tai_offset_sec, 76);
VDK_AT(vdk_slot, raw_mult, 80);
VDK_AT(vdk_slot, raw_frac, 88);
VDK_AT(vdk_slot, raw_sec, 96);
VDK_AT(vdk_slot, raw_ns, 104);
VDK_AT(vdk_page, magic, 256);
VDK_AT(vdk_page, version, 264);
VDK_AT(vdk_page, size, 268);
VDK_AT(vdk_page, tz_minuteswest, 272);
VDK_AT(vdk_page, tz_dsttime, 276);
VDK_AT(vdk_page, res_ns, 280);
VDK_AT(vdk_page, coarse_res_ns, 284);
VDK_AT(vdk_page, cpu_mode, 288);
VDK_AT(vdk_page, hwprobe_count, 292);
VDK_AT(vdk_page, hwprobe_cpus, 296);
VDK_AT(vdk_page, in_namespace, 300);
VDK_AT(vdk_page, hwprobe, 304);
VDK_AT(vdk_page, offset_ns, 432);
#undef VDK_AT
VDK_STATIC_ASSERT(sizeof(struct vdk_slot) == 128, "a slot is two cache lines");
VDK_STATIC_ASSERT(sizeof(struct vdk_page) == VDK_PAGE_SIZE, "the page is a page");

#ifdef __cplusplus
}
#endif
#endif /* !__ASSEMBLER__ */
#endif
