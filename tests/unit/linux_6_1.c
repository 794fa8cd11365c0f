/* SPDX-License-Identifier: MIT */
/* The page of layout linux-6.1, read as Linux's readers do, beside the timekeeper that it follows. */
#include "unit.h"

#include "page/linux_6_1.h"
#include "time/rate.h"

#define TICK_NS 4000000u
#define CLOCKS 5

static const int ids[CLOCKS] = { VDK_CLOCK_REALTIME, VDK_CLOCK_MONOTONIC, VDK_CLOCK_BOOTTIME, VDK_CLOCK_TAI, VDK_CLOCK_MONOTONIC_RAW };
static const uint64_t rates[] = { 1000000, 24000000, 62500000, 100000000, 999999937, 1000000000, 2500000000u, 2893202000u, 5000000000u };
#define RATES (sizeof(rates) / sizeof(rates[0]))

static struct vdk_page page __attribute__((aligned(VDK_PAGE_SIZE)));
static struct vdk_linux_6_1_data data, before;
static struct vdk_linux_6_1 writer;
static struct vdk_timekeeper tk;
static struct vdk_clocksource cs;
static uint64_t counter, pause, written; /* the last: when the page was written */
static bool stepping; /* REALTIME may go back, and TAI with it */

/* As lib/vdso/gettimeofday.c: 64 bits, wrapping; -1: the system call. */
static int64_t stock(const struct vdk_linux_6_1_data *d, int id, uint64_t at)
{
	const struct vdk_linux_6_1_entry *e = &d->clock[id == VDK_CLOCK_MONOTONIC_RAW];
	const struct vdk_linux_6_1_base *base = &e->base[id];

	if (id == VDK_CLOCK_REALTIME_COARSE || id == VDK_CLOCK_MONOTONIC_COARSE)
		return (int64_t)(base->sec * VDK_NS_PER_SEC + base->nsec);
	if (e->clock_mode == VDK_LINUX_6_1_SYSCALL)
		return -1;
	return (int64_t)(base->sec * VDK_NS_PER_SEC +
			 ((base->nsec + (at > e->cycle_last ? (at - e->cycle_last) & e->mask : 0) * e->mult) >> e->shift));
}

/* Each reading of the counter takes its time: the timekeeper's is not the page's. */
static uint64_t read_counter(const struct vdk_clocksource *source)
{
	(void)source;
	counter += pause;
	if (data.clock[0].seq & 1)
		written = counter;
	return counter;
}

static int64_t ns_of(int id)
{
	struct vdk_timespec ts;

	assert_true(vdk_time_now(&tk, id, &ts));
	return ts.tv_sec * (int64_t)VDK_NS_PER_SEC + ts.tv_nsec;
}

static void start(uint64_t hz, unsigned int mode)
{
	struct vdk_time_config config = { .wall = { 1700000000, random_word() % VDK_NS_PER_SEC }, .tai_offset_sec = 37,
		.boottime = { 17, random_word() % VDK_NS_PER_SEC }, .tick_ns = TICK_NS };

	pause = 0;
	cs = (struct vdk_clocksource){ .name = "fake", .read = read_counter, .hz = hz, .width = 64, .user_mode = mode };
	counter = random_word() >> 2;
	memset(&data, 0, sizeof(data));
	assert_int_equal(vdk_time_init(&tk, &cs, &page, &config), 0);
	vdk_linux_6_1_start(&writer, &tk, &data);
}

/* The old data's last readings, at the counter value that the writer read and for a little longer, are not above the new data's first. */
static void check_steps(void)
{
	bool asleep = tk.now.mult == 0; /* then nobody reads */
	uint64_t tick = cs.hz / (VDK_NS_PER_SEC / TICK_NS), longer = tk.bound_cycles / 2 < tick / 16 ? tk.bound_cycles / 2 : tick / 16;

	assert_int_equal(data.clock[0].seq % 2, 0);
	assert_int_equal(data.clock[1].seq, data.clock[0].seq);
	for (int i = 0; i < CLOCKS; i++)
		if (!stepping || (ids[i] != VDK_CLOCK_REALTIME && ids[i] != VDK_CLOCK_TAI))
			for (uint64_t at = written;; at += longer) {
				assert_true(stock(&data, ids[i], at) >= stock(&before, ids[i], at));
				if (at != written || !longer || asleep)
					break;
			}
	for (int id = VDK_CLOCK_REALTIME_COARSE; id <= VDK_CLOCK_MONOTONIC_COARSE; id++) {
		assert_true(stock(&data, id, 0) <= stock(&data, id - VDK_CLOCK_REALTIME_COARSE, written));
		if (id == VDK_CLOCK_MONOTONIC_COARSE || !stepping)
			assert_true(stock(&data, id, 0) >= stock(&before, id, 0));
	}
}

static void publish(void)
{
	pause = random_word() % (1 + cs.hz / 4000000);
	before = data;
	switch (random_word() % 8) {
	case 0:
		assert_int_equal(vdk_time_set_freq(&tk, (int64_t)random_between(0, 65536000) - 32768000), 0);
		break;
	case 1:
		assert_int_equal(vdk_time_set_raw_freq(&tk, (int64_t)random_between(0, 6553600) - 3276800), 0);
		break;
	default:
		vdk_time_tick(&tk);
	}
	pause = 0;
	check_steps();
}

static int64_t error(int id)
{
	int64_t e = stock(&data, id, counter) - ns_of(id);

	return e < 0 ? -e : e;
}

static void pass(uint64_t cycles)
{
	for (unsigned int part = 0; part < 3; part++) {
		counter += cycles / 3;
		for (int i = 0; i < CLOCKS; i++)
			assert_true(stock(&data, ids[i], counter) >= stock(&data, ids[i], counter - cycles / 3));
	}
}

/* u of vdk/linux_6_1.h, in ns, and never below 0.5. */
static double unit(void)
{
	return (double)cs.hz * TICK_NS / 1e9 / (double)(1ull << data.clock[0].shift);
}

/* With 0.6 u and u of 1 at most, whole nanoseconds differ by 1 at most. */
static void readings_are_the_timekeepers_to_a_nanosecond_while_ticks_come_on_time(void)
{
	for (size_t r = 0; r < RATES; r++) {
		uint64_t tick = rates[r] / (VDK_NS_PER_SEC / TICK_NS);

		start(rates[r], 1 + random_word() % 2);
		assert_true(unit() <= 1);
		assert_true(unit() > 0.49);
		for (int i = 0; i < 20000; i++) {
			pass(random_word() % 4 ? tick * 9 / 10 : random_word() % tick);
			for (int c = 0; c < CLOCKS; c++)
				assert_true(error(ids[c]) <= 1);
			publish();
			for (int c = 0; c < CLOCKS; c++)
				assert_true(error(ids[c]) <= 1);
		}
	}
}

/* 2.5 u for each tick of the longest span. */
static void late_ticks_cost_a_bounded_error_which_is_steered_away(void)
{
	for (size_t r = 0; r < RATES; r++) {
		double tick = (double)rates[r] * TICK_NS / 1e9, longest = 1;

		start(rates[r], VDK_MODE_COUNTER);
		for (int i = 0; i < 20000; i++) {
			uint64_t cycles = random_word() % 16 ? (uint64_t)(tick * .9) : (uint64_t)tick * random_bits(10);

			pass(cycles);
			if ((double)cycles > longest * tick)
				longest = (double)cycles / tick;
			for (int c = 0; c < CLOCKS; c++)
				assert_true((double)error(ids[c]) <= 1 + 2.5 * (longest + .1) * unit());
			publish();
		}
		for (int i = 0; i < 3 * (int)longest; i++) {
			pass((uint64_t)(tick * .9));
			publish();
		}
		for (int c = 0; c < CLOCKS; c++)
			assert_true(error(ids[c]) <= 1);
	}
}

static void a_stock_reader_is_right_until_its_64_bits_end(void)
{
	for (size_t r = 0; r < RATES; r++) {
		double span;

		start(rates[r], VDK_MODE_COUNTER);
		vdk_time_set_freq(&tk, 0);
		assert_true(data.clock[0].shift <= 25);
		span = (double)(1ull << (64 - data.clock[0].shift)) - 1.1e9;
		counter += (uint64_t)(span / 1e9 * (double)rates[r]);
		for (int c = 0; c < CLOCKS; c++)
			assert_true((double)error(ids[c]) <= 1 + 2.5 * span / TICK_NS * unit());
	}
}

static void a_step_of_REALTIME_is_exact(void)
{
	for (int i = 0; i < 2000; i++) {
		struct vdk_timespec wall = { (int64_t)random_between(0, VDK_WALL_SEC_MAX), (int64_t)(random_word() % VDK_NS_PER_SEC) };

		if (i % 100 == 0)
			start(rates[(size_t)i / 100 % RATES], VDK_MODE_COUNTER);
		pass(random_word() % (1 + cs.hz / 100));
		stepping = true;
		before = data;
		assert_int_equal(vdk_time_set_wall(&tk, &wall), 0);
		check_steps();
		publish();
		stepping = false;
		for (int c = 0; c < CLOCKS; c++)
			if (ids[c] != VDK_CLOCK_MONOTONIC_RAW)
				assert_int_equal(stock(&data, ids[c], counter) - stock(&data, VDK_CLOCK_MONOTONIC, counter),
						 ns_of(ids[c]) - ns_of(VDK_CLOCK_MONOTONIC));
	}
}

static void the_coarse_clocks_are_the_timekeepers(void)
{
	for (size_t r = 0; r < RATES; r++) {
		start(rates[r], VDK_MODE_COUNTER);
		for (int i = 0; i < 2000; i++) {
			pass(random_word() % (rates[r] / 250));
			publish();
			for (int id = VDK_CLOCK_REALTIME_COARSE; id <= VDK_CLOCK_MONOTONIC_COARSE; id++) {
				int64_t behind = ns_of(id) - stock(&data, id, 0);

				assert_true(behind == 0 || behind == 1); /* 1: the fine clock of this page has not come there yet */
			}
		}
	}
}

static void without_a_counter_the_coarse_clocks_and_the_resolution_are_live(void)
{
	start(2500000000u, VDK_MODE_SYSCALL);
	for (int i = 0; i < 1000; i++) {
		counter += random_word() % 100000000;
		vdk_time_tick(&tk);
		assert_int_equal(data.clock[0].clock_mode, VDK_LINUX_6_1_SYSCALL);
		assert_int_equal(data.clock[1].clock_mode, VDK_LINUX_6_1_SYSCALL);
		assert_int_equal(data.clock[0].hrtimer_res, 1);
		for (int id = VDK_CLOCK_REALTIME_COARSE; id <= VDK_CLOCK_MONOTONIC_COARSE; id++)
			assert_int_equal(stock(&data, id, 0), ns_of(id));
	}
}

static void the_zone_is_told_at_once(void)
{
	start(1000000000, VDK_MODE_COUNTER);
	counter += 2500000000u;
	vdk_time_set_zone(&tk, -120, 1);
	for (int c = 0; c < CLOCKS; c++)
		assert_true(error(ids[c]) <= 2000);
	assert_int_equal(data.clock[0].tz_minuteswest, -120);
	assert_int_equal(data.clock[0].tz_dsttime, 1);
}

/* Another CPU's counter, a little behind: neither does a clock step back, nor is it put ahead. */
static void a_counter_that_goes_back_does_no_harm(void)
{
	start(2500000000u, VDK_MODE_COUNTER);
	for (int i = 0; i < 20000; i++) {
		uint64_t cycles = random_word() % 10000000;

		pass(cycles);
		counter -= random_word() % 3 ? 0 : cycles / 3 * 3 + random_word() % 1000;
		before = data;
		vdk_time_tick(&tk);
		check_steps();
		counter += random_word() % 2000;
		for (int c = 0; c < CLOCKS; c++)
			assert_true(error(ids[c]) <= 1);
	}
}

static void the_page_stands_while_the_machine_sleeps(void)
{
	for (size_t r = 0; r < RATES; r++) {
		start(rates[r], VDK_MODE_COUNTER);
		for (int i = 0; i < 200; i++) {
			struct vdk_timespec persistent = { 1000 * i, 0 };
			int64_t slept;

			pass(random_word() % (rates[r] / 250));
			before = data;
			assert_int_equal(vdk_time_suspend(&tk, &persistent), 0);
			check_steps();
			slept = stock(&data, VDK_CLOCK_MONOTONIC, counter);
			counter += random_bits(40);
			assert_int_equal(stock(&data, VDK_CLOCK_MONOTONIC, counter), slept);
			persistent.tv_sec += 100;
			counter = random_word() % 2 ? random_word() >> 2 : counter; /* it may begin anew */
			before = data;
			assert_int_equal(vdk_time_resume(&tk, &persistent), 0);
			check_steps();
			for (int c = 0; c < CLOCKS; c++)
				assert_true(error(ids[c]) <= 1);
		}
	}
}

static uint64_t other_hz;

static uint64_t read_other(const struct vdk_clocksource *source)
{
	return (1ull << 40) + (uint64_t)((unsigned __int128)read_counter(source) * other_hz / rates[0]);
}

/* From one counter to another, both seen by the same readers; in the fake time of the slowest, scaled up. */
static void another_counter_makes_no_step_back(void)
{
	for (int i = 0; i < 4000; i++) {
		static struct vdk_clocksource others[2];
		struct vdk_clocksource *other = &others[i % 2];
		int64_t old[CLOCKS];

		if (i % 20 == 0)
			start(rates[0], VDK_MODE_COUNTER);
		pass(random_word() % (rates[0] / 250));
		for (int c = 0; c < CLOCKS; c++)
			old[c] = stock(&data, ids[c], tk.cs->read(tk.cs));
		if (i % 2) /* the other one is not in use */
			other_hz = rates[random_word() % RATES];
		*other = (struct vdk_clocksource){ .name = "other", .read = i % 2 ? read_other : read_counter, .width = 64,
			.hz = i % 2 ? other_hz : rates[0], .user_mode = VDK_MODE_COUNTER };
		assert_int_equal(vdk_time_set_clocksource(&tk, other), 0);
		for (int c = 0; c < CLOCKS; c++) {
			assert_true(stock(&data, ids[c], tk.cs->read(tk.cs)) >= old[c]);
			assert_true(stock(&data, ids[c], tk.cs->read(tk.cs)) - ns_of(ids[c]) <= 1);
			assert_true(stock(&data, ids[c], tk.cs->read(tk.cs)) - ns_of(ids[c]) >= -1);
		}
	}
}

static void a_namespaces_page_has_the_offsets(void)
{
	struct vdk_timespec monotonic = { -5, 999999999 }, boottime = { 7, 1 };
	struct vdk_linux_6_1_entry *e = data.clock;

	vdk_linux_6_1_namespace(&data, &monotonic, &boottime);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(e[i].seq, 1);
		assert_int_equal(e[i].clock_mode, 0x7fffffff);
		for (int id = 0; id < 12; id++) {
			bool is_monotonic = id == 1 || id == 4 || id == 6, is_boottime = id == 7 || id == 9;

			assert_int_equal(e[i].base[id].sec, is_monotonic ? -5 : is_boottime ? 7 : 0);
			assert_int_equal(e[i].base[id].nsec, is_monotonic ? 999999999 : is_boottime ? 1 : 0);
		}
	}
}

static int updates; /* still to come between */

/* A counter during whose reading the page is changed. */
static bool disturbed_counter(int32_t mode, uint64_t *value)
{
	struct vdk_linux_6_1_entry *e = &data.clock[0];

	(void)mode;
	*value = e->cycle_last;
	if (updates) {
		updates--;
		e->seq += 2;
		e->base[VDK_CLOCK_REALTIME].sec++;
	}
	return true;
}

static void our_reader_goes_round_after_an_update(void)
{
	const struct vdk_linux_6_1_pages pages = { &data, NULL };
	struct vdk_timespec ts;
	uint64_t sec;

	start(1000000000, VDK_MODE_COUNTER);
	sec = data.clock[0].base[VDK_CLOCK_REALTIME].sec;
	updates = 3;
	assert_true(vdk_linux_6_1_clock(&pages, VDK_CLOCK_REALTIME, &ts, disturbed_counter));
	assert_true((uint64_t)ts.tv_sec == sec + 3);
	updates = VDK_LINUX_6_1_TRIES;
	assert_false(vdk_linux_6_1_clock(&pages, VDK_CLOCK_REALTIME, &ts, disturbed_counter));
}

static const struct unit_test tests[] = {
	UNIT_TEST(readings_are_the_timekeepers_to_a_nanosecond_while_ticks_come_on_time),
	UNIT_TEST(late_ticks_cost_a_bounded_error_which_is_steered_away),
	UNIT_TEST(a_stock_reader_is_right_until_its_64_bits_end),
	UNIT_TEST(a_step_of_REALTIME_is_exact),
	UNIT_TEST(the_coarse_clocks_are_the_timekeepers),
	UNIT_TEST(without_a_counter_the_coarse_clocks_and_the_resolution_are_live),
	UNIT_TEST(the_zone_is_told_at_once),
	UNIT_TEST(a_counter_that_goes_back_does_no_harm),
	UNIT_TEST(the_page_stands_while_the_machine_sleeps),
	UNIT_TEST(another_counter_makes_no_step_back),
	UNIT_TEST(a_namespaces_page_has_the_offsets),
	UNIT_TEST(our_reader_goes_round_after_an_update),
};
RUN(tests)
