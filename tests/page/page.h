/* SPDX-License-Identifier: MIT */
/* Owns: what the page tests share: threads that run for a while.
 * Relies on: tests/unit/unit.h, pthreads.
 * Who may include: tests/page. */
#ifndef VDK_TESTS_PAGE_H
#define VDK_TESTS_PAGE_H

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#define READERS 3

static bool stop;

static inline bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED);
}

/* READERS times reader(), beside writer() in this thread, which returns when it has done its work. */
static inline void run_threads(void *(*reader)(void *), void (*writer)(void))
{
	pthread_t thread[READERS];

	__atomic_store_n(&stop, false, __ATOMIC_RELAXED);
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, reader, (void *)(intptr_t)i), 0);
	writer();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
}

static inline uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif
