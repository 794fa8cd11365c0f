/* SPDX-License-Identifier: MIT */
/* adjtimex, clock_adjtime: the query. Nothing disciplines the clock so far, and the answer says so: unsynchronised.
 * Owns: nothing. Relies on: clock.h.
 * Never: pretends to adjust: every request to change something is EOPNOTSUPP. */
#include "abi/errno.h"
#include "abi/timex.h"
#include "core/string.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "time/clock.h"
#include "time/timekeeping.h"

/* What an undisciplined Linux says. */
#define UNKNOWN_ERROR_USEC 16000000
#define TIME_CONSTANT 2
#define FREQ_TOLERANCE (500L << 16) /* 500 ppm */
#define TICK_USEC 10000             /* 1 / USER_HZ */

/* Both clocks show whole nanoseconds of the same count: the difference is one of whole seconds, but for the time
 * between the readings. */
static int32_t tai_offset(struct vdk_timespec *now)
{
	struct vdk_timespec tai;
	int64_t ns;

	clock_read(VDK_CLOCK_REALTIME, now);
	clock_read(VDK_CLOCK_TAI, &tai);
	ns = (tai.tv_sec - now->tv_sec) * NSEC_PER_SEC + tai.tv_nsec - now->tv_nsec;
	return (int32_t)(ns / NSEC_PER_SEC);
}

static long adjust(uaddr_t user, struct timex *tx)
{
	struct vdk_timespec now;
	uint32_t modes = tx->modes;

	if (modes & ADJ_ADJTIME) {
		if (!(modes & ADJ_OFFSET_SINGLESHOT))
			return -EINVAL;
		if (!(modes & ADJ_OFFSET_READONLY))
			return process_privileged(current_process()) ? -EOPNOTSUPP : -EPERM;
	} else if (modes) {
		return process_privileged(current_process()) ? -EOPNOTSUPP : -EPERM;
	}
	memset(tx, 0, sizeof(*tx));
	tx->modes = modes;
	tx->maxerror = tx->esterror = UNKNOWN_ERROR_USEC;
	tx->status = STA_UNSYNC;
	tx->constant = TIME_CONSTANT;
	tx->precision = 1;
	tx->tolerance = FREQ_TOLERANCE;
	tx->tick = TICK_USEC;
	tx->tai = tai_offset(&now);
	tx->time_sec = now.tv_sec;
	tx->time_usec = now.tv_nsec / 1000;
	return copy_to_user(user, tx, sizeof(*tx)) ? -EFAULT : TIME_ERROR;
}

SYSCALL(adjtimex)
{
	struct timex tx;

	return copy_from_user(&tx, arg[0], sizeof(tx)) ? -EFAULT : adjust(arg[0], &tx);
}

SYSCALL(clock_adjtime)
{
	int id = (int)arg[0];
	struct vdk_timespec now;
	struct timex tx;

	if (copy_from_user(&tx, arg[1], sizeof(tx)))
		return -EFAULT;
	if (id != VDK_CLOCK_REALTIME)
		return clock_read(id, &now) ? -EINVAL : -EOPNOTSUPP;
	return adjust(arg[1], &tx);
}
