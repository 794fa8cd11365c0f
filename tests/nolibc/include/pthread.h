/* SPDX-License-Identifier: MIT */
/* Owns: the part of POSIX threads that tests use: normal mutexes, conditions, barriers, joinable threads.
 * Relies on: types.h, sched.h. Who may include: programs. */
#ifndef VDK_NOLIBC_PTHREAD_H
#define VDK_NOLIBC_PTHREAD_H

#include "sched.h"

typedef struct nolibc_thread *pthread_t;

typedef struct {
	size_t stack_size;
} pthread_attr_t;

typedef struct {
	int state; /* 0 free, 1 locked, 2 locked and somebody may wait */
} pthread_mutex_t;
typedef const void *pthread_mutexattr_t;

typedef struct {
	int sequence; /* of signals */
	clockid_t clock;
} pthread_cond_t;

typedef struct {
	clockid_t clock;
} pthread_condattr_t;

typedef struct {
	unsigned int count;
	int arrived, round;
} pthread_barrier_t;

#define PTHREAD_MUTEX_INITIALIZER { 0 }
#define PTHREAD_COND_INITIALIZER { 0, CLOCK_REALTIME }
#define PTHREAD_BARRIER_SERIAL_THREAD (-1)

int pthread_attr_init(pthread_attr_t *attributes);
int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size);
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*fn)(void *), void *arg);
int pthread_join(pthread_t thread, void **result);
_Noreturn void pthread_exit(void *result);
pthread_t pthread_self(void);
int pthread_kill(pthread_t thread, int signo);
int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int pthread_mutex_lock(pthread_mutex_t *mutex);
int pthread_mutex_unlock(pthread_mutex_t *mutex);
int pthread_condattr_init(pthread_condattr_t *attributes);
int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t clock);
int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attributes);
int pthread_cond_destroy(pthread_cond_t *cond);
int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until);
int pthread_cond_signal(pthread_cond_t *cond);
int pthread_cond_broadcast(pthread_cond_t *cond);
int pthread_barrier_init(pthread_barrier_t *barrier, const void *attributes, unsigned int count);
int pthread_barrier_wait(pthread_barrier_t *barrier);

#endif
