/* SPDX-License-Identifier: MIT */
/* adjtimex, clock_adjtime.
 * Owns: nothing. Relies on: the kit's discipline, by timekeeping.h.
 * Never: looks at a request further than privilege needs. */
#include <vdk/timex.h>

#include "abi/errno.h"
#include "mm/uaccess.h"
#include "proc/internal.h"
#include "time/clock.h"
#include "time/timekeeping.h"

static long adjust(uaddr_t user, struct vdk_timex *tx)
{
	int state;

	if (vdk_timex_changes(tx) && !process_privileged(current_process()))
		return -EPERM;
	state = clock_adjust(tx);
	if (state < 0)
		return state;
	return copy_to_user(user, tx, sizeof(*tx)) ? -EFAULT : state;
}

SYSCALL(adjtimex)
{
	struct vdk_timex tx;

	return copy_from_user(&tx, arg[0], sizeof(tx)) ? -EFAULT : adjust(arg[0], &tx);
}

SYSCALL(clock_adjtime)
{
	int id = (int)arg[0];
	struct vdk_timespec now;
	struct vdk_timex tx;

	if (copy_from_user(&tx, arg[1], sizeof(tx)))
		return -EFAULT;
	if (id != VDK_CLOCK_REALTIME)
		return clock_read(id, &now) ? -EINVAL : -EOPNOTSUPP;
	return adjust(arg[1], &tx);
}
