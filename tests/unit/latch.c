/* SPDX-License-Identifier: MIT */
/* kit/page/latch.h: the writer stopped at each instruction of an update; a reader then still finishes, with a whole snapshot. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "page/read.h"

#define NO_PTRACE 77

static struct vdk_page *page; /* shared with the writer */

/* Every field of snapshot `n` follows from n. */
static struct vdk_slot snapshot(uint64_t n)
{
	return (struct vdk_slot){
		.cycles = n, .mult = 3 * n, .frac = ~n, .sec = { (int64_t)n + 1, (int64_t)n + 2 },
		.ns = { (uint32_t)n + 3, (uint32_t)n + 4 }, .mode = VDK_MODE_COUNTER, .shift = n & 31, .width = 64,
		.boottime_sec = (int64_t)n + 5, .boottime_ns = (uint32_t)n + 6, .tai_offset_sec = (int32_t)n + 7,
		.raw_mult = 5 * n, .raw_frac = ~n + 8, .raw_sec = (int64_t)n + 9, .raw_ns = (uint32_t)n + 10,
	};
}

/* One reading by the protocol: true and *got, or false where it must go round again. */
static bool try_read(struct vdk_slot *got)
{
	uint64_t seq = vdk_latch_begin(page);

	*got = *vdk_latch_slot(page, seq);
	got->seq = 0;
	return !vdk_latch_retry(page, seq);
}

static void __attribute__((noinline)) update(uint64_t n)
{
	struct vdk_slot now = snapshot(n);

	vdk_latch_publish(page, &now);
}

static void reader_finishes_wherever_the_writer_stops(void)
{
	struct vdk_slot old = snapshot(1000), new = snapshot(2000), got;
	bool seen_new = false;
	int status, olds = 0, news = 0, odd = 0;
	pid_t writer;

	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(page != MAP_FAILED);
	update(1000);
	writer = fork();
	assert_true(writer >= 0);
	if (!writer) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
			_exit(errno == ENOSYS ? NO_PTRACE : 1);
		raise(SIGSTOP);
		update(2000);
		_exit(0);
	}
	assert_int_equal(waitpid(writer, &status, 0), writer);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PTRACE) {
		unit_skipped = "no ptrace here, as in QEMU's user mode";
		return;
	}
	while (!WIFEXITED(status)) {
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, writer, NULL, NULL), 0);
		assert_int_equal(waitpid(writer, &status, 0), writer);
		assert_true(try_read(&got)); /* at once: nobody moves the number meanwhile */
		if (!memcmp(&got, &new, sizeof(got))) {
			seen_new = true;
			news++;
		} else {
			assert_false(seen_new);
			assert_true(memcmp(&got, &old, sizeof(got)) == 0);
			olds++;
		}
		odd += vdk_latch_slot(page, page->slot[0].seq) == &page->slot[1];
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(olds > 10 && news > 10 && odd > 10); /* it was stopped before, in and after the update */
	assert_int_equal(page->slot[0].seq, 4 * VDK_LATCH_STEP);
}

/* A reader that began before an update and looks again after: it must go round, since its slot was rewritten. */
static void reader_goes_round_after_a_completed_update(void)
{
	uint64_t seq;

	update(1);
	seq = vdk_latch_begin(page);
	update(2);
	assert_true(vdk_latch_retry(page, seq));
	seq = vdk_latch_begin(page);
	assert_false(vdk_latch_retry(page, seq));
	/* also after half of one: slot 0 may be in change */
	struct vdk_slot now = snapshot(3);
	vdk_latch_write(page, 1, &now);
	assert_false(vdk_latch_retry(page, seq));
	vdk_latch_flip(page);
	assert_true(vdk_latch_retry(page, seq));
}

static void sequence_number_is_compared_in_all_its_bits(void)
{
	uint64_t seq = vdk_latch_begin(page);

	for (int bit = 0; bit < 64; bit++) {
		page->slot[0].seq = seq ^ 1ull << bit;
		assert_true(vdk_latch_retry(page, seq));
		assert_true(vdk_latch_begin(page) == (seq ^ 1ull << bit));
	}
	page->slot[0].seq = seq;
	assert_false(vdk_latch_retry(page, seq));
	page->slot[0].seq = (1ull << 32) - VDK_LATCH_STEP;
	vdk_latch_flip(page);
	assert_true(page->slot[0].seq == 1ull << 32);
	page->slot[0].seq = seq;
}

static void hot_clocks_live_in_one_cache_line(void)
{
	assert_true(offsetof(struct vdk_slot, width) < 64);
	assert_true(offsetof(struct vdk_page, slot) == 0 && sizeof(page->slot[0]) % 64 == 0);
}

static const struct unit_test tests[] = {
	UNIT_TEST(reader_finishes_wherever_the_writer_stops),
	UNIT_TEST(reader_goes_round_after_a_completed_update),
	UNIT_TEST(sequence_number_is_compared_in_all_its_bits),
	UNIT_TEST(hot_clocks_live_in_one_cache_line),
};
RUN(tests)
