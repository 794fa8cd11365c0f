/* SPDX-License-Identifier: MIT */
/* Clocks through the vDSO, as a libc finds it, or else by the system call; sleeps and timers.
 *
 * Owns: <time.h>, sched_getcpu(). Relies on: vdso_reader.h. */
#include "nolibc.h"

#include <errno.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/time.h>

#include "vdso_reader.h"

static int (*vdso_gettime)(clockid_t, struct timespec *);
static int (*vdso_getres)(clockid_t, struct timespec *);
static int (*vdso_gettimeofday)(struct timeval *, void *);
static int (*vdso_getcpu)(unsigned int *, unsigned int *, void *);

void nolibc_find_vdso(void)
{
	struct vdso vdso;

	if (!vdso_read(&vdso, (const void *)getauxval(AT_SYSINFO_EHDR)))
		return;
	*(void **)&vdso_gettime = vdso_function(&vdso, VDSO_PREFIX "clock_gettime");
	*(void **)&vdso_getres = vdso_function(&vdso, VDSO_PREFIX "clock_getres");
	*(void **)&vdso_gettimeofday = vdso_function(&vdso, VDSO_PREFIX "gettimeofday");
	*(void **)&vdso_getcpu = vdso_function(&vdso, VDSO_PREFIX "getcpu");
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	if (vdso_gettime)
		return (int)nolibc_result(vdso_gettime(id, ts));
	return (int)nolibc_result(CALL2(clock_gettime, id, ts));
}

int clock_getres(clockid_t id, struct timespec *ts)
{
	if (vdso_getres)
		return (int)nolibc_result(vdso_getres(id, ts));
	return (int)nolibc_result(CALL2(clock_getres, id, ts));
}

int clock_settime(clockid_t id, const struct timespec *ts)
{
	return (int)nolibc_result(CALL2(clock_settime, id, ts));
}

int gettimeofday(struct timeval *tv, void *zone)
{
	if (vdso_gettimeofday)
		return (int)nolibc_result(vdso_gettimeofday(tv, zone));
	return (int)nolibc_result(CALL2(gettimeofday, tv, zone));
}

time_t time(time_t *seconds)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(CLOCK_REALTIME, &ts);
	if (seconds)
		*seconds = ts.tv_sec;
	return ts.tv_sec;
}

int sched_getcpu(void)
{
	unsigned int cpu = 0;
	long result = vdso_getcpu ? vdso_getcpu(&cpu, NULL, NULL) : CALL3(getcpu, &cpu, NULL, NULL);

	return result ? (int)nolibc_result(result) : (int)cpu;
}

int nanosleep(const struct timespec *length, struct timespec *rest)
{
	return (int)nolibc_result(CALL2(nanosleep, length, rest));
}

int clock_nanosleep(clockid_t id, int flags, const struct timespec *until, struct timespec *rest)
{
	return (int)-CALL4(clock_nanosleep, id, flags, until, rest);
}

int usleep(unsigned int us)
{
	struct timespec length = { us / 1000000, us % 1000000 * 1000 };

	return nanosleep(&length, NULL);
}

int setitimer(int which, const struct itimerval *value, struct itimerval *old)
{
	return (int)nolibc_result(CALL3(setitimer, which, value, old));
}

/* Rounded to a second, but what is left is never told as none. */
unsigned int alarm(unsigned int seconds)
{
	struct itimerval value = { .it_value.tv_sec = seconds }, old = { 0 };

	setitimer(ITIMER_REAL, &value, &old);
	if (old.it_value.tv_usec >= 500000 || (old.it_value.tv_sec == 0 && old.it_value.tv_usec > 0))
		old.it_value.tv_sec++;
	return (unsigned int)old.it_value.tv_sec;
}
