/* SPDX-License-Identifier: MIT */
/* Each kind of timer and time-out under vdsorun, for tests/host/vdsorun.t: for argv[1] milliseconds of this program's time,
 * none early, and what they say of themselves. Prints what is wrong, then how many milliseconds of the host's it took. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ll
#define SEC 1000000000ll

static int64_t span_ns;
static const char *what;

static void check(bool right, const char *claim)
{
	if (!right)
		printf("%s: %s\n", what, claim);
}

static int64_t now_ns(int clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static int64_t spec_ns(struct timespec ts)
{
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static int64_t val_ns(struct timeval tv)
{
	return tv.tv_sec * SEC + tv.tv_usec * 1000;
}

static struct timespec spec(int64_t ns)
{
	return (struct timespec){ ns / SEC, ns % SEC };
}

static struct timeval val(int64_t ns)
{
	return (struct timeval){ ns / SEC, ns % SEC / 1000 };
}

/* The host's: no clock of a program. */
static int64_t uptime_ms(void)
{
	double seconds = 0;
	FILE *file = fopen("/proc/uptime", "r");

	if (file && fscanf(file, "%lf", &seconds) == 1)
		fclose(file);
	return (int64_t)(seconds * 1000);
}

static void wait_alarm(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	check(sigwaitinfo(&set, NULL) == SIGALRM, "no signal");
}

/* Just set to `span`: what it says is left. */
static bool left(int64_t ns, int64_t span)
{
	return ns > 0 && ns <= span + 2000; /* rounded twice, to 1 us */
}

/* Its signal is waiting: until that is taken, setitimer()'s timer does not go on. */
static bool pending(void)
{
	sigset_t set;

	return sigpending(&set) == 0 && sigismember(&set, SIGALRM) == 1;
}

static void by_alarm(void)
{
	alarm(1000000);
	check(labs((long)alarm((unsigned int)((span_ns + SEC - 1) / SEC)) - 1000000) < 1000, "what the one before had left");
	wait_alarm();
	check(alarm(0) == 0, "it is off");
}

static void by_itimer(void)
{
	struct itimerval timer = { val(span_ns / 2), val(1000 * span_ns) }, old;

	setitimer(ITIMER_REAL, &timer, NULL);
	timer.it_value = timer.it_interval;
	check(setitimer(ITIMER_REAL, &timer, &old) == 0 && left(val_ns(old.it_value), 1000 * span_ns), "the old value");
	check(getitimer(ITIMER_REAL, &old) == 0 && (left(val_ns(old.it_value), span_ns / 2) || pending()),
	      "the value left");
	check(llabs(val_ns(old.it_interval) - span_ns / 2) <= 100000, "the interval");
	wait_alarm();
	wait_alarm();
	memset(&timer, 0, sizeof(timer));
	setitimer(ITIMER_REAL, &timer, NULL);
	check(getitimer(ITIMER_REAL, &old) == 0 && !val_ns(old.it_value), "it is off");
}

static void by_timer(int clock, bool absolute)
{
	struct itimerspec time = { spec(span_ns / 2), spec((absolute ? now_ns(clock) : 0) + span_ns / 2) }, old;
	timer_t timer;

	check(timer_create(clock, NULL, &timer) == 0, strerror(errno));
	check(timer_settime(timer, absolute ? TIMER_ABSTIME : 0, &time, NULL) == 0, strerror(errno));
	check(timer_gettime(timer, &old) == 0 && left(spec_ns(old.it_value), span_ns / 2), "the value left");
	wait_alarm();
	wait_alarm();
	time.it_value = spec(1); /* long over: at once */
	check(timer_settime(timer, TIMER_ABSTIME, &time, &old) == 0 && left(spec_ns(old.it_value), span_ns / 2),
	      "the old value");
	wait_alarm();
	timer_delete(timer);
}

static void by_timerfd(int clock, bool absolute)
{
	struct itimerspec time = { spec(span_ns / 2), spec((absolute ? now_ns(clock) : 0) + span_ns / 2) }, old;
	int fd = timerfd_create(clock, 0);
	uint64_t seen, count = 0;

	check(timerfd_settime(fd, absolute ? TFD_TIMER_ABSTIME : 0, &time, NULL) == 0, strerror(errno));
	check(timerfd_gettime(fd, &old) == 0 && left(spec_ns(old.it_value), span_ns / 2), "the value left");
	for (; count < 2 && read(fd, &seen, sizeof(seen)) == sizeof(seen); count += seen)
		;
	check(count >= 2, "it does not come twice");
	close(fd);
}

static void by_select(void)
{
	struct timeval tv = val(1000 * span_ns);
	int ends[2];
	fd_set set;

	if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
		return;
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	check(select(ends[0] + 1, &set, NULL, NULL, &tv) == 1, "it is ready");
	check(val_ns(tv) > 500 * span_ns && left(val_ns(tv), 1000 * span_ns), "the time left");
	close(ends[0]);
	close(ends[1]);
	tv = val(span_ns);
	check(select(0, NULL, NULL, NULL, &tv) == 0 && !val_ns(tv), "no time left");
}

static void by_semaphore(void)
{
	struct sembuf take = { 0, -1, 0 };
	struct timespec ts = spec(span_ns);
	int id = semget(IPC_PRIVATE, 1, 0600);

	check(syscall(SYS_semtimedop, id, &take, 1L, &ts) == -1 && errno == EAGAIN, "it does not time out");
	semctl(id, 0, IPC_RMID);
}

static void by_bad_time(void)
{
	struct timespec bad = { 0, 2000000000 };
	int64_t until = now_ns(CLOCK_MONOTONIC) + span_ns;

	check(nanosleep(&bad, NULL) == -1 && errno == EINVAL, "EINVAL");
	check(syscall(SYS_nanosleep, 8L, NULL) == -1 && errno == EFAULT, "EFAULT");
	bad = spec(until);
	check(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &bad, NULL) == 0, "then one that is right");
}

static void measured(const char *name, void (*way)(void))
{
	int64_t begin = now_ns(CLOCK_MONOTONIC);

	what = name;
	way();
	/* The kernel may go by its own clock, which the page follows to some hundred ns. */
	check(now_ns(CLOCK_MONOTONIC) - begin >= span_ns - 2000, "it is early");
}

static void relative_timer(void) { by_timer(CLOCK_MONOTONIC, false); }
static void absolute_timer(void) { by_timer(CLOCK_REALTIME, true); }
static void monotonic_timer(void) { by_timer(CLOCK_MONOTONIC, true); }
static void relative_timerfd(void) { by_timerfd(CLOCK_REALTIME, false); }
static void absolute_timerfd(void) { by_timerfd(CLOCK_REALTIME, true); }
static void boottime_timerfd(void) { by_timerfd(CLOCK_BOOTTIME, true); }

int main(int argc, char **argv)
{
	int64_t host = uptime_ms();
	sigset_t set;

	if (argc != 2)
		return 2;
	span_ns = atoll(argv[1]) * MS;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (span_ns >= SEC)
		measured("alarm", by_alarm);
	measured("setitimer", by_itimer);
	measured("timer, MONOTONIC, relative", relative_timer);
	measured("timer, REALTIME, absolute", absolute_timer);
	measured("timer, MONOTONIC, absolute", monotonic_timer);
	measured("timerfd, REALTIME, relative", relative_timerfd);
	measured("timerfd, REALTIME, absolute", absolute_timerfd);
	measured("timerfd, BOOTTIME, absolute", boottime_timerfd);
	measured("select", by_select);
	measured("semtimedop", by_semaphore);
	measured("a mistake", by_bad_time);
	printf("%lld\n", (long long)(uptime_ms() - host));
	return 0;
}
