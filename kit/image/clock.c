/* SPDX-License-Identifier: MIT */
/* The image's clocks: clock_gettime, clock_getres, gettimeofday, time.
 *
 * Owns: the ABI of these calls, null pointers included.
 * Relies on: kit/page/read.h; what that does not serve becomes the system call, whose result is returned as it is.
 * Never: writes anything but the caller's memory. */
#include "entry.h"

/* Out of line, so that the hot clocks need no stack and no callee-saved register. */
static __attribute__((noinline)) int other_clock(int id, struct vdk_timespec *ts)
{
	if (vdk_user_clock(id, ts))
		return 0;
	return (int)vdk_syscall(VDK_NR_clock_gettime, id, (long)ts, 0);
}

VDK_ENTRY(int, clock_gettime, (int id, struct vdk_timespec *ts))
{
	uint64_t index = (uint32_t)id;

	__asm__("" : "+r"(index)); /* one register for the id and the index, so that none has to be saved */
	if (__builtin_expect(index <= VDK_CLOCK_MONOTONIC, 1) &&
	    __builtin_expect(vdk_read_fine(&vdk_data, VDK_KIND_HOT, (int)index, VDK_USER_WIDTH, ts, vdk_user_counter, NULL), 1))
		return 0;
	return other_clock((int)index, ts);
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

VDK_ENTRY(int, gettimeofday, (struct vdk_timeval *tv, struct vdk_timezone *tz))
{
	if (tv) {
		struct vdk_timespec ts;

		if (__builtin_expect(!vdk_user_clock(VDK_CLOCK_REALTIME, &ts), 0))
			return (int)vdk_syscall(VDK_NR_gettimeofday, (long)tv, (long)tz, 0);
		tv->tv_sec = ts.tv_sec;
		tv->tv_usec = (int64_t)((uint32_t)ts.tv_nsec / 1000);
	}
	if (tz) {
		tz->tz_minuteswest = VDK_LOAD(vdk_data.tz_minuteswest);
		tz->tz_dsttime = VDK_LOAD(vdk_data.tz_dsttime);
	}
	return 0;
}

#ifdef VDK_NR_time
/* REALTIME_COARSE's second, as the system call's. */
VDK_ENTRY(int64_t, time, (int64_t *t))
{
	struct vdk_timespec ts;

	if (__builtin_expect(!vdk_user_clock(VDK_CLOCK_REALTIME_COARSE, &ts), 0))
		return vdk_syscall(VDK_NR_time, (long)t, 0, 0);
	if (t)
		*t = ts.tv_sec;
	return ts.tv_sec;
}
#endif
