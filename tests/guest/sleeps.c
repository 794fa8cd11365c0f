/* SPDX-License-Identifier: MIT */
/* Timers and sleeps, and what signals do to them.
 *
 * Owns: the claims about lengths of time. Relies on: guest.h.
 * Never: expects anything to happen soon, only never too early. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/time.h>

#include "guest.h"

static volatile sig_atomic_t calls;
static volatile int code;

static void note(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	code = info->si_code;
	calls++;
}

static void catch_alarm(int flags)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | flags };

	if (sigaction(SIGALRM, &action, NULL) != 0)
		bail("sigaction: %s", strerror(errno));
	calls = 0;
}

static void alarm_after_ms(long first_ms, long every_ms)
{
	struct itimerval timer = {
		.it_value = { first_ms / 1000, first_ms % 1000 * 1000 },
		.it_interval = { every_ms / 1000, every_ms % 1000 * 1000 },
	};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* --- timers ------------------------------------------------------------------------------------------------------- */

static void timers_go_off(void)
{
	int64_t begin;
	unsigned int left;

	catch_alarm(0);
	begin = libc_ns(CLOCK_MONOTONIC);
	alarm(1);
	pause();
	ok(calls == 1 && code == SI_KERNEL && libc_ns(CLOCK_MONOTONIC) - begin >= NS_PER_S,
	   "alarm(1) goes off after a second, not before");
	alarm(100);
	left = alarm(0);
	ok(left == 99 || left == 100, "alarm(0) stops the alarm, and tells what was left");
	catch_alarm(0);
	begin = libc_ns(CLOCK_MONOTONIC);
	alarm_after_ms(20, 10);
	while (calls < 10)
		pause();
	alarm_after_ms(0, 0);
	ok(libc_ns(CLOCK_MONOTONIC) - begin >= 110 * NS_PER_MS,
	   "an interval timer goes off again, not faster than asked");
	calls = 0;
	usleep(50000);
	is_int(calls, 0, "a stopped timer does not go off");
}

/* --- sleeps ------------------------------------------------------------------------------------------------------- */

static bool sleeps_at_least(long ns)
{
	struct timespec length = { ns / NS_PER_S, ns % NS_PER_S };
	int64_t begin = raw_ns(CLOCK_MONOTONIC), slept;

	if (nanosleep(&length, NULL) != 0)
		return false;
	slept = raw_ns(CLOCK_MONOTONIC) - begin;
	if (slept >= ns)
		return true;
	diag("asked for %ld ns, slept %lld", ns, (long long)slept);
	return false;
}

static void sleeps_are_long_enough(void)
{
	static const long lengths[] = { 0,       1,       1000,     999999,    1000000,   3999999,
					4000000, 4000001, 20000000, 123456789, 1000000001 };
	struct timespec bad[] = { { 0, NS_PER_S }, { 0, -1 }, { -1, 0 } };

	for (size_t i = 0; i < LENGTH(lengths); i++)
		ok(sleeps_at_least(lengths[i]), "nanosleep of %ld ns is not shorter", lengths[i]);
	for (size_t i = 0; i < LENGTH(bad); i++)
		ok(nanosleep(&bad[i], NULL) == -1 && errno == EINVAL, "nanosleep of %ld s, %ld ns is EINVAL",
		   (long)bad[i].tv_sec, bad[i].tv_nsec);
}

static void interrupted_sleep_tells_the_rest(void)
{
	struct timespec asked = { 5, 0 }, rest = { 0, 0 };
	int64_t begin, slept;

	catch_alarm(SA_RESTART);
	alarm_after_ms(100, 0);
	begin = raw_ns(CLOCK_MONOTONIC);
	ok(nanosleep(&asked, &rest) == -1 && errno == EINTR && calls == 1, "nanosleep is EINTR after a handler");
	slept = raw_ns(CLOCK_MONOTONIC) - begin;
	ok(ns_of(&rest) < ns_of(&asked) - 90 * NS_PER_MS && ns_of(&rest) + slept >= ns_of(&asked),
	   "nanosleep tells what was left");
	diag("slept %lld ns, rest %lld", (long long)slept, (long long)ns_of(&rest));
}

static int sleep_200_ms(void)
{
	return !sleeps_at_least(200 * NS_PER_MS);
}

static void stopped_sleep_goes_on(void)
{
	int64_t begin = raw_ns(CLOCK_MONOTONIC);
	pid_t pid = start(sleep_200_ms);
	int status;

	for (int i = 0; i < 3; i++) {
		usleep(20000);
		kill(pid, SIGSTOP);
		usleep(5000);
		kill(pid, SIGCONT);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "nanosleep goes on after SIGSTOP and SIGCONT");
	diag("200 ms took %lld ms", (long long)((raw_ns(CLOCK_MONOTONIC) - begin) / NS_PER_MS));
}

static int send_ignored_signals(void)
{
	for (int i = 0; i < 5; i++) {
		usleep(10000);
		kill(getppid(), SIGCHLD);
		kill(getppid(), SIGUSR2);
	}
	return 0;
}

static void ignored_signals_do_not_wake(void)
{
	pid_t pid;

	signal(SIGUSR2, SIG_IGN);
	pid = start(send_ignored_signals);
	ok(sleeps_at_least(150 * NS_PER_MS), "ignored signals do not end a sleep");
	waitpid(pid, NULL, 0);
}

static void absolute_sleeps_reach_their_time(void)
{
	static const clockid_t by[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME };
	struct timespec past = { 0, 1 };

	for (size_t i = 0; i < LENGTH(by); i++) {
		struct timespec until;
		int64_t end;
		int error;

		clock_gettime(by[i], &until);
		until.tv_nsec += 50 * NS_PER_MS;
		until.tv_sec += until.tv_nsec / NS_PER_S;
		until.tv_nsec %= NS_PER_S;
		error = clock_nanosleep(by[i], TIMER_ABSTIME, &until, NULL);
		end = raw_ns(by[i]);
		ok(error == 0 && end >= ns_of(&until), "clock_nanosleep until a time ends at it, not before: clock %d",
		   (int)by[i]);
		is_int(clock_nanosleep(by[i], TIMER_ABSTIME, &past, NULL), 0,
		       "clock_nanosleep until a time in the past ends: clock %d", (int)by[i]);
	}
	is_int(clock_nanosleep(CLOCK_MONOTONIC_COARSE, 0, &past, NULL), ENOTSUP,
	       "clock_nanosleep by a clock that can't wake is ENOTSUP");
	is_int(clock_nanosleep(77, 0, &past, NULL), EINVAL, "clock_nanosleep by no clock is EINVAL");
}

int main(void)
{
	timers_go_off();
	sleeps_are_long_enough();
	interrupted_sleep_tells_the_rest();
	stopped_sleep_goes_on();
	ignored_signals_do_not_wake();
	absolute_sleeps_reach_their_time();
	return done();
}
