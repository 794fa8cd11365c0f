/* SPDX-License-Identifier: MIT */
/* Owns: the names and structures of Linux's clock interface that the kit speaks.
 * Relies on: <stdint.h>.
 * Who may include: everyone. */
#ifndef VDK_CLOCK_H
#define VDK_CLOCK_H

#include <stdint.h>

/* clockid_t. The page answers these seven; every other id belongs to the system call. */
#define VDK_CLOCK_REALTIME 0
#define VDK_CLOCK_MONOTONIC 1
#define VDK_CLOCK_MONOTONIC_RAW 4
#define VDK_CLOCK_REALTIME_COARSE 5
#define VDK_CLOCK_MONOTONIC_COARSE 6
#define VDK_CLOCK_BOOTTIME 7
#define VDK_CLOCK_TAI 11

#define VDK_NS_PER_SEC 1000000000u

/* struct timespec of the 64-bit ABIs. 0 <= tv_nsec < 1e9, also before 1970. */
struct vdk_timespec {
	int64_t tv_sec;
	int64_t tv_nsec;
};

struct vdk_timeval {
	int64_t tv_sec;
	int64_t tv_usec;
};

struct vdk_timezone {
	int32_t tz_minuteswest;
	int32_t tz_dsttime;
};

/* Values of errno.h that the kit returns, negated. */
#define VDK_EINVAL 22
#define VDK_ERANGE 34

#endif
