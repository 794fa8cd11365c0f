/* SPDX-License-Identifier: MIT */
/* Owns: the data page of Linux 6.1's vDSO, layout `linux-6.1`: for a kernel that maps a stock image, or another that reads its page.
 * Relies on: vdk/time.h. The layout is Linux's, of include/vdso/datapage.h and each architecture's linker script, and no other
 * version's: Linux promises nobody to keep it.
 * Who may include: every kernel; kit/page, kit/image, host/vdsoctl. */
#ifndef VDK_LINUX_6_1_H
#define VDK_LINUX_6_1_H

/* Where the data are, in bytes below the image's ELF header; and where the real ones are in a time namespace, whose own are in the
 * place of these. Images are made for the page size of Linux there, 4 KiB, loongarch64 16 KiB: a kernel whose own pages are larger has the
 * two in one page on riscv64 and aarch64, and then no time namespaces under this layout. For the linker script too. */
#define VDK_LINUX_6_1_BELOW_X86_64 0x3f80 /* behind it KVM's page, 0x3000 below, and Hyper-V's, 0x2000 below */
#define VDK_LINUX_6_1_PROPER_X86_64 0xf80
#define VDK_LINUX_6_1_BELOW_AARCH64 0x2000
#define VDK_LINUX_6_1_PROPER_AARCH64 0x1000
#define VDK_LINUX_6_1_BELOW_RISCV64 0x2000
#define VDK_LINUX_6_1_PROPER_RISCV64 0x1000
#define VDK_LINUX_6_1_BELOW_LOONGARCH64 0xc000 /* Linux's pages there have 16 KiB; each CPU's node is 0x4000 below */
#define VDK_LINUX_6_1_PROPER_LOONGARCH64 0x8000

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

#include "vdk/time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* vdk_linux_6_1_entry.clock_mode. KVM's and Hyper-V's counters are x86_64's. */
#define VDK_LINUX_6_1_SYSCALL 0
#define VDK_LINUX_6_1_COUNTER 1
#define VDK_LINUX_6_1_PVCLOCK 2
#define VDK_LINUX_6_1_HVCLOCK 3
#define VDK_LINUX_6_1_NAMESPACE 0x7fffffff /* the other page has the rest, this one the offsets; seq stays 1 */

/* A clock at cycle_last; in a namespace's page, what is added to it. */
struct vdk_linux_6_1_base {
	uint64_t sec;  /* signed in a namespace's page */
	uint64_t nsec; /* fine clocks: ns << shift, below 1e9 << shift; coarse clocks, and in a namespace's page: ns */
};

/* For a counter value C: ns = (base.nsec + ((C - cycle_last) & mask) * mult) >> shift. Stock images compute that in 64 bits. */
struct vdk_linux_6_1_entry {
	uint32_t seq; /* odd while an update is under way: readers wait */
	int32_t clock_mode;
	uint64_t cycle_last;
	uint64_t mask;
	uint32_t mult;
	uint32_t shift;
	struct vdk_linux_6_1_base base[12]; /* by clock id */
	int32_t tz_minuteswest;
	int32_t tz_dsttime;
	uint32_t hrtimer_res; /* clock_getres of the fine clocks, ns */
	uint32_t unused;
};

/* [0] has every clock but MONOTONIC_RAW, the zone and hrtimer_res, [1] has MONOTONIC_RAW. */
struct vdk_linux_6_1_data {
	struct vdk_linux_6_1_entry clock[2];
};

#define VDK_AT(field, at) VDK_STATIC_ASSERT(offsetof(struct vdk_linux_6_1_data, field) == (at), #field)
VDK_AT(clock[0].seq, 0x00);
VDK_AT(clock[0].clock_mode, 0x04);
VDK_AT(clock[0].cycle_last, 0x08);
VDK_AT(clock[0].mask, 0x10);
VDK_AT(clock[0].mult, 0x18);
VDK_AT(clock[0].shift, 0x1c);
VDK_AT(clock[0].base[VDK_CLOCK_REALTIME].sec, 0x20);
VDK_AT(clock[0].base[VDK_CLOCK_REALTIME].nsec, 0x28);
VDK_AT(clock[0].base[VDK_CLOCK_MONOTONIC], 0x30);
VDK_AT(clock[0].base[VDK_CLOCK_REALTIME_COARSE], 0x70);
VDK_AT(clock[0].base[VDK_CLOCK_MONOTONIC_COARSE], 0x80);
VDK_AT(clock[0].base[VDK_CLOCK_BOOTTIME], 0x90);
VDK_AT(clock[0].base[VDK_CLOCK_TAI], 0xd0);
VDK_AT(clock[0].tz_minuteswest, 0xe0);
VDK_AT(clock[0].tz_dsttime, 0xe4);
VDK_AT(clock[0].hrtimer_res, 0xe8);
VDK_AT(clock[0].unused, 0xec);
VDK_AT(clock[1].seq, 0xf0);
VDK_AT(clock[1].base[VDK_CLOCK_MONOTONIC_RAW], 0x150);
#undef VDK_AT
VDK_STATIC_ASSERT(sizeof(struct vdk_linux_6_1_entry) == 240, "an entry has 240 bytes");
VDK_STATIC_ASSERT(sizeof(struct vdk_linux_6_1_data) == 480, "two entries");

/* The straight line that readers of a page see of the clocks that share a rate, and how it lies to the timekeeper's. */
struct vdk_linux_6_1_line {
	int64_t sec;
	uint64_t units; /* of 2^-shift ns, below 1 s */
	uint32_t mult;
	int64_t excess; /* mult is that much above the timekeeper's own rate, in 2^-32 of its unit */
};

/* What fills a page at each publication. The caller owns the memory; the fields are the kit's. */
struct vdk_linux_6_1 {
	struct vdk_follower follower; /* first */
	struct vdk_linux_6_1_data *kdata;
	const struct vdk_clocksource *cs;
	struct vdk_slot then; /* what the timekeeper said at the last publication */
	uint64_t tick_cycles;
	unsigned int shift;
	bool running; /* there was one */
	struct vdk_linux_6_1_line line[2]; /* MONOTONIC and what goes with it; MONOTONIC_RAW */
};

/* From now on fill `kdata`, the kernel's writable view, zeros before, aligned to 8, whenever `tk` publishes, under the
 * lock of who publishes. A kernel whose programs have a native page only does not call this, and then links none of it.
 *
 * Readers see the timekeeper's clocks as near as a 32-bit mult allows. With u = tick_ns scaled by what one unit of mult is of the
 * rate, 0.5 to 1 ns for counters up to 16 GHz and ticks up to 4 ms: off by 0.6 u at most while ticks come on time, and by 2.5 u
 * for each tick's time of the longest span without a publication. No clock steps back unless the timekeeper's does, not by
 * a nanosecond; a step of REALTIME is exact. Between publications, 2^(64 - shift) ns less a second may go by before a
 * stock reader overflows: 18 minutes for 2.5 GHz and ticks of 4 ms, 19 hours for 62.5 MHz, 52 days for 1 MHz.
 * docs/decisions/linux-6.1-layout.md derives this.
 *
 * A clocksource that the timekeeper has left must be readable until the next publication. */
void vdk_linux_6_1_start(struct vdk_linux_6_1 *writer, struct vdk_timekeeper *tk, struct vdk_linux_6_1_data *kdata);

/* Fill the page of a time namespace: `monotonic` is added to MONOTONIC, its COARSE and RAW, `boottime` to BOOTTIME. tv_nsec from 0
 * to 1e9 - 1. It is mapped in the place of the page proper, that where VDK_LINUX_6_1_PROPER_* says. Constant once mapped. */
void vdk_linux_6_1_namespace(struct vdk_linux_6_1_data *kdata, const struct vdk_timespec *monotonic,
			     const struct vdk_timespec *boottime);

#ifdef __cplusplus
}
#endif
#endif /* !__ASSEMBLER__ */
#endif
