/* SPDX-License-Identifier: MIT */
/* Threads that read the clocks, and what they need to wait for each other.
 *
 * Owns: the claims about time across threads, and about the libc's threads as far as the kernel carries them.
 * Relies on: guest.h, pthreads. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "guest.h"

#define THREADS 4
#define READINGS 200000

static void start_all(void *(*fn)(void *), pthread_t thread[THREADS])
{
	for (size_t i = 0; i < THREADS; i++) {
		int error = pthread_create(&thread[i], NULL, fn, (void *)i);

		if (error)
			bail("pthread_create: %s", strerror(error));
	}
}

/* The sum of what the threads return. */
static long run_all(void *(*fn)(void *))
{
	pthread_t thread[THREADS];
	long sum = 0;

	start_all(fn, thread);
	for (size_t i = 0; i < THREADS; i++) {
		void *result = NULL;

		if (pthread_join(thread[i], &result) != 0)
			bail("pthread_join failed");
		sum += (long)result;
	}
	return sum;
}

/* --- the clock, seen by all --------------------------------------------------------------------------------------- */

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ns_of(&ts);
}

static int64_t latest;

static void *read_after_others(void *arg)
{
	long backwards = 0;

	(void)arg;
	for (int i = 0; i < READINGS; i++) {
		int64_t seen = __atomic_load_n(&latest, __ATOMIC_SEQ_CST), now = now_ns();

		backwards += now < seen;
		while (seen < now &&
		       !__atomic_compare_exchange_n(&latest, &seen, now, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			;
	}
	return (void *)backwards;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t latest_locked;
static unsigned long counter;

static void *read_in_turn(void *arg)
{
	long backwards = 0;

	(void)arg;
	for (int i = 0; i < READINGS; i++) {
		pthread_mutex_lock(&lock);
		int64_t now = now_ns();

		backwards += now < latest_locked;
		latest_locked = now;
		counter++;
		pthread_mutex_unlock(&lock);
	}
	return (void *)backwards;
}

static void time_never_goes_back(void)
{
	is_int(run_all(read_after_others), 0, "MONOTONIC is never less than what another thread has seen");
	is_int(run_all(read_in_turn), 0, "MONOTONIC never decreases in the order of a lock");
	is_int((long long)counter, (long long)THREADS * READINGS, "a mutex lets one thread in at a time");
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */

static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;

static void *take_turns(void *arg)
{
	int me = (int)(long)arg;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < 500; i++) {
		while (turn % THREADS != me)
			pthread_cond_wait(&changed, &lock);
		turn++;
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void conditions_wait_long_enough(clockid_t id, const char *name)
{
	pthread_condattr_t attributes;
	struct timespec until;
	pthread_cond_t never;
	int64_t end;
	int error;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, id);
	pthread_cond_init(&never, &attributes);
	clock_gettime(id, &until);
	until.tv_nsec += 60 * NS_PER_MS;
	until.tv_sec += until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	pthread_mutex_lock(&lock);
	do
		error = pthread_cond_timedwait(&never, &lock, &until);
	while (error == 0);
	end = raw_ns(id);
	pthread_mutex_unlock(&lock);
	ok(error == ETIMEDOUT && end >= ns_of(&until), "a condition's time-out on %s comes, and not before its time",
	   name);
	pthread_cond_destroy(&never);
}

static void *wake_after_30_ms(void *arg)
{
	usleep(30000);
	pthread_mutex_lock(&lock);
	*(bool *)arg = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void conditions_wake(void)
{
	struct timespec until;
	bool woken = false;
	pthread_t thread;
	int error = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 100;
	pthread_create(&thread, NULL, wake_after_30_ms, &woken);
	pthread_mutex_lock(&lock);
	while (!woken && error == 0)
		error = pthread_cond_timedwait(&changed, &lock, &until);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	ok(woken && error == 0, "a signalled condition wakes before its time-out");
	run_all(take_turns);
	is_int(turn, THREADS * 500, "threads take turns by a condition");
}

static pthread_barrier_t barrier;
static int arrived;

static void *meet(void *arg)
{
	long wrong = 0;

	(void)arg;
	for (int i = 1; i <= 100; i++) {
		__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
		pthread_barrier_wait(&barrier);
		wrong += __atomic_load_n(&arrived, __ATOMIC_SEQ_CST) != i * THREADS;
		pthread_barrier_wait(&barrier);
	}
	return (void *)wrong;
}

static void barriers_hold(void)
{
	pthread_barrier_init(&barrier, NULL, THREADS);
	is_int(run_all(meet), 0, "a barrier holds threads until all are there");
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

static _Thread_local long mine = 41;
static int ids[THREADS];

static void *use_own_variable(void *arg)
{
	bool fresh = mine == 41;

	mine += (long)arg;
	ids[(long)arg] = (int)syscall(SYS_gettid);
	for (int i = 0; i < 50; i++) {
		sched_yield();
		fresh = fresh && mine == 41 + (long)arg;
	}
	return (void *)(long)!fresh;
}

static void *leave_with(void *arg)
{
	pthread_exit(arg);
}

static void threads_are_themselves(void)
{
	bool distinct = true;
	pthread_t thread[THREADS];
	int wrong = 0;

	is_int(run_all(use_own_variable), 0, "a thread-local variable is each thread's own");
	is_int(mine, 41, "threads leave the first thread's thread-local variable alone");
	for (int i = 0; i < THREADS; i++) {
		distinct = distinct && ids[i] != getpid();
		for (int j = 0; j < i; j++)
			distinct = distinct && ids[i] != ids[j];
	}
	ok(distinct, "each thread has a number of its own");
	start_all(leave_with, thread);
	for (size_t i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(thread[i], &result);
		wrong += result != (void *)i;
	}
	is_int(wrong, 0, "pthread_join gives what the thread left with");
	wrong = 0;
	for (int i = 0; i < 200; i++)
		wrong += pthread_create(&thread[0], NULL, leave_with, NULL) != 0 || pthread_join(thread[0], NULL) != 0;
	is_int(wrong, 0, "200 threads come and go");
}

static volatile int signalled_thread;

static void on_signal(int signo)
{
	(void)signo;
	signalled_thread = (int)syscall(SYS_gettid);
}

static volatile bool stop;
static volatile int spinner;

static void *spin(void *arg)
{
	(void)arg;
	spinner = (int)syscall(SYS_gettid);
	while (!stop)
		;
	return NULL;
}

static void signals_reach_a_thread(void)
{
	pthread_t thread;

	signal(SIGUSR1, on_signal);
	pthread_create(&thread, NULL, spin, NULL);
	while (!spinner)
		sched_yield();
	pthread_kill(thread, SIGUSR1);
	for (int i = 0; i < 1000 && !signalled_thread; i++)
		usleep(1000);
	stop = true;
	pthread_join(thread, NULL);
	ok(signalled_thread != 0 && signalled_thread == spinner, "pthread_kill interrupts a thread that computes");
}

static void *exit_process(void *arg)
{
	(void)arg;
	exit(6);
}

static int process_with_waiting_threads(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exit_process, NULL);
	for (;;)
		pause();
	return 0;
}

static void *crash(void *arg)
{
	signal(SIGSEGV, SIG_DFL);
	*(volatile char *)arg = 0;
	return NULL;
}

static int process_with_a_crash(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, crash, (void *)16);
	for (;;)
		pause();
	return 0;
}

static void threads_end_together(void)
{
	is_int(in_child(process_with_waiting_threads), 6 << 8, "exit by one thread ends the process");
	is_int(in_child(process_with_a_crash) & 0x7f, SIGSEGV, "a fault of one thread ends the process");
}

int main(void)
{
	long long before = calls_made("clock_gettime");

	time_never_goes_back();
	if (before < 0)
		skip("this kernel does not count", "no reading in any thread was a system call");
	else
		is_int(calls_made("clock_gettime") - before, 0, "no reading in any thread was a system call");
	conditions_wait_long_enough(CLOCK_REALTIME, "REALTIME");
	conditions_wait_long_enough(CLOCK_MONOTONIC, "MONOTONIC");
	conditions_wake();
	barriers_hold();
	threads_are_themselves();
	signals_reach_a_thread();
	threads_end_together();
	return done();
}
