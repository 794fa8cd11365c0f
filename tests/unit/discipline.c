/* SPDX-License-Identifier: MIT */
/* kit/time/discipline.c: rates and slews, wherever the ticks fall. */
#include "machine.h"

#include "time/rate.h"

/* |rate / nominal - (1 + freq / (1e6 * 65536) + (tick - 10000) / 10000)| <= 1e-12, and the same for each second
 * after. */
static void frequency_is_met_to_1e_12_and_is_constant(void)
{
	start(&one, (struct vdk_timespec){ 1000, 0 });
	for (int i = 0; i < 3000; i++) {
		struct vdk_timex tx = { .modes = VDK_ADJ_FREQUENCY | VDK_ADJ_TICK, .tick = 10000 };
		wide_signed want, got;
		int64_t begin;

		tx.freq = (int64_t)random_between(0, 1200 * PPM) - 600 * PPM;
		if (i & 1)
			tx.tick = (int64_t)random_between(9000, 11000);
		want = tx.freq > 500 * PPM ? 500 * PPM : tx.freq < -500 * PPM ? -500 * PPM : tx.freq;
		assert_true(adjust(&one, &tx) >= 0);
		assert_true(tx.freq == want);
		want += (wide_signed)(tx.tick - 10000) * 100 * PPM + (wide_signed)1000000 * PPM;
		run(&one, 20 * S, S); /* what the change put ahead may be paid back */
		begin = now(&one, VDK_CLOCK_MONOTONIC);
		run(&one, 1000 * S, random_between(S, 20 * S));
		got = now(&one, VDK_CLOCK_MONOTONIC) - begin;
		got = got * 1000000 * PPM - want * 1000 * S;
		assert_true(got < (wide_signed)1000000 * PPM * 2 && got > (wide_signed)-1000000 * PPM * 2);
		got = (wide_signed)one.tk.now.mult * 1000000 * PPM - want * one.tk.nominal_mult;
		got = (got < 0 ? -got : got) * (1000 * S);
		assert_true(got <= (wide_signed)one.tk.nominal_mult * 1000000 * PPM);
	}
}

/* adjtime: 500 us in each second, until all is done; wherever the ticks fall. */
static void singleshot_slews_500_us_a_second(void)
{
	static const int64_t us[] = { 1, -1, 499, 500, 501, -100000, 123456, -7777 };

	for (size_t i = 0; i < sizeof(us) / sizeof(us[0]); i++) {
		struct vdk_timex read = { .modes = VDK_ADJ_OFFSET_SS_READ };
		int64_t seconds = (llabs(us[i]) + 499) / 500, last = 0, slewed;

		start(&one, (struct vdk_timespec){ 1000, 0 });
		singleshot(&one, us[i]);
		assert_int_equal(ahead(&one), 0);
		assert_true(adjust(&one, &read) >= 0 && read.offset == us[i]);
		for (int64_t s = 0; s < seconds + 2; s++) {
			run(&one, S, TICK);
			slewed = now(&one, VDK_CLOCK_REALTIME) - 1001 * S;
			/* of the clock's own time, up to the tick after each edge */
			if (slewed < llabs(us[i]) / 500 * S)
				assert_true(near(ahead(&one), (us[i] < 0 ? -slewed : slewed) / 2000, 2600));
			assert_true(llabs(ahead(&one)) <= llabs(us[i]) * 1000 + 2500);
			last = ahead(&one);
		}
		run(&one, 3 * S, TICK);
		assert_true(near(ahead(&one), us[i] * 1000, 120));
		last = ahead(&one);
		run(&one, 100 * S, TICK);
		assert_int_equal(ahead(&one), last);
		read = (struct vdk_timex){ .modes = VDK_ADJ_OFFSET_SS_READ };
		assert_true(adjust(&one, &read) >= 0 && read.offset == 0);
		assert_int_equal(vdk_time_next_event_ns(&one.tk), UINT64_MAX);
	}
	start(&one, (struct vdk_timespec){ 1000, 0 });
	singleshot(&one, 5000);
	run(&one, 3 * S, TICK);
	singleshot(&one, 0); /* cancelled: what was done stays */
	run(&one, 10 * S, TICK);
	assert_true(near(ahead(&one), 1500000, 120));
}

/* The same requests at the same seconds, ticks every 4 ms here, anywhere from 1 us to two minutes apart there: both
 * clocks get to the same place. */
static void late_ticks_do_not_change_where_the_clock_gets_to(void)
{
	for (int history = 0; history < 60; history++) {
		struct machine *m[2] = { &one, &other };

		start(&one, (struct vdk_timespec){ MIDNIGHT - 500, 0 });
		start(&other, (struct vdk_timespec){ MIDNIGHT - 500, 0 });
		for (int i = 0; i < 2; i++) {
			struct vdk_timex tx = { .modes = VDK_ADJ_STATUS | VDK_ADJ_NANO | VDK_ADJ_TIMECONST |
				VDK_ADJ_OFFSET | VDK_ADJ_FREQUENCY,
				.status = VDK_STA_PLL | VDK_STA_INS, .constant = history % 5,
				.offset = history % 7 * 1000000 - 3000000, .freq = history * PPM };

			assert_true(adjust(m[i], &tx) >= 0);
			singleshot(m[i], history * 100 - 3000);
		}
		run(&one, 1000 * S, TICK);
		while (other.counter < one.counter) {
			uint64_t step = random_bits(37) + 1, left = one.counter - other.counter;

			run(&other, step < left ? step : left, step);
		}
		run(&one, 20000 * S, S);
		run(&other, 20000 * S, S);
		assert_true(near(ahead(&other), ahead(&one), 250));
		assert_int_equal(now(&other, VDK_CLOCK_REALTIME) - now(&other, VDK_CLOCK_MONOTONIC),
				 now(&one, VDK_CLOCK_REALTIME) - now(&one, VDK_CLOCK_MONOTONIC));
		assert_int_equal(query(&one).offset, query(&other).offset);
		assert_int_equal(query(&one).maxerror, query(&other).maxerror);
		assert_int_equal(state(&one), state(&other));
	}
}

/* RFC 1589's loop: each second slews 1 / 2^(2 + constant) of what is left. */
static void offset_decays_exponentially(void)
{
	for (int constant = 0; constant <= 10; constant++) {
		struct vdk_timex tx = { .modes = VDK_ADJ_STATUS | VDK_ADJ_NANO | VDK_ADJ_TIMECONST | VDK_ADJ_OFFSET,
			.status = VDK_STA_PLL | VDK_STA_FREQHOLD, .constant = constant,
			.offset = constant & 1 ? -400000000 : 500000000 };
		wide_signed left = (wide_signed)tx.offset * ((wide_signed)1 << 32), all = tx.offset;

		start(&one, (struct vdk_timespec){ 1000, 0 });
		assert_int_equal(adjust(&one, &tx), VDK_TIME_OK);
		assert_true(tx.offset == all && tx.constant == constant);
		for (int s = 0; s < 200; s++) {
			left -= left / (4 << constant);
			/* past the edge, at any rate */
			one.counter += (uint64_t)(S - now(&one, VDK_CLOCK_REALTIME) % S) * 8 / 7;
			while (now(&one, VDK_CLOCK_REALTIME) / S != 1001 + s)
				one.counter -= S / 1000;
			vdk_time_tick(&one.tk);
			assert_int_equal(query(&one).offset, (int64_t)(left / ((wide_signed)1 << 32)));
		}
		run(&one, 200000 * S, S);
		assert_int_equal(query(&one).offset, 0);
		assert_true(near(ahead(&one), (int64_t)all, 110));
		assert_int_equal(query(&one).freq, 0);
	}
}

/* The change of frequency for one update after `seconds`, in 2^-16 ppm, rounded towards 0. */
static int64_t loop_freq(int64_t offset_ns, int64_t seconds, int constant, bool fll)
{
	wide_signed unit = (wide_signed)1 << 80; /* of 1 ns/s */
	int64_t t = seconds < 8ll << constant ? seconds : 8ll << constant;
	wide_signed freq = unit / (16 * (1 << constant)) / (16 * (1 << constant)) * offset_ns * t;

	if (fll)
		freq += unit * offset_ns / 4 / seconds;
	freq = freq * PPM / 1000 / unit;
	return (int64_t)(freq > 500 * PPM ? 500 * PPM : freq < -500 * PPM ? -500 * PPM : freq);
}

static void loops_change_the_frequency(void)
{
	static const int64_t seconds[] = { 0, 1, 7, 64, 255, 256, 1000, 2048, 2049, 100000 };

	for (int i = 0; i < 2000; i++) {
		struct vdk_timex tx = { .modes = VDK_ADJ_STATUS | VDK_ADJ_NANO | VDK_ADJ_TIMECONST | VDK_ADJ_FREQUENCY,
			.status = VDK_STA_PLL | (i & 1 ? VDK_STA_FLL : 0) | (i & 2 ? VDK_STA_FREQHOLD : 0),
			.constant = i % 11 };
		int64_t t = seconds[i % (int)(sizeof(seconds) / sizeof(seconds[0]))], offset, want;
		bool fll = t > 2048 || (i & 1 && t >= 256);

		start(&one, (struct vdk_timespec){ 1000, 0 });
		assert_int_equal(adjust(&one, &tx), VDK_TIME_OK);
		run(&one, (uint64_t)t * S, (uint64_t)t * S);
		offset = (int64_t)random_bits(29);
		offset = i & 4 ? -offset : offset;
		tx = (struct vdk_timex){ .modes = VDK_ADJ_OFFSET, .offset = offset };
		assert_true(adjust(&one, &tx) >= 0);
		offset = offset > 500000000 ? 500000000 : offset < -500000000 ? -500000000 : offset;
		want = i & 2 ? 0 : loop_freq(offset, t, i % 11, fll);
		assert_true(near(tx.freq, want, 1));
		assert_int_equal(!!(tx.status & VDK_STA_MODE), fll && !(i & 2));
		assert_int_equal(tx.offset, offset);
	}
	start(&one, (struct vdk_timespec){ 1000, 0 }); /* without STA_PLL there is no loop */
	assert_int_equal(adjust(&one, &(struct vdk_timex){ .modes = VDK_ADJ_OFFSET, .offset = 1000 }), VDK_TIME_ERROR);
	assert_int_equal(query(&one).offset, 0);
}

/* The tick that next_event asks for is enough: nothing is late then by more than the clock's own nanosecond. */
static void next_event_is_enough(void)
{
	start(&one, (struct vdk_timespec){ MIDNIGHT - 1000, 0 });
	start(&other, (struct vdk_timespec){ MIDNIGHT - 1000, 0 });
	for (int i = 0; i < 2; i++) {
		struct machine *m = i ? &other : &one;

		set_status(m, VDK_STA_INS);
		singleshot(m, 20123);
	}
	run(&one, 3000 * S, TICK);
	for (int ticks = 0; other.counter < one.counter; ticks++) {
		uint64_t event = vdk_time_next_event_ns(&other.tk), mono = (uint64_t)now(&other, VDK_CLOCK_MONOTONIC);
		uint64_t left = one.counter - other.counter;

		assert_true(event > mono && ticks < 60);
		other.counter += event - mono < left ? event - mono : left;
		while ((uint64_t)now(&other, VDK_CLOCK_MONOTONIC) < event && other.counter < one.counter)
			other.counter++;
		vdk_time_tick(&other.tk);
	}
	assert_true(near(ahead(&other), ahead(&one), 220));
	assert_int_equal(state(&other), VDK_TIME_WAIT);
	assert_int_equal(now(&other, VDK_CLOCK_REALTIME) - now(&other, VDK_CLOCK_MONOTONIC), (MIDNIGHT - 1001) * S);
	assert_int_equal(vdk_time_next_event_ns(&other.tk), UINT64_MAX);
}

/* Any span, ten years and more, while the clock slews at its limits: nothing overflows, RAW and the readings before
 * stay. */
static void gaps_of_years_while_slewing_end_well(void)
{
	for (int i = 0; i < 200; i++) {
		struct vdk_timex tx = { .modes = VDK_ADJ_STATUS | VDK_ADJ_NANO | VDK_ADJ_TIMECONST | VDK_ADJ_OFFSET |
			VDK_ADJ_TICK | VDK_ADJ_FREQUENCY,
			.status = VDK_STA_PLL | (i & 1 ? VDK_STA_INS : VDK_STA_DEL), .constant = i % 11,
			.offset = i & 2 ? 500000000 : -500000000, .tick = i & 4 ? 11000 : 9000,
			.freq = i & 8 ? 500 * PPM : -500 * PPM };

		start(&one, (struct vdk_timespec){ 5, 0 });
		assert_int_equal(adjust(&one, &tx), VDK_TIME_OK);
		singleshot(&one, i & 16 ? INT64_MAX : INT64_MIN);
		for (int gap = 0; gap < 6; gap++) {
			int64_t mono, raw = now(&one, VDK_CLOCK_MONOTONIC_RAW);
			uint64_t step = random_bits(60);

			one.counter += step;
			mono = now(&one, VDK_CLOCK_MONOTONIC);
			vdk_time_tick(&one.tk);
			assert_true(now(&one, VDK_CLOCK_MONOTONIC) - mono >= 0);
			assert_true(now(&one, VDK_CLOCK_MONOTONIC) - mono < 10000);
			assert_int_equal(now(&one, VDK_CLOCK_MONOTONIC_RAW), raw + (int64_t)step);
			assert_true((wide)one.tk.now.mult * 8 <= (wide)one.tk.nominal_mult * 9);
			assert_true((wide)one.tk.now.mult * 4 >= (wide)one.tk.nominal_mult * 3);
			assert_true(llabs(one.tk.discipline.owed_ns) <= 1ll << 61);
		}
	}
}

/* What a gap of an hour at 500 ppm too much was is repaid at 500 ppm, to the last 100 ns. */
static void debt_is_repaid(void)
{
	start(&one, (struct vdk_timespec){ 1000, 0 });
	singleshot(&one, 1000);
	run(&one, S, TICK);
	assert_true(one.tk.now.mult > one.tk.nominal_mult);
	run(&one, 3600 * S, 3600 * S);
	assert_true(near(ahead(&one), 1800 * 1000000, 1500000));
	run(&one, 100 * S, S);
	assert_true(near(ahead(&one), 1750 * 1000000, 1500000));
	run(&one, 3600 * S, S);
	assert_true(near(ahead(&one), 1000000, 120));
}

/* A reader that still uses the snapshot of before a tick never reads more than one that uses the new one. */
static void slewing_never_steps_back(void)
{
	struct vdk_page old_page __attribute__((aligned(VDK_PAGE_SIZE)));

	start(&one, (struct vdk_timespec){ MIDNIGHT - 3000, 0 });
	for (int i = 0; i < 100000; i++) {
		struct vdk_timekeeper old;
		uint64_t at;

		if (i % 50 == 0)
			singleshot(&one, (int64_t)random_between(0, 4000) - 2000);
		one.counter += random_bits(31);
		old = one.tk, old_page = one.page, old.kpage = &old_page;
		vdk_time_tick(&one.tk);
		at = one.counter;
		for (int r = 0; r < 3; r++) {
			struct vdk_timespec a, b;

			one.counter = at + random_word() % (one.tk.bound_cycles + 1);
			assert_true(vdk_time_now(&old, VDK_CLOCK_MONOTONIC, &a));
			assert_true(vdk_time_now(&one.tk, VDK_CLOCK_MONOTONIC, &b));
			assert_true(a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec <= b.tv_nsec));
			assert_true(vdk_time_now(&old, VDK_CLOCK_TAI, &a));
			assert_true(vdk_time_now(&one.tk, VDK_CLOCK_TAI, &b));
			assert_true(a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec <= b.tv_nsec));
		}
		one.counter = at;
	}
}

/* vdk_time_set_freq() is tick and frequency in one. */
static void steered_rate_is_shown_as_tick_and_freq(void)
{
	start(&one, (struct vdk_timespec){ 1000, 0 });
	singleshot(&one, 5000);
	run(&one, 3 * S, TICK);
	for (int i = 0; i < 1000; i++) {
		int64_t freq = (int64_t)random_between(0, 2 * VDK_FREQ_MAX) - VDK_FREQ_MAX;
		struct vdk_timex tx;

		assert_int_equal(vdk_time_set_freq(&one.tk, freq), 0);
		tx = query(&one);
		assert_int_equal((tx.tick - 10000) * 100 * PPM + tx.freq, freq);
		run(&one, 2 * S, TICK * 100);
		assert_int_equal(one.tk.now.mult, vdk_rate_adjust(one.tk.nominal_mult, freq));
	}
}

static const struct unit_test tests[] = {
	UNIT_TEST(frequency_is_met_to_1e_12_and_is_constant),
	UNIT_TEST(singleshot_slews_500_us_a_second),
	UNIT_TEST(late_ticks_do_not_change_where_the_clock_gets_to),
	UNIT_TEST(offset_decays_exponentially),
	UNIT_TEST(loops_change_the_frequency),
	UNIT_TEST(next_event_is_enough),
	UNIT_TEST(gaps_of_years_while_slewing_end_well),
	UNIT_TEST(debt_is_repaid),
	UNIT_TEST(slewing_never_steps_back),
	UNIT_TEST(steered_rate_is_shown_as_tick_and_freq),
};
RUN(tests)
