/* SPDX-License-Identifier: MIT */
/* The image reads KVM's and Hyper-V's pages as a hypervisor moves them: each reading lies between two readings of an exact model, none goes
 * back, and where the hypervisor stands still in the middle of a change, or takes the page away, the call is the kernel's.
 *
 * A thread is the hypervisor: again and again it changes the page, with another time stamp and another rate, in the order in which
 * hypervisors do, so that the line that the page describes has no step. Odd and even lines differ so much in each of their numbers that a
 * mixture of two is off by centuries. The slot passes the counter on unchanged: 1 ns, or 100 ns, per count, from 0.
 * Owns: that hypervisor and the model. Relies on: the TSC of this machine, seccomp.
 * Never: runs where the image has no such pages. */
#define _GNU_SOURCE
#include <pthread.h>

#include "functions.h"

#ifdef VDK_IMAGE_PVCLOCK_BELOW
#include "page/latch.h"
#include "vdk/hypervisor.h"

#define READINGS 300000 /* at least, and */
#define CHANGES 1000
#define NS_PER_S 1000000000ull

static struct vdk_page *page;
static struct vdk_pvclock *pvclock;
static struct vdk_hvclock *hvclock;
static bool stop;
static unsigned int changes; /* since the thread began */

static uint64_t tsc(void)
{
	uint64_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return high << 32 | low;
}

/* What the page should say, by its own function on a page that nobody changes; the truth is kept apart, under a lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct vdk_pvclock true_pvclock = { .tsc_to_system_mul = 1u << 31, .flags = VDK_PVCLOCK_TSC_STABLE };
static struct vdk_hvclock true_hvclock = { .sequence = 2, .scale = 1ull << 56 };

/* Counts, exactly: the formulas of KVM's and Hyper-V's documents, in 128 bits. */
static uint64_t pvclock_model(const struct vdk_pvclock *p, uint64_t at)
{
	uint64_t cycles = at - p->tsc_timestamp;

	cycles = p->tsc_shift < 0 ? cycles >> -p->tsc_shift : cycles << p->tsc_shift;
	return p->system_time + (uint64_t)((unsigned __int128)cycles * p->tsc_to_system_mul >> 32);
}

static uint64_t hvclock_model(const struct vdk_hvclock *p, uint64_t at)
{
	return (uint64_t)((unsigned __int128)at * p->scale >> 64) + (uint64_t)p->offset;
}

static uint64_t model(bool kvm)
{
	uint64_t value;

	pthread_mutex_lock(&lock);
	value = kvm ? pvclock_model(&true_pvclock, tsc()) : hvclock_model(&true_hvclock, tsc());
	pthread_mutex_unlock(&lock);
	return value;
}

#define PUT(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELEASE)

/* The next line meets the last at the TSC's present value. */
static void change_pvclock(unsigned int n)
{
	struct vdk_pvclock next = { .flags = VDK_PVCLOCK_TSC_STABLE };

	pthread_mutex_lock(&lock);
	PUT(pvclock->version, pvclock->version + 1);
	next.tsc_timestamp = tsc();
	next.system_time = pvclock_model(&true_pvclock, next.tsc_timestamp);
	next.tsc_shift = n % 2 ? -1 : 1;
	next.tsc_to_system_mul = n % 2 ? 0xc0000000u + n % 1000 : 0x20000000u + n % 1000;
	PUT(pvclock->tsc_timestamp, next.tsc_timestamp);
	PUT(pvclock->system_time, next.system_time);
	PUT(pvclock->tsc_to_system_mul, next.tsc_to_system_mul);
	PUT(pvclock->tsc_shift, next.tsc_shift);
	PUT(pvclock->flags, next.flags);
	PUT(pvclock->version, pvclock->version + 1);
	true_pvclock = next;
	pthread_mutex_unlock(&lock);
}

/* Hyper-V has no "being changed" but sequence 0. The next line is not below the last at this TSC: a count is put on top. */
static void change_hvclock(unsigned int n)
{
	struct vdk_hvclock next = { .sequence = n + 3 };
	uint64_t now;

	pthread_mutex_lock(&lock);
	PUT(hvclock->sequence, 0);
	now = tsc();
	next.scale = n % 2 ? 1ull << 56 : 3ull << 55;
	next.offset = (int64_t)(hvclock_model(&true_hvclock, now) + 1 - (uint64_t)((unsigned __int128)now * next.scale >> 64));
	PUT(hvclock->scale, next.scale);
	PUT(hvclock->offset, next.offset);
	PUT(hvclock->sequence, next.sequence);
	true_hvclock = next;
	pthread_mutex_unlock(&lock);
}

static void *hypervisor(void *unused)
{
	(void)unused;
	for (unsigned int n = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); n++) {
		change_pvclock(n);
		change_hvclock(n);
		__atomic_store_n(&changes, n, __ATOMIC_RELAXED);
		for (unsigned int pause = n % 3000; pause; pause--)
			__asm__ volatile("pause");
	}
	return NULL;
}

/* The slot of a counter of 1 GHz or 10 MHz that was 0 at time 0. */
static void set_slots(unsigned int mode)
{
	bool kvm = mode == VDK_MODE_PVCLOCK;
	/* 100 ns: 100 * 2^(64 - 7) is below 2^64. */
	struct vdk_slot now = { .mult = kvm ? 1ull << 63 : 100ull << 57, .raw_mult = kvm ? 1ull << 63 : 100ull << 57,
		.mode = (uint8_t)(mode | VDK_MODE_SCALED), .shift = kvm ? 1 : 7, .width = 64 };

	vdk_latch_publish(page, &now);
}

/* Counts by the image; false: it made the system call. */
static bool image_counts(bool kvm, uint64_t *counts)
{
	struct timespec ts = { -1, -1 };

	if (vdso_clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		return false;
	*counts = ((uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec) / (kvm ? 1 : 100);
	return true;
}

static int by_call(int id)
{
	struct timespec ts;

	return vdso_clock_gettime(id, &ts);
}

static void test_under_changes(unsigned int mode, const char *name)
{
	bool kvm = mode == VDK_MODE_PVCLOCK;
	unsigned int outside = 0, back = 0, given_up = 0;
	uint64_t last = 0;
	pthread_t thread;

	set_slots(mode);
	stop = false;
	changes = 0;
	if (pthread_create(&thread, NULL, hypervisor, NULL) != 0)
		bail("no thread");
	for (unsigned int i = 0; i < READINGS || __atomic_load_n(&changes, __ATOMIC_RELAXED) < CHANGES; i++) {
		uint64_t before = i % 8 ? 0 : model(kvm), now, after;

		if (!image_counts(kvm, &now)) {
			given_up++;
			continue;
		}
		after = i % 8 ? UINT64_MAX : model(kvm);
		outside += now < before || now > after;
		back += now < last;
		last = now;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	diag("%s: %u changes, %u readings gave up", name, changes, given_up);
	is_int(outside, 0, "%s: model <= image <= model", name);
	is_int(back, 0, "%s: no reading goes back", name);
	ok(given_up < READINGS / 2, "%s: most readings are served", name);
}

static void test_refusals(void)
{
	uint64_t counts;

	set_slots(VDK_MODE_PVCLOCK);
	ok(image_counts(true, &counts), "a page at rest is served");
	PUT(pvclock->version, pvclock->version + 1);
	is_int(by_call(CLOCK_MONOTONIC), -FILTERED, "a pvclock page that is being changed for ever is a system call");
	is_int(by_call(CLOCK_MONOTONIC_COARSE), 0, "the coarse clocks need no counter");
	PUT(pvclock->version, pvclock->version + 1);
	PUT(pvclock->flags, 0);
	is_int(by_call(CLOCK_BOOTTIME), -FILTERED, "a pvclock page without TSC_STABLE is a system call");
	PUT(pvclock->flags, VDK_PVCLOCK_TSC_STABLE);
	PUT(pvclock->tsc_shift, 32);
	is_int(by_call(CLOCK_TAI), -FILTERED, "so is one with a shift that is none");
	PUT(pvclock->tsc_shift, 0);
	PUT(pvclock->tsc_timestamp, tsc() + (1ull << 40));
	PUT(pvclock->system_time, 12345);
	ok(image_counts(true, &counts) && counts == 12345, "a TSC behind the time stamp counts as the time stamp");
	set_slots(VDK_MODE_HVCLOCK);
	ok(image_counts(false, &counts), "a TSC page at rest is served");
	PUT(hvclock->sequence, 0);
	is_int(by_call(CLOCK_REALTIME), -FILTERED, "a TSC page of sequence 0 is a system call");
	set_slots(VDK_MODE_LAST + 1);
	is_int(by_call(CLOCK_MONOTONIC), -FILTERED, "a mode that the image does not know is a system call");
}

int main(void)
{
	const unsigned char *image = map_functions();

	page = open_page(image);
	pvclock = open_data(image, VDK_IMAGE_PVCLOCK_BELOW);
	hvclock = open_data(image, VDK_IMAGE_HVCLOCK_BELOW);
	*pvclock = true_pvclock;
	*hvclock = true_hvclock;
	if (!filter_calls())
		skip_all("no seccomp here");
	test_under_changes(VDK_MODE_PVCLOCK, "pvclock");
	test_under_changes(VDK_MODE_HVCLOCK, "TSC page");
	test_refusals();
	return done();
}
#else
int main(void)
{
	puts("1..0 # SKIP this architecture's image knows no hypervisor's pages");
	return 0;
}
#endif
