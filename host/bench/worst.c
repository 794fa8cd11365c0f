/* SPDX-License-Identifier: MIT */
/* The worst call while a writer is stopped, again and again, in the middle of an update: vdk's reader, a
 * seqlock's, and the floor, which waits for nobody and so shows what the machine does to any call.
 *
 * Owns: the writer, a process of its own, and the seqlock.
 * Relies on: SIGSTOP, which the writer raises between two steps of an update, and SIGCONT some milliseconds later.
 * Never: stops the writer outside of an update. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "page/latch.h"

#define CHUNK 500000
#define UPDATE_NS 1000000
#define UPDATES_PER_STOP 10
#define STOPPED_NS 10000000

/* A seqlock as usual: odd while the writer writes, and readers wait for an even number. */
struct seqlock {
	_Alignas(MACHINE_LINE) uint64_t seq;
	uint64_t cycles, mult, sec, ns;
};

static struct seqlock *seqlock; /* shared with the writer */

static __attribute__((noinline, aligned(64))) long seqlock_call(long a, long out, long c)
{
	struct vdk_timespec *ts = (struct vdk_timespec *)out;
	uint64_t seq, ns, sec;

	(void)a;
	(void)c;
	do {
		while ((seq = __atomic_load_n(&seqlock->seq, __ATOMIC_ACQUIRE)) & 1)
			machine_relax();
		ns = machine_counter() - VDK_LOAD(seqlock->cycles);
		ns = (uint64_t)((unsigned __int128)ns * VDK_LOAD(seqlock->mult) >> 32) + VDK_LOAD(seqlock->ns);
		sec = VDK_LOAD(seqlock->sec);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (VDK_LOAD(seqlock->seq) != seq);
	for (; ns >= VDK_NS_PER_SEC; ns -= VDK_NS_PER_SEC)
		sec++;
	ts->tv_sec = (int64_t)sec;
	ts->tv_nsec = (int64_t)ns;
	return 0;
}

static void seqlock_begin(void)
{
	VDK_STORE(seqlock->seq, VDK_LOAD(seqlock->seq) + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void seqlock_end(const struct vdk_slot *now, uint64_t mult)
{
	VDK_STORE(seqlock->cycles, now->cycles);
	VDK_STORE(seqlock->mult, mult);
	VDK_STORE(seqlock->sec, (uint64_t)now->sec[VDK_CLOCK_MONOTONIC]);
	VDK_STORE(seqlock->ns, (uint64_t)now->ns[VDK_CLOCK_MONOTONIC]);
	__atomic_store_n(&seqlock->seq, VDK_LOAD(seqlock->seq) + 1, __ATOMIC_RELEASE);
}

/* One update of both, with a stop after step `stop`, 0 to 2; none with another number. */
static void update(struct bench *b, unsigned int stop)
{
	const struct vdk_slot *now = &b->tk.now;

	vdk_time_tick(&b->tk); /* to a page that nobody reads: the clocks advance */
	seqlock_begin();
	vdk_latch_write(b->kpage, 1, now);
	if (stop == 0)
		raise(SIGSTOP);
	vdk_latch_flip(b->kpage);
	if (stop == 1)
		raise(SIGSTOP);
	vdk_latch_write(b->kpage, 0, now);
	if (stop == 2)
		raise(SIGSTOP);
	vdk_latch_flip(b->kpage);
	seqlock_end(now, (uint64_t)(1e9 / b->counter_hz * 0x1p32));
}

_Noreturn static void write_and_stop(struct bench *b)
{
	static _Alignas(VDK_PAGE_SIZE) struct vdk_page own;
	const struct timespec pause = { 0, UPDATE_NS };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_on(b->cpu[1]);
	b->tk.kpage = &own;
	for (unsigned int n = 0;; n++) {
		update(b, n % UPDATES_PER_STOP ? UINT32_MAX : n / UPDATES_PER_STOP % 3);
		nanosleep(&pause, NULL);
	}
}

struct keeper {
	pid_t pid;
	unsigned int stops;
	bool stop;
};

/* Lets the writer go on some time after it has stopped. */
static void *keep(void *arg)
{
	const struct timespec pause = { 0, STOPPED_NS };
	struct keeper *k = arg;
	int status;

	while (!__atomic_load_n(&k->stop, __ATOMIC_RELAXED)) {
		if (waitpid(k->pid, &status, WUNTRACED) != k->pid || !WIFSTOPPED(status))
			fail_with("worst call", "the writer has ended");
		nanosleep(&pause, NULL);
		k->stops++;
		kill(k->pid, SIGCONT);
	}
	return NULL;
}

static unsigned int bucket_of(uint64_t ticks)
{
	unsigned int octave;

	if (ticks < 8)
		return (unsigned int)ticks;
	octave = 63 - (unsigned int)__builtin_clzll(ticks);
	return octave * 8 + (unsigned int)(ticks >> (octave - 3) & 7);
}

/* From the counter after one call to the counter after the next. */
static __attribute__((noinline)) void chunk(struct worst_result *result, call_t *call, long a, long out, uint64_t count)
{
	uint64_t last = machine_counter();

	result->calls += count;
	for (; count; count--) {
		uint64_t now, ticks;

		call(a, out, 0);
		now = machine_counter();
		ticks = now - last;
		last = now;
		result->bucket[bucket_of(ticks)]++;
		if (ticks > result->worst_ticks)
			result->worst_ticks = ticks;
	}
}

void measure_worst(struct bench *b)
{
	static const char *const names[WORSTS] = { "vdk", "seqlock", "floor" };
	static struct place place;
	call_t *const call[WORSTS] = { b->series[VDK].call, seqlock_call, b->series[FLOOR].call };
	struct keeper keeper = { 0 };
	pthread_t thread;

	seqlock = mmap(NULL, sizeof(*seqlock), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seqlock == MAP_FAILED)
		fail("mmap");
	keeper.pid = fork();
	if (keeper.pid < 0)
		fail("fork");
	if (keeper.pid == 0)
		write_and_stop(b);
	if (pthread_create(&thread, NULL, keep, &keeper) != 0)
		fail("pthread_create");
	for (uint64_t done = 0; done < b->worst_calls; done += CHUNK) {
		uint64_t count = b->worst_calls - done < CHUNK ? b->worst_calls - done : CHUNK;

		progress("worst call", done, b->worst_calls);
		for (int i = 0; i < WORSTS; i++)
			chunk(&b->worst[i], call[i], VDK_CLOCK_MONOTONIC, (long)&place, count);
	}
	for (int i = 0; i < WORSTS; i++)
		b->worst[i].subject = names[i];
	__atomic_store_n(&keeper.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	kill(keeper.pid, SIGKILL);
	waitpid(keeper.pid, NULL, 0);
	b->stops = keeper.stops;
	b->stopped_ms = STOPPED_NS / 1e6;
	munmap(seqlock, sizeof(*seqlock));
}
