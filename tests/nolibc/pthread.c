/* SPDX-License-Identifier: MIT */
/* Threads by clone() and futexes.
 *
 * Owns: <pthread.h>, <sched.h>. Relies on: start.c for a thread's memory.
 * Never: frees the memory of a thread that nobody joins. */
#include "nolibc.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_WAIT_BITSET 9
#define FUTEX_PRIVATE 128
#define FUTEX_REALTIME 256

#define GUARD 16384ul /* the largest page */
#define DEFAULT_STACK (128ul << 10)
#define DESCRIPTOR 8192ul /* and thread-local variables */

#define load(at) __atomic_load_n(at, __ATOMIC_SEQ_CST)
#define exchange(at, value) __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST)
#define add(at, value) __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST)

/* Sleep while `*at` is `value`. 0, or -errno; 0 need not mean that it has changed. */
static long wait_while(int *at, int value)
{
	return CALL4(futex, at, FUTEX_WAIT | FUTEX_PRIVATE, value, NULL);
}

static void wake(int *at, int count)
{
	CALL3(futex, at, FUTEX_WAKE | FUTEX_PRIVATE, count);
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

int pthread_attr_init(pthread_attr_t *attributes)
{
	attributes->stack_size = DEFAULT_STACK;
	return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
	attributes->stack_size = size;
	return 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *), void *arg)
{
	const unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
				    CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	size_t stack = attributes ? attributes->stack_size : DEFAULT_STACK, size = GUARD + stack + DESCRIPTOR;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct nolibc_thread *new_thread;
	long tid;

	if (memory == MAP_FAILED)
		return EAGAIN;
	mprotect(memory, GUARD, PROT_NONE);
	new_thread = nolibc_make_thread(memory + GUARD + stack, DESCRIPTOR);
	if (!new_thread) {
		munmap(memory, size);
		return EAGAIN;
	}
	new_thread->memory = memory;
	new_thread->size = size;
	new_thread->fn = fn;
	new_thread->arg = arg;
	*thread = new_thread;
	tid = nolibc_clone(flags, memory + GUARD + stack, &new_thread->tid, &new_thread->tid,
			   nolibc_pointer_of(new_thread));
	if (tid < 0) {
		munmap(memory, size);
		return (int)-tid;
	}
	return 0;
}

void nolibc_thread_main(void)
{
	pthread_exit(nolibc_self()->fn(nolibc_self()->arg));
}

void pthread_exit(void *result)
{
	nolibc_self()->result = result;
	for (;;)
		CALL1(exit, 0);
}

/* The kernel's wake-up of an ended thread is not a private one. */
int pthread_join(pthread_t thread, void **result)
{
	int tid;

	while ((tid = load(&thread->tid)) != 0)
		CALL4(futex, &thread->tid, FUTEX_WAIT, tid, NULL);
	if (result)
		*result = thread->result;
	munmap(thread->memory, thread->size);
	return 0;
}

pthread_t pthread_self(void)
{
	return nolibc_self();
}

int pthread_kill(pthread_t thread, int signo)
{
	return (int)-CALL3(tgkill, getpid(), load(&thread->tid), signo);
}

/* --- mutexes and conditions --------------------------------------------------------------------------------------- */

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
	(void)attributes;
	mutex->state = 0;
	return 0;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	int state = 0;

	if (__atomic_compare_exchange_n(&mutex->state, &state, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return 0;
	while (exchange(&mutex->state, 2) != 0)
		wait_while(&mutex->state, 2);
	return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	if (exchange(&mutex->state, 0) == 2)
		wake(&mutex->state, 1);
	return 0;
}

int pthread_condattr_init(pthread_condattr_t *attributes)
{
	attributes->clock = CLOCK_REALTIME;
	return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock)
{
	attributes->clock = clock;
	return 0;
}

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attributes)
{
	cond->sequence = 0;
	cond->clock = attributes ? attributes->clock : CLOCK_REALTIME;
	return 0;
}

int pthread_cond_destroy(pthread_cond_t *cond)
{
	(void)cond;
	return 0;
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
	int operation = FUTEX_WAIT_BITSET | FUTEX_PRIVATE | (cond->clock == CLOCK_REALTIME ? FUTEX_REALTIME : 0);
	int sequence = load(&cond->sequence);
	long result;

	pthread_mutex_unlock(mutex);
	result = CALL(futex, &cond->sequence, operation, sequence, until, 0, -1);
	pthread_mutex_lock(mutex);
	return result == -ETIMEDOUT ? ETIMEDOUT : 0;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	return pthread_cond_timedwait(cond, mutex, NULL);
}

int pthread_cond_signal(pthread_cond_t *cond)
{
	add(&cond->sequence, 1);
	wake(&cond->sequence, 1);
	return 0;
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
	add(&cond->sequence, 1);
	wake(&cond->sequence, 0x7fffffff);
	return 0;
}

/* --- barriers ----------------------------------------------------------------------------------------------------- */

int pthread_barrier_init(pthread_barrier_t *barrier, const void *attributes, unsigned int count)
{
	(void)attributes;
	*barrier = (pthread_barrier_t){ count, 0, 0 };
	return 0;
}

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
	int round = load(&barrier->round);

	if (add(&barrier->arrived, 1) + 1 == (int)barrier->count) {
		barrier->arrived = 0;
		add(&barrier->round, 1);
		wake(&barrier->round, 0x7fffffff);
		return PTHREAD_BARRIER_SERIAL_THREAD;
	}
	while (load(&barrier->round) == round)
		wait_while(&barrier->round, round);
	return 0;
}

/* --- CPUs --------------------------------------------------------------------------------------------------------- */

int sched_yield(void)
{
	return (int)nolibc_result(CALL0(sched_yield));
}

/* The kernel tells how much it has written. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	CPU_ZERO(set);
	return nolibc_result(CALL3(sched_getaffinity, pid, size, set)) < 0 ? -1 : 0;
}

int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *set)
{
	return (int)nolibc_result(CALL3(sched_setaffinity, pid, size, set));
}
