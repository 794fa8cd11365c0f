/* SPDX-License-Identifier: MIT */
/* kit/time/discipline.c: adjtimex's requests, answers and states; leap seconds. */
#include "machine.h"

#include "time/rate.h"

static void undisciplined_clock_says_so(void)
{
	struct vdk_timex tx = { .modes = 0, .offset = 5, .status = 7, .jitter = 9 };

	start(&one, (struct vdk_timespec){ 1000, 123456789 });
	assert_int_equal(adjust(&one, &tx), VDK_TIME_ERROR);
	assert_true(tx.offset == 0 && tx.freq == 0 && tx.maxerror == 16000000 && tx.esterror == 16000000);
	assert_true(tx.status == VDK_STA_UNSYNC && tx.constant == 2 && tx.precision == 1 && tx.tolerance == 500 * PPM);
	assert_true(tx.tick == 10000 && tx.tai == 37 && tx.jitter == 0);
	assert_true(tx.time.tv_sec == 1000 && tx.time.tv_usec == 123456);
	assert_int_equal(vdk_time_next_event_ns(&one.tk), UINT64_MAX);
	tx = (struct vdk_timex){ .modes = VDK_ADJ_NANO };
	assert_int_equal(adjust(&one, &tx), VDK_TIME_ERROR);
	assert_true(tx.time.tv_usec == 123456789 && tx.status == (VDK_STA_UNSYNC | VDK_STA_NANO));
}

/* In microseconds unless STA_NANO; the time constant's unit changes with it. */
static void units_follow_sta_nano(void)
{
	struct vdk_timex tx = { .modes = VDK_ADJ_STATUS | VDK_ADJ_TIMECONST | VDK_ADJ_OFFSET, .status = VDK_STA_PLL,
		.constant = 3,
		.offset = -2000000 };

	start(&one, (struct vdk_timespec){ 1000, 987654321 });
	assert_int_equal(adjust(&one, &tx), VDK_TIME_OK);
	assert_true(tx.offset == -500000 && tx.constant == 7 && tx.time.tv_usec == 987654);
	tx = (struct vdk_timex){ .modes = VDK_ADJ_NANO | VDK_ADJ_TIMECONST, .constant = 3 };
	assert_int_equal(adjust(&one, &tx), VDK_TIME_OK);
	assert_true(tx.offset == -500000000 && tx.constant == 3 && tx.time.tv_usec == 987654321);
	tx = (struct vdk_timex){ .modes = VDK_ADJ_MICRO | VDK_ADJ_TIMECONST, .constant = 99 };
	assert_int_equal(adjust(&one, &tx), VDK_TIME_OK);
	assert_true(tx.offset == -500000 && tx.constant == 10);
	tx = (struct vdk_timex){ .modes = VDK_ADJ_TIMECONST | VDK_ADJ_MAXERROR | VDK_ADJ_ESTERROR, .constant = -5,
		.maxerror = -1,
		.esterror = INT64_MAX };
	assert_int_equal(adjust(&one, &tx), VDK_TIME_OK);
	assert_true(tx.constant == 4 && tx.maxerror == 0 && tx.esterror == 16000000);
}

static void maxerror_grows_until_the_clock_is_unsynchronised(void)
{
	struct vdk_timex tx = { .modes = VDK_ADJ_STATUS | VDK_ADJ_MAXERROR | VDK_ADJ_ESTERROR, .esterror = 77 };

	start(&one, (struct vdk_timespec){ 1000, 0 });
	assert_int_equal(adjust(&one, &tx), VDK_TIME_OK);
	run(&one, 10 * S, TICK);
	assert_int_equal(query(&one).maxerror, 5000);
	run(&one, 31990 * S, 31990 * S); /* in one */
	assert_int_equal(query(&one).maxerror, 16000000);
	assert_int_equal(state(&one), VDK_TIME_OK);
	run(&one, S, S);
	tx = query(&one);
	assert_true(tx.maxerror == 16000000 && tx.status == VDK_STA_UNSYNC && tx.esterror == 77);
	assert_int_equal(state(&one), VDK_TIME_ERROR);
}

struct moment {
	int64_t sec, tai;
	int state;
};

/* Second by second, ticks `late` after each edge, or only when asked (0). */
static void check_leap(int32_t status, uint64_t late, const struct moment *want, int count)
{
	int64_t tai, monotonic;

	start(&one, (struct vdk_timespec){ want[0].sec, 0 });
	set_status(&one, status);
	tai = now(&one, VDK_CLOCK_TAI), monotonic = now(&one, VDK_CLOCK_MONOTONIC);
	for (int i = 0; i < count; i++) {
		struct vdk_timex tx = { 0 };
		struct vdk_timekeeper before;

		if (late && i)
			run(&one, late, late);
		one.counter += late || !i ? S / 2 - (i ? late : 0) : S;
		before = one.tk;
		assert_int_equal(adjust(&one, &tx), want[i].state);
		assert_true(tx.time.tv_sec == want[i].sec && tx.time.tv_usec == 500000 && tx.tai == want[i].tai);
		assert_int_equal(now(&one, VDK_CLOCK_REALTIME), want[i].sec * S + S / 2);
		assert_int_equal(now(&one, VDK_CLOCK_TAI), tai + i * S + S / 2);
		assert_int_equal(now(&one, VDK_CLOCK_MONOTONIC), monotonic + i * S + S / 2);
		if (late) /* the tick has done it, not the question */
			assert_int_equal(before.now.sec[VDK_CLOCK_REALTIME], want[i].sec);
		if (late)
			one.counter += S / 2;
	}
}

static void leap_second_is_inserted(void)
{
	static const struct moment want[] = {
		{ MIDNIGHT - 3, 37, VDK_TIME_OK }, { MIDNIGHT - 2, 37, VDK_TIME_INS },
		{ MIDNIGHT - 1, 37, VDK_TIME_INS },
		{ MIDNIGHT - 1, 38, VDK_TIME_OOP }, { MIDNIGHT, 38, VDK_TIME_WAIT },
		{ MIDNIGHT + 1, 38, VDK_TIME_WAIT },
	};

	for (uint64_t late = 0; late < S / 2; late = late ? late * 10 : 1)
		check_leap(VDK_STA_INS, late, want, 6);
	assert_int_equal(vdk_time_steps(&one.tk), 1);
	set_status(&one, 0);
	run(&one, S, TICK);
	assert_int_equal(state(&one), VDK_TIME_OK);
}

static void leap_second_is_deleted(void)
{
	static const struct moment want[] = {
		{ MIDNIGHT - 4, 37, VDK_TIME_OK }, { MIDNIGHT - 3, 37, VDK_TIME_DEL },
		{ MIDNIGHT - 2, 37, VDK_TIME_DEL },
		{ MIDNIGHT, 36, VDK_TIME_WAIT }, { MIDNIGHT + 1, 36, VDK_TIME_WAIT },
	};

	for (uint64_t late = 0; late < S / 2; late = late ? late * 10 : 1)
		check_leap(VDK_STA_DEL, late, want, 5);
	assert_int_equal(vdk_time_steps(&one.tk), 1);
}

/* No tick from before midnight until long after: the same clock as with ticks. */
static void leap_second_in_a_gap_is_made_up_for(void)
{
	for (int32_t status = VDK_STA_INS; status <= VDK_STA_DEL; status += VDK_STA_DEL - VDK_STA_INS)
		for (uint64_t gap = 1; gap < 4000000000u; gap = gap * 3 + 1) {
			start(&one, (struct vdk_timespec){ MIDNIGHT - 10, 0 });
			set_status(&one, status);
			run(&one, (gap + 10) * S, (gap + 10) * S);
			assert_int_equal(now(&one, VDK_CLOCK_REALTIME) - now(&one, VDK_CLOCK_MONOTONIC),
					 (MIDNIGHT - 10 + (status == VDK_STA_INS ? -1 : 1)) * S);
			assert_int_equal(query(&one).tai, status == VDK_STA_INS ? 38 : 36);
			assert_true(one.tk.discipline.state == VDK_TIME_WAIT);
		}
}

/* A change to a slower rate puts the clock ahead: 200 ppm per ms of bound. The day may end by that, and the leap
 * second is not missed. */
static void leap_second_is_not_missed_when_the_clock_is_put_ahead(void)
{
	struct vdk_time_config config = { .wall = { MIDNIGHT - 5, 0 }, .tick_ns = TICK, .tai_offset_sec = 37,
		.publish_bound_ns = 1000000 };
	struct vdk_timex tx = { .modes = VDK_ADJ_STATUS | VDK_ADJ_MAXERROR | VDK_ADJ_TICK, .status = VDK_STA_INS,
		.tick = 11000 };

	start(&one, config.wall);
	assert_int_equal(vdk_time_init(&one.tk, &one.cs, &one.page, &config), 0);
	assert_true(adjust(&one, &tx) >= 0);
	while (now(&one, VDK_CLOCK_REALTIME) < MIDNIGHT * S - 150000)
		run(&one, 10000, TICK);
	tx = (struct vdk_timex){ .modes = VDK_ADJ_TICK, .tick = 9000 };
	assert_int_equal(adjust(&one, &tx), VDK_TIME_INS);
	assert_true(now(&one, VDK_CLOCK_REALTIME) > MIDNIGHT * S);
	run(&one, TICK, TICK);
	assert_int_equal(state(&one), VDK_TIME_OOP);
	assert_true(now(&one, VDK_CLOCK_REALTIME) < MIDNIGHT * S);
	assert_true(now(&one, VDK_CLOCK_TAI) == now(&one, VDK_CLOCK_REALTIME) + 38 * S);
}

static void leap_second_can_be_called_off(void)
{
	start(&one, (struct vdk_timespec){ MIDNIGHT - 10, 0 });
	set_status(&one, VDK_STA_INS);
	run(&one, 5 * S, TICK);
	assert_int_equal(state(&one), VDK_TIME_INS);
	set_status(&one, 0);
	run(&one, S, TICK);
	assert_int_equal(state(&one), VDK_TIME_OK);
	run(&one, 10 * S, TICK);
	assert_int_equal(now(&one, VDK_CLOCK_REALTIME), (MIDNIGHT + 6) * S);
	set_status(&one, VDK_STA_PLL | VDK_STA_INS); /* for the next day */
	run(&one, S, TICK);
	assert_int_equal(state(&one), VDK_TIME_INS);
	set_status(&one, VDK_STA_PLL);
	assert_int_equal(state(&one), VDK_TIME_INS);
	{ /* the end of STA_PLL ends everything */
		struct vdk_timex tx = { .modes = VDK_ADJ_STATUS | VDK_ADJ_NANO, .status = 0 };

		assert_int_equal(adjust(&one, &tx), VDK_TIME_OK);
	}
}

static void setting_the_clock_ends_what_is_under_way(void)
{
	for (int way = 0; way < 3; way++) {
		struct vdk_timex tx = { .modes = VDK_ADJ_STATUS | VDK_ADJ_NANO | VDK_ADJ_OFFSET | VDK_ADJ_MAXERROR |
					VDK_ADJ_ESTERROR |
					VDK_ADJ_FREQUENCY | VDK_ADJ_TICK,
			.status = VDK_STA_PLL | VDK_STA_INS, .offset = 3000000, .freq = 7 * PPM, .tick = 10001 };
		struct vdk_timespec offset = { -86400 * 3, 999999999 };
		uint64_t steps;
		int64_t real;

		start(&one, (struct vdk_timespec){ MIDNIGHT - 30, 0 });
		assert_int_equal(adjust(&one, &tx), VDK_TIME_OK);
		singleshot(&one, -100000);
		run(&one, 5 * S, TICK);
		assert_int_equal(state(&one), VDK_TIME_INS);
		steps = vdk_time_steps(&one.tk);
		real = now(&one, VDK_CLOCK_REALTIME);
		if (way == 0) {
			assert_int_equal(vdk_time_step(&one.tk, &offset), 0);
		} else if (way == 1) {
			tx = (struct vdk_timex){ .modes = VDK_ADJ_SETOFFSET | VDK_ADJ_NANO,
				.time = { offset.tv_sec, offset.tv_nsec } };
			assert_int_equal(adjust(&one, &tx), VDK_TIME_ERROR);
		} else {
			struct vdk_timespec wall = { real / S + offset.tv_sec, real % S };

			assert_int_equal(vdk_time_set_wall(&one.tk, &wall), 0);
			real -= offset.tv_nsec;
		}
		assert_int_equal(now(&one, VDK_CLOCK_REALTIME), real + offset.tv_sec * S + offset.tv_nsec);
		assert_int_equal(vdk_time_steps(&one.tk), steps + 1);
		tx = query(&one);
		assert_true(tx.offset == 0 && tx.maxerror == 16000000 && tx.esterror == 16000000 &&
			    tx.freq == 7 * PPM && tx.tick == 10001);
		assert_int_equal(tx.status, VDK_STA_PLL | VDK_STA_INS | VDK_STA_NANO | VDK_STA_UNSYNC);
		tx = (struct vdk_timex){ .modes = VDK_ADJ_OFFSET_SS_READ };
		assert_true(adjust(&one, &tx) >= 0 && tx.offset == 0);
		assert_int_equal(one.tk.now.mult, vdk_rate_adjust(one.tk.nominal_mult, 107 * PPM));
	}
}

static void tai_offset_is_set(void)
{
	struct vdk_timex tx = { .modes = VDK_ADJ_TAI, .constant = 12 };
	int64_t real;

	start(&one, (struct vdk_timespec){ 1000, 0 });
	real = now(&one, VDK_CLOCK_REALTIME);
	assert_int_equal(adjust(&one, &tx), VDK_TIME_ERROR);
	assert_int_equal(tx.tai, 12);
	assert_int_equal(now(&one, VDK_CLOCK_TAI), real + 12 * S);
	assert_int_equal(now(&one, VDK_CLOCK_REALTIME), real);
	assert_int_equal(vdk_time_steps(&one.tk), 1);
	tx = (struct vdk_timex){ .modes = VDK_ADJ_TAI, .constant = -1 };
	assert_int_equal(adjust(&one, &tx), VDK_TIME_ERROR);
	assert_int_equal(tx.tai, 12);
}

static void bad_requests_change_nothing(void)
{
	static const struct vdk_timex bad[] = {
		{ .modes = 0x8000 }, { .modes = 0xa000 }, { .modes = 0x8000 | VDK_ADJ_FREQUENCY },
		{ .modes = VDK_ADJ_TICK, .tick = 8999 }, { .modes = VDK_ADJ_TICK, .tick = 11001 },
		{ .modes = VDK_ADJ_TICK | VDK_ADJ_STATUS, .tick = INT64_MIN },
		{ .modes = VDK_ADJ_SETOFFSET, .time = { 0, -1 } },
		{ .modes = VDK_ADJ_SETOFFSET, .time = { 0, 1000000 } },
		{ .modes = VDK_ADJ_SETOFFSET | VDK_ADJ_NANO, .time = { 0, 1000000000 } },
		{ .modes = VDK_ADJ_SETOFFSET | VDK_ADJ_NANO, .time = { 0, INT64_MIN } },
		{ .modes = VDK_ADJ_SETOFFSET | VDK_ADJ_TICK, .time = { -1001, 0 }, .tick = 10500 },
		{ .modes = VDK_ADJ_SETOFFSET, .time = { INT64_MAX, 0 } },
		{ .modes = VDK_ADJ_SETOFFSET, .time = { INT64_MIN, 0 } },
		{ .modes = VDK_ADJ_SETOFFSET, .time = { VDK_WALL_SEC_MAX - 999, 0 } },
		{ .modes = VDK_ADJ_FREQUENCY, .freq = INT64_MAX / 65536000 + 1 },
		{ .modes = VDK_ADJ_FREQUENCY | VDK_ADJ_NANO, .freq = INT64_MIN / 65536000 - 1 },
	};
	static const struct vdk_timespec bad_step[] = { { 0, -1 }, { 0, 1000000000 }, { -1001, 0 }, { INT64_MIN, 0 },
		{ INT64_MAX, 999999999 }, { VDK_WALL_SEC_MAX, 0 } };
	struct vdk_timekeeper before;

	start(&one, (struct vdk_timespec){ 1000, 5 });
	before = one.tk;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vdk_timex tx = bad[i];

		assert_int_equal(adjust(&one, &tx), -VDK_EINVAL);
		assert_true(memcmp(&tx, &bad[i], sizeof(tx)) == 0);
	}
	for (size_t i = 0; i < sizeof(bad_step) / sizeof(bad_step[0]); i++)
		assert_int_equal(vdk_time_step(&one.tk, &bad_step[i]), -VDK_EINVAL);
	assert_true(memcmp(&before, &one.tk, sizeof(before)) == 0);
	assert_int_equal(vdk_time_step(&one.tk, &(struct vdk_timespec){ VDK_WALL_SEC_MAX - 1000, 0 }), 0);
}

static void read_only_bits_are(void)
{
	struct vdk_timex tx = { .modes = VDK_ADJ_STATUS, .status = ~VDK_STA_UNSYNC };

	start(&one, (struct vdk_timespec){ 1000, 0 });
	assert_int_equal(adjust(&one, &tx), VDK_TIME_OK);
	assert_int_equal(tx.status & VDK_STA_RONLY, 0);
	tx = (struct vdk_timex){ .modes = VDK_ADJ_NANO };
	adjust(&one, &tx);
	tx = (struct vdk_timex){ .modes = VDK_ADJ_STATUS, .status = VDK_STA_PLL };
	adjust(&one, &tx);
	assert_int_equal(tx.status, VDK_STA_PLL | VDK_STA_NANO);
}

static void what_needs_privilege_is_known(void)
{
	static const struct { uint32_t modes; bool changes; } known[] = {
		{ 0, false }, { VDK_ADJ_OFFSET_SS_READ, false }, { VDK_ADJ_OFFSET_SINGLESHOT, true },
		{ 0x8000, false }, { 0xa000, false },
		{ VDK_ADJ_OFFSET, true }, { VDK_ADJ_NANO, true }, { VDK_ADJ_TICK, true }, { 0x40, true },
		{ VDK_ADJ_OFFSET_SS_READ | VDK_ADJ_SETOFFSET, true },
		{ VDK_ADJ_OFFSET_SS_READ | VDK_ADJ_FREQUENCY, false },
		{ 0x8000 | VDK_ADJ_SETOFFSET, false },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(vdk_timex_changes(&(struct vdk_timex){ .modes = known[i].modes }), known[i].changes);
}

static const struct unit_test tests[] = {
	UNIT_TEST(undisciplined_clock_says_so),
	UNIT_TEST(units_follow_sta_nano),
	UNIT_TEST(maxerror_grows_until_the_clock_is_unsynchronised),
	UNIT_TEST(leap_second_is_inserted),
	UNIT_TEST(leap_second_is_deleted),
	UNIT_TEST(leap_second_in_a_gap_is_made_up_for),
	UNIT_TEST(leap_second_is_not_missed_when_the_clock_is_put_ahead),
	UNIT_TEST(leap_second_can_be_called_off),
	UNIT_TEST(setting_the_clock_ends_what_is_under_way),
	UNIT_TEST(tai_offset_is_set),
	UNIT_TEST(bad_requests_change_nothing),
	UNIT_TEST(read_only_bits_are),
	UNIT_TEST(what_needs_privilege_is_known),
};
RUN(tests)
