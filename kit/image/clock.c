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

/* The rest of the way in a time namespace, or by a hypervisor's counter. Each function ends in the next one, so that only what reads a
 * hypervisor's page may need a stack: not every machine's compiler describes the end of a frame to unwinders. */
OUT_OF_LINE int move_clock(int id, struct vdk_timespec *ts)
{
	int done = 0;

	__asm__("" : "+r"(done)); /* a caller that knows the result would not end in this */
	if (VDK_LOAD(vdk_data.in_namespace))
		vdk_move(ts, vdk_namespace_offset(&vdk_data, id));
	return done;
}

OUT_OF_LINE int elsewhere_clock_gettime(int id, struct vdk_timespec *ts)
{
	if (!vdk_read_clock(vdk_proper_page(), id, false, ts, vdk_any_counter, NULL))
		return call_clock_gettime(id, ts);
	return move_clock(id, ts);
}

OUT_OF_LINE int rest_of_clock_gettime(int id, struct vdk_timespec *ts)
{
	if (__builtin_expect(vdk_user_clock(id, ts), 1))
		return 0;
	if (vdk_is_elsewhere())
		return elsewhere_clock_gettime(id, ts);
	return call_clock_gettime(id, ts);
}

/* Not REALTIME or MONOTONIC. */
VDK_INLINE int other_clock(int id, struct vdk_timespec *ts)
{
	const int coarse = id - VDK_CLOCK_REALTIME_COARSE;
	bool served;

	if ((uint32_t)id <= VDK_CLOCK_MONOTONIC)
		__builtin_unreachable();
	if ((uint32_t)coarse <= VDK_CLOCK_MONOTONIC) /* first: they take so little that each branch counts */
		served = vdk_read_coarse(vdk_hot_page(), coarse, true, ts, vdk_hot_counter, NULL);
	else
		served = vdk_hot_clock(id, ts);
	return __builtin_expect(served, 1) ? 0 : rest_of_clock_gettime(id, ts);
}

VDK_ENTRY(int, clock_gettime, (int id, struct vdk_timespec *ts))
{
	if (__builtin_expect((uint32_t)id > VDK_CLOCK_MONOTONIC, 0))
		return other_clock(id, ts);
	if (__builtin_expect(vdk_read_fine(vdk_hot_page(), VDK_KIND_HOT, id, true, ts, vdk_hot_counter, NULL), 1))
		return 0;
	return rest_of_clock_gettime(id, ts);
}

VDK_INLINE int put_res(struct vdk_timespec *res, uint32_t ns)
{
	if (res) {
		res->tv_sec = 0;
		res->tv_nsec = ns;
	}
	return 0;
}

OUT_OF_LINE int rest_of_clock_getres(int id, struct vdk_timespec *res)
{
	uint32_t ns = vdk_read_res(vdk_proper_page(), id);

	return ns ? put_res(res, ns) : (int)vdk_syscall(VDK_NR_clock_getres, id, (long)res, 0);
}

VDK_ENTRY(int, clock_getres, (int id, struct vdk_timespec *res))
{
	uint32_t ns = vdk_read_res(&vdk_data, id);

	if (__builtin_expect(!ns, 0))
		return rest_of_clock_getres(id, res);
	return put_res(res, ns);
}

VDK_INLINE void put_timeval(struct vdk_timeval *tv, const struct vdk_timespec *ts)
{
	tv->tv_sec = ts->tv_sec;
	tv->tv_usec = (int64_t)((uint32_t)ts->tv_nsec / 1000);
}

VDK_INLINE int put_zone(struct vdk_timezone *tz, const struct vdk_page *upage)
{
	if (tz) {
		tz->tz_minuteswest = VDK_LOAD(upage->tz_minuteswest);
		tz->tz_dsttime = VDK_LOAD(upage->tz_dsttime);
	}
	return 0;
}

OUT_OF_LINE int call_gettimeofday(struct vdk_timeval *tv, struct vdk_timezone *tz)
{
	return (int)vdk_syscall(VDK_NR_gettimeofday, (long)tv, (long)tz, 0);
}

OUT_OF_LINE int elsewhere_gettimeofday(struct vdk_timeval *tv, struct vdk_timezone *tz)
{
	struct vdk_timespec ts;

	if (!vdk_read_clock(vdk_proper_page(), VDK_CLOCK_REALTIME, false, &ts, vdk_any_counter, NULL))
		return call_gettimeofday(tv, tz);
	put_timeval(tv, &ts);
	return put_zone(tz, vdk_proper_page());
}

OUT_OF_LINE int rest_of_gettimeofday(struct vdk_timeval *tv, struct vdk_timezone *tz)
{
	struct vdk_timespec ts;

	if (!tv)
		return put_zone(tz, vdk_proper_page());
	if (!vdk_user_clock(VDK_CLOCK_REALTIME, &ts))
		return vdk_is_elsewhere() ? elsewhere_gettimeofday(tv, tz) : call_gettimeofday(tv, tz);
	put_timeval(tv, &ts);
	return put_zone(tz, &vdk_data);
}

/* The zone alone is out of line: a namespace's page has none, and no mode to tell by. */
VDK_ENTRY(int, gettimeofday, (struct vdk_timeval *tv, struct vdk_timezone *tz))
{
	struct vdk_timespec ts;

	if (!tv || __builtin_expect(!vdk_hot_clock(VDK_CLOCK_REALTIME, &ts), 0))
		return rest_of_gettimeofday(tv, tz);
	put_timeval(tv, &ts);
	return put_zone(tz, &vdk_data);
}

#ifdef VDK_NR_time
VDK_INLINE int64_t put_time(int64_t *t, int64_t sec)
{
	if (t)
		*t = sec;
	return sec;
}

OUT_OF_LINE int64_t call_time(int64_t *t)
{
	return vdk_syscall(VDK_NR_time, (long)t, 0, 0);
}

OUT_OF_LINE int64_t elsewhere_time(int64_t *t)
{
	struct vdk_timespec ts;

	if (!vdk_read_clock(vdk_proper_page(), VDK_CLOCK_REALTIME_COARSE, false, &ts, vdk_any_counter, NULL))
		return call_time(t);
	return put_time(t, ts.tv_sec);
}

OUT_OF_LINE int64_t rest_of_time(int64_t *t)
{
	struct vdk_timespec ts;

	if (!vdk_user_clock(VDK_CLOCK_REALTIME_COARSE, &ts))
		return vdk_is_elsewhere() ? elsewhere_time(t) : call_time(t);
	return put_time(t, ts.tv_sec);
}

/* REALTIME_COARSE's second, as the system call's. */
VDK_ENTRY(int64_t, time, (int64_t *t))
{
	int64_t sec;

	if (__builtin_expect(!vdk_read_second(&vdk_data, &sec, vdk_hot_counter, NULL), 0))
		return rest_of_time(t);
	return put_time(t, sec);
}
#endif
