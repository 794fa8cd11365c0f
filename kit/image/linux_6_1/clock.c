/* SPDX-License-Identifier: MIT */
/* The clocks of the image for layout linux-6.1: clock_gettime, clock_getres, gettimeofday, time.
 *
 * Owns: the ABI of these calls. Relies on: kit/page/linux_6_1.h; what that does not serve becomes the system call.
 * Never: writes anything but the caller's memory. */
#include "linux_6_1.h"

#include "image/export.h"
#include "page/linux_6_1.h"

/* Where the linker script puts them. */
extern const struct vdk_linux_6_1_data vdk_data __attribute__((visibility("hidden")));
extern const struct vdk_linux_6_1_data vdk_proper __attribute__((visibility("hidden")));

VDK_INLINE bool user_clock(int id, struct vdk_timespec *ts)
{
	const struct vdk_linux_6_1_pages pages = { &vdk_data, &vdk_proper };

	return __builtin_expect(vdk_linux_6_1_clock(&pages, id, ts, vdk_linux_6_1_counter), 1);
}

VDK_INLINE const struct vdk_linux_6_1_entry *proper(void)
{
	const struct vdk_linux_6_1_pages pages = { &vdk_data, &vdk_proper };

	return vdk_linux_6_1_proper(&pages)->clock;
}

VDK_ENTRY(int, clock_gettime, (int id, struct vdk_timespec *ts))
{
	if (user_clock(id, ts))
		return 0;
	return (int)vdk_syscall(VDK_NR_clock_gettime, id, (long)ts, 0);
}

VDK_ENTRY(int, clock_getres, (int id, struct vdk_timespec *res))
{
	const struct vdk_linux_6_1_pages pages = { &vdk_data, &vdk_proper };
	uint32_t ns = vdk_linux_6_1_res(&pages, id);

	if (!ns)
		return (int)vdk_syscall(VDK_NR_clock_getres, id, (long)res, 0);
	if (res) {
		res->tv_sec = 0;
		res->tv_nsec = ns;
	}
	return 0;
}

VDK_ENTRY(int, gettimeofday, (struct vdk_timeval *tv, struct vdk_timezone *tz))
{
	struct vdk_timespec ts;

	if (tv) {
		if (!user_clock(VDK_CLOCK_REALTIME, &ts))
			return (int)vdk_syscall(VDK_NR_gettimeofday, (long)tv, (long)tz, 0);
		tv->tv_sec = ts.tv_sec;
		tv->tv_usec = (int64_t)((uint32_t)ts.tv_nsec / 1000);
	}
	if (tz) {
		tz->tz_minuteswest = VDK_LOAD(proper()->tz_minuteswest);
		tz->tz_dsttime = VDK_LOAD(proper()->tz_dsttime);
	}
	return 0;
}

#ifdef VDK_NR_time
/* REALTIME's base is that of the last tick, and its second one word. */
VDK_ENTRY(int64_t, time, (int64_t *t))
{
	int64_t sec = (int64_t)VDK_LOAD(proper()->base[VDK_CLOCK_REALTIME].sec);

	if (t)
		*t = sec;
	return sec;
}
#endif
