/* SPDX-License-Identifier: MIT */
/* kit/time: one counter in place of another, under readers, against an exact model of the time that passes. */
#include "counters.h"
#include "time/rate.h"
#include "vdk/time.h"

#define SKEW_PART 512 /* the header's */
#define PPM_MAX ((int64_t)1000000 / SKEW_PART)

static struct vdk_page page __attribute__((aligned(VDK_PAGE_SIZE)));
static struct vdk_timekeeper tk;

static void make_any(unsigned int i)
{
	unsigned int width = (unsigned int)random_between(24, 64);

	make(i, random_between(100000, random_word() & 1 ? 10000000 : 10000000000u), width,
	     width == VDK_USER_WIDTH ? (unsigned int)random_between(VDK_MODE_SYSCALL, VDK_MODE_COUNTER_ALT) : VDK_MODE_SYSCALL);
}

static void start(void)
{
	struct vdk_time_config config = { .wall = { 1000, 5 }, .tai_offset_sec = 37, .tick_ns = 1000 };

	real = 0;
	read_cost_ns = 0;
	assert_int_equal(vdk_time_init(&tk, &fake[0].cs, &page, &config), 0);
}

static wide_signed now(const struct vdk_timekeeper *of, int id)
{
	struct vdk_timespec ts;

	assert_true(vdk_time_now(of, id, &ts));
	assert_true(ts.tv_nsec >= 0 && ts.tv_nsec < VDK_NS_PER_SEC);
	return (wide_signed)ts.tv_sec * VDK_NS_PER_SEC + ts.tv_nsec;
}

/* Nanoseconds times 2^64, of a snapshot's base. */
static wide exact(int64_t sec, uint32_t ns, uint64_t frac)
{
	return ((wide)sec * VDK_NS_PER_SEC + ns) << 64 | frac;
}

static wide monotonic_base(const struct vdk_slot *s)
{
	return exact(s->sec[VDK_CLOCK_MONOTONIC], s->ns[VDK_CLOCK_MONOTONIC], s->frac);
}

static wide raw_base(const struct vdk_slot *s)
{
	return exact(s->raw_sec, s->raw_ns, s->raw_frac);
}

/* mult * to / from, to nearest, as a wide number. */
static wide convert(uint64_t mult, uint64_t from, uint64_t to)
{
	return ((wide)mult * to * 2 + from) / ((wide)from * 2);
}

/* The header's anchor, bit for bit, for both rates; then the rates. Counters at rest during the change. */
static void the_anchor_and_the_rates_are_the_documented_ones(void)
{
	for (int i = 0; i < 20000; i++) {
		struct vdk_slot old;
		uint64_t nominal, cycles, old_shift, b, margin;
		int64_t freq = 0;
		wide mono, raw;

		make_any(0);
		make_any(1);
		start();
		if (i & 1) {
			freq = (int64_t)random_between(0, 2 * VDK_FREQ_MAX) - VDK_FREQ_MAX;
			assert_int_equal(vdk_time_set_freq(&tk, freq), 0);
			assert_int_equal(vdk_time_set_raw_freq(&tk, (int64_t)random_between(0, 2 * VDK_FREQ_MAX) - VDK_FREQ_MAX), 0);
		}
		real += (wide)random_bits(40) * AS_PER_NS % (AS_PER_SEC * ((UINT64_MAX >> (65 - fake[0].cs.width)) / 2) / fake[0].cs.hz);
		old = tk.now, nominal = tk.nominal_mult, old_shift = old.shift;
		cycles = (show(&fake[0]) - old.cycles) & (UINT64_MAX >> (64 - fake[0].cs.width));
		margin = 2 + tk.bound_cycles / SKEW_PART;
		b = show(&fake[1]);
		assert_int_equal(vdk_time_set_clocksource(&tk, &fake[1].cs), 0);
		assert_true(tk.cs == &fake[1].cs);
		assert_int_equal(tk.now.cycles, b);
		assert_int_equal(tk.now.width, fake[1].cs.width);
		assert_int_equal(tk.now.mode & ~VDK_MODE_SCALED, fake[1].cs.user_mode);
		assert_int_equal(tk.now.mult, vdk_rate_adjust(tk.nominal_mult, freq));
		assert_true(convert(old.raw_mult, nominal, tk.nominal_mult) == tk.now.raw_mult);
		mono = monotonic_base(&old) + ((wide)(cycles + margin) << old_shift) * old.mult + ((wide)1 << tk.now.shift) * tk.now.mult;
		raw = raw_base(&old) + ((wide)(cycles + margin) << old_shift) * old.raw_mult + ((wide)1 << tk.now.shift) * tk.now.raw_mult;
		assert_true(monotonic_base(&tk.now) == mono);
		assert_true(raw_base(&tk.now) == raw);
		assert_true(now(&tk, VDK_CLOCK_MONOTONIC) == (wide_signed)(mono >> 64));
		assert_true(now(&tk, VDK_CLOCK_BOOTTIME) == (wide_signed)(mono >> 64));
		assert_true(now(&tk, VDK_CLOCK_REALTIME) == (wide_signed)(mono >> 64) + (wide_signed)1000 * VDK_NS_PER_SEC + 5);
		assert_true(now(&tk, VDK_CLOCK_TAI) == now(&tk, VDK_CLOCK_REALTIME) + (wide_signed)37 * VDK_NS_PER_SEC);
		assert_true(now(&tk, VDK_CLOCK_MONOTONIC_RAW) == (wide_signed)(raw >> 64));
		assert_true(now(&tk, VDK_CLOCK_MONOTONIC_COARSE) == (wide_signed)(mono >> 64));
		assert_int_equal(tk.late_publishes, 0);
	}
}

/* Nominal stays nominal, and a rate that was set stays within 1e-17 over a thousand changes. */
static void rates_survive_any_number_of_changes(void)
{
	wide want, got;
	uint64_t nominal;

	make(0, 2500000000u, 64, VDK_MODE_COUNTER);
	make(1, 14318180, 32, VDK_MODE_SYSCALL);
	make(2, 3579545, 24, VDK_MODE_SYSCALL);
	start();
	assert_int_equal(vdk_time_set_freq(&tk, 32768000), 0);
	nominal = tk.nominal_mult, want = tk.now.mult;
	for (int i = 1; i <= 999; i++) {
		assert_int_equal(vdk_time_set_clocksource(&tk, &fake[i % 3].cs), 0);
		assert_int_equal(tk.now.raw_mult, tk.nominal_mult);
	}
	got = tk.now.mult;
	assert_int_equal(tk.nominal_mult, nominal);
	got = got > want ? got - want : want - got;
	assert_true(got * 100000000000000000u < want);
}

/* Any two counters, each off its rate, readings that take time: who reads the old snapshot until the bound after the
 * change never reads more than who reads the new one then or later, and the step forward is no more than the documented
 * one. */
static void no_clock_steps_back_or_far_forward(void)
{
	static const int ids[] = { VDK_CLOCK_MONOTONIC, VDK_CLOCK_MONOTONIC_RAW, VDK_CLOCK_BOOTTIME, VDK_CLOCK_TAI,
		VDK_CLOCK_REALTIME };

	for (int i = 0; i < 20000; i++) {
		struct vdk_timekeeper old_reader;
		struct vdk_page old;
		wide_signed before[5], most;
		wide from;

		make_any(0);
		make_any(1);
		fake[0].ppm = (int64_t)random_between(0, (uint64_t)PPM_MAX) - PPM_MAX / 2;
		fake[1].ppm = (int64_t)random_between(0, (uint64_t)PPM_MAX) - PPM_MAX / 2;
		start();
		real += (wide)random_bits(14) * AS_PER_NS; /* 14: within a quarter wrap of any */
		if (i & 1)
			assert_int_equal(vdk_time_set_freq(&tk, (int64_t)random_between(0, 65536000) - 32768000), 0);
		old = page, old_reader = tk, old_reader.kpage = &old;
		read_cost_ns = random_bits(11);
		assert_int_equal(vdk_time_set_clocksource(&tk, &fake[1].cs), 0);
		read_cost_ns = 0;
		from = real; /* a little after the last reading: what the publication takes */
		for (int r = 0; r < 8; r++) {
			wide at = from + (wide)random_between(0, 7999) * AS_PER_NS;

			real = at;
			for (int c = 0; c < 5; c++)
				before[c] = now(&old_reader, ids[c]);
			real = at + (wide)(r & 1 ? random_bits(10) : 0) * (AS_PER_NS / 16);
			for (int c = 0; c < 5; c++)
				assert_true(now(&tk, ids[c]) >= before[c]);
		}
		/* Two halves of each of three readings, two old cycles, one new, 1/512 of the bound; rates and skews
		 * make less than 3 %. */
		most = (wide_signed)(6 * 2047 + 2 * (VDK_NS_PER_SEC / fake[0].cs.hz + 1) + VDK_NS_PER_SEC / fake[1].cs.hz + 1 + 20);
		real = from;
		assert_true(now(&tk, VDK_CLOCK_MONOTONIC) <= now(&old_reader, VDK_CLOCK_MONOTONIC) + most + most / 32 + 20);
	}
}

static bool in_hook;

static void change_to_the_other(void)
{
	in_hook = true;
	assert_int_equal(vdk_time_set_clocksource(&tk, tk.cs == &fake[0].cs ? &fake[1].cs : &fake[0].cs), 0);
}

static void change_twice(void)
{
	change_to_the_other();
	assert_int_equal(vdk_time_set_clocksource(&tk, &fake[2].cs), 0);
}

/* A reader that the change overtakes after it has looked at the number and read a counter: it goes round, and never
 * takes one counter for the other. */
static void a_reader_that_is_overtaken_reads_one_counter(void)
{
	for (int i = 0; i < 2000; i++) {
		wide_signed before, after;

		make(0, 2500000000u, 64, VDK_MODE_COUNTER);
		make(1, 14318180, 32, VDK_MODE_SYSCALL);
		make(2, 3579545, 24, VDK_MODE_SYSCALL);
		start();
		real += (wide)1000 * AS_PER_NS;
		before = now(&tk, VDK_CLOCK_MONOTONIC);
		in_hook = false;
		fake[0].hook = i & 1 ? change_to_the_other : change_twice;
		after = now(&tk, VDK_CLOCK_MONOTONIC);
		assert_true(in_hook);
		assert_true(after >= before && after <= before + 1000);
	}
}

/* Readers that were sent to the old snapshot go on by the old counter until the number has changed. */
static void who_has_the_old_snapshot_reads_the_old_counter(void)
{
	struct vdk_timekeeper old_reader;
	struct vdk_page old;

	make(0, 2500000000u, 64, VDK_MODE_COUNTER);
	make(1, 14318180, 32, VDK_MODE_SYSCALL);
	start();
	old = page;
	assert_int_equal(vdk_time_set_clocksource(&tk, &fake[1].cs), 0);
	old_reader = tk, old_reader.kpage = &old;
	fake[0].reads = fake[1].reads = 0;
	now(&old_reader, VDK_CLOCK_MONOTONIC);
	assert_int_equal(fake[0].reads, 1);
	assert_int_equal(fake[1].reads, 0);
	now(&tk, VDK_CLOCK_MONOTONIC);
	assert_int_equal(fake[0].reads, 1);
	assert_int_equal(fake[1].reads, 1);
	assert_int_equal(old.slot[0].mode, VDK_MODE_COUNTER);
	assert_int_equal(page.slot[0].mode, VDK_MODE_SYSCALL);
	assert_int_equal(page.slot[1].mode, VDK_MODE_SYSCALL);
}

static void pass_more_than_the_bound(void)
{
	real += (wide)10002 * AS_PER_NS;
}

static unsigned int reads_to_go;

static void pass_late(void)
{
	if (--reads_to_go)
		fake[0].hook = pass_late;
	else
		pass_more_than_the_bound();
}

static void a_late_publication_is_counted(void)
{
	make(0, 1000000000u, 64, VDK_MODE_COUNTER);
	make(1, 14318180, 32, VDK_MODE_SYSCALL);
	start();
	assert_int_equal(vdk_time_set_clocksource(&tk, &fake[1].cs), 0);
	assert_int_equal(tk.late_publishes, 0);
	start();
	reads_to_go = 4; /* one, and one more for each of three tries: the last reading before the publication */
	fake[0].hook = pass_late, fake[0].reads = 0;
	assert_int_equal(vdk_time_set_clocksource(&tk, &fake[1].cs), 0);
	assert_int_equal(fake[0].reads, 5); /* one after the publication */
	assert_int_equal(tk.late_publishes, 1);
}

static void bad_counters_are_refused_and_change_nothing(void)
{
	struct vdk_timekeeper tk_before;
	struct vdk_page before;
	struct fake good;

	make(0, 1000000000u, 64, VDK_MODE_COUNTER);
	make(1, 1000000u, 64, VDK_MODE_COUNTER);
	start();
	good = fake[1], before = page, tk_before = tk;
#define REFUSED(field, value)                                                                      \
	do {                                                                                       \
		fake[1] = good, fake[1].cs.field = (value);                                        \
		assert_int_equal(vdk_time_set_clocksource(&tk, &fake[1].cs), -VDK_EINVAL);         \
	} while (0)
	REFUSED(read, NULL);
	REFUSED(hz, 0);
	REFUSED(hz, VDK_HZ_MAX + 1);
	REFUSED(width, 1);
	REFUSED(width, 65);
	REFUSED(width, VDK_USER_WIDTH - 1);
	REFUSED(user_mode, VDK_MODE_SCALED);
	good.cs.user_mode = VDK_MODE_SYSCALL;
	REFUSED(width, 4); /* the bound of 10 microseconds is more than half a wrap */
	fake[1] = good, fake[1].cs.width = 6;
	assert_true(memcmp(&before, &page, sizeof(page)) == 0 && memcmp(&tk_before, &tk, sizeof(tk)) == 0);
	assert_int_equal(vdk_time_set_clocksource(&tk, &fake[0].cs), 0); /* the same */
	assert_true(memcmp(&before, &page, sizeof(page)) == 0 && memcmp(&tk_before, &tk, sizeof(tk)) == 0);
	assert_int_equal(vdk_time_set_clocksource(&tk, &fake[1].cs), 0);
	assert_int_equal(vdk_time_suspend(&tk, NULL), 0);
	before = page, tk_before = tk;
	assert_int_equal(vdk_time_set_clocksource(&tk, &fake[0].cs), -VDK_EINVAL);
	assert_true(memcmp(&before, &page, sizeof(page)) == 0 && memcmp(&tk_before, &tk, sizeof(tk)) == 0);
}

static void the_best_is_the_highest_rated_that_is_stable(void)
{
	struct vdk_clocksource a = { .rating = 300 }, b = { .rating = 400 }, c = { .rating = 400 }, d = { .rating = 0 };
	const struct vdk_clocksource *all[] = { &a, &b, &c, &d, NULL }, *none[] = { NULL };

	assert_true(vdk_clocksource_best(all) == &b);
	b.unstable = true;
	assert_true(vdk_clocksource_best(all) == &c);
	c.unstable = true;
	assert_true(vdk_clocksource_best(all) == &a);
	a.unstable = true;
	assert_true(vdk_clocksource_best(all) == &d);
	d.unstable = true;
	assert_true(!vdk_clocksource_best(all));
	assert_true(!vdk_clocksource_best(none));
}

static const struct unit_test tests[] = {
	UNIT_TEST(no_clock_steps_back_or_far_forward),
	UNIT_TEST(a_reader_that_is_overtaken_reads_one_counter),
	UNIT_TEST(who_has_the_old_snapshot_reads_the_old_counter),
	UNIT_TEST(the_anchor_and_the_rates_are_the_documented_ones),
	UNIT_TEST(rates_survive_any_number_of_changes),
	UNIT_TEST(a_late_publication_is_counted),
	UNIT_TEST(bad_counters_are_refused_and_change_nothing),
	UNIT_TEST(the_best_is_the_highest_rated_that_is_stable),
};
RUN(tests)
