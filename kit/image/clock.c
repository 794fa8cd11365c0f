/* SPDX-License-Identifier: MIT */
/* The image's clocks: clock_gettime, clock_getres, gettimeofday, time.
 *
 * Owns: the ABI of these calls, null pointers included.
 * Relies on: kit/page/read.h; what that does not serve becomes the system call, whose result is returned as it is.
 * Never: writes anything but the caller's memory. */
#include "entry.h"

/* Each entry point serves what is common in one attempt, without a stack or a callee-saved register, and leaves the rest to a function
 * out of line: a counter that is read in another way, a publication that came between, what is the kernel's. */
#define OUT_OF_LINE static __attribute__((noinline))

OUT_OF_LINE int call_clock_gettime(int id, struct vdk_timespec *ts)
{
	return (int)vdk_syscall(VDK_NR_clock_gettime, id, (long)ts, 0);
}

OUT_OF_LINE int rest_of_clock_gettime(int id, struct vdk_timespec *ts)
{
	if (__builtin_expect(vdk_user_clock(id, ts), 1))
		return 0;
	return call_clock_gettime(id, ts);
}

/* Not REALTIME or MONOTONIC. */
OUT_OF_LINE int other_clock(int id, struct vdk_timespec *ts)
{
	if ((uint32_t)id <= VDK_CLOCK_MONOTONIC)
		__builtin_unreachable();
	if (__builtin_expect(vdk_hot_clock(id, ts), 1))
		return 0;
	return rest_of_clock_gettime(id, ts);
}

VDK_ENTRY(int, clock_gettime, (int id, struct vdk_timespec *ts))
{
	uint64_t index = (uint32_t)id;

	__asm__("" : "+r"(index)); /* one register for the id and the index, so that none has to be saved */
	if (__builtin_expect(index > VDK_CLOCK_MONOTONIC, 0))
		return other_clock((int)index, ts);
	if (__builtin_expect(vdk_read_fine(&vdk_data, VDK_KIND_HOT, (int)index, true, ts, vdk_hot_counter, NULL), 1))
		return 0;
	return rest_of_clock_gettime((int)index, ts);
}

VDK_ENTRY(int, clock_getres, (int id, struct vdk_timespec *res))
{
	uint32_t ns = vdk_read_res(&vdk_data, id);

	if (__builtin_expect(!ns, 0))
		return (int)vdk_syscall(VDK_NR_clock_getres, id, (long)res, 0);
	if (res) {
		res->tv_sec = 0;
		res->tv_nsec = ns;
	}
	return 0;
}

VDK_INLINE void put_timeval(struct vdk_timeval *tv, const struct vdk_timespec *ts)
{
	tv->tv_sec = ts->tv_sec;
	tv->tv_usec = (int64_t)((uint32_t)ts->tv_nsec / 1000);
}

VDK_INLINE int put_zone(struct vdk_timezone *tz)
{
	if (tz) {
		tz->tz_minuteswest = VDK_LOAD(vdk_data.tz_minuteswest);
		tz->tz_dsttime = VDK_LOAD(vdk_data.tz_dsttime);
	}
	return 0;
}

OUT_OF_LINE int rest_of_gettimeofday(struct vdk_timeval *tv, struct vdk_timezone *tz)
{
	struct vdk_timespec ts;

	if (!vdk_user_clock(VDK_CLOCK_REALTIME, &ts))
		return (int)vdk_syscall(VDK_NR_gettimeofday, (long)tv, (long)tz, 0);
	put_timeval(tv, &ts);
	return put_zone(tz);
}

VDK_ENTRY(int, gettimeofday, (struct vdk_timeval *tv, struct vdk_timezone *tz))
{
	if (tv) {
		struct vdk_timespec ts;

		if (__builtin_expect(!vdk_hot_clock(VDK_CLOCK_REALTIME, &ts), 0))
			return rest_of_gettimeofday(tv, tz);
		put_timeval(tv, &ts);
	}
	return put_zone(tz);
}

#ifdef VDK_NR_time
OUT_OF_LINE int64_t rest_of_time(int64_t *t)
{
	struct vdk_timespec ts;

	if (!vdk_user_clock(VDK_CLOCK_REALTIME_COARSE, &ts))
		return vdk_syscall(VDK_NR_time, (long)t, 0, 0);
	if (t)
		*t = ts.tv_sec;
	return ts.tv_sec;
}

/* REALTIME_COARSE's second, as the system call's. */
VDK_ENTRY(int64_t, time, (int64_t *t))
{
	struct vdk_timespec ts;

	if (__builtin_expect(!vdk_hot_clock(VDK_CLOCK_REALTIME_COARSE, &ts), 0))
		return rest_of_time(t);
	if (t)
		*t = ts.tv_sec;
	return ts.tv_sec;
}
#endif
