/* SPDX-License-Identifier: MIT */
/* kit/time/rate.h: frequencies to multipliers. */
#include "unit.h"

#include "time/rate.h"
#include "vdk/time.h"

static void division_is_exact(void)
{
	for (int i = 0; i < 1000000; i++) {
		uint64_t any = random_bits(64), d = any ? any : 1, high = random_word() % d;
		unsigned __int128 n = (unsigned __int128)high << 64 | random_word();

		assert_true(vdk_div128(n, d) == (uint64_t)(n / d));
	}
}

static void check_rate(uint64_t hz)
{
	struct vdk_rate rate = vdk_rate_of_hz(hz);
	wide numerator = ((wide)VDK_NS_PER_SEC << 64) >> rate.shift;
	wide low = (wide)rate.mult * hz;
	wide error = low > numerator ? low - numerator : numerator - low;

	assert_true(error * 2 <= hz);
	assert_true(rate.shift < 64);
	assert_true((wide)rate.mult + rate.mult / VDK_RATE_HEADROOM < (wide)1 << 64);
	if (rate.shift) /* one less would not leave the headroom */
		assert_true((wide)rate.mult * 2 * (VDK_RATE_HEADROOM + 1) >= ((wide)VDK_RATE_HEADROOM << 64) - 64);
}

static void multiplier_is_the_nearest_with_headroom(void)
{
	static const uint64_t known[] = { 1, 2, 1000, 32768, 1193182, 3579545, 10000000, 14318180, 24000000, 62500000,
		100000000, 888888888, 888888889, 999999999, 1000000000, 1000000001, 1125000000, 1125000001, 2500000000,
		10000000000, VDK_HZ_MAX };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		check_rate(known[i]);
	for (int i = 0; i < 200000; i++)
		check_rate(random_bits(39) + 1);
}

static void adjustment_is_the_nearest(void)
{
	for (int i = 0; i < 1000000; i++) {
		uint64_t mult = vdk_rate_of_hz(random_bits(39) + 1).mult;
		int64_t freq = (int64_t)random_between(0, 2 * VDK_FREQ_MAX) - VDK_FREQ_MAX;
		uint64_t adjusted = vdk_rate_adjust(mult, freq);
		wide_signed exact = (wide_signed)mult * ((wide_signed)VDK_FREQ_UNIT + freq);
		wide_signed error = exact - (wide_signed)adjusted * (wide_signed)VDK_FREQ_UNIT;

		assert_true((error < 0 ? -error : error) * 2 <= (wide_signed)VDK_FREQ_UNIT);
	}
}

static const struct unit_test tests[] = {
	UNIT_TEST(division_is_exact),
	UNIT_TEST(multiplier_is_the_nearest_with_headroom),
	UNIT_TEST(adjustment_is_the_nearest),
};
RUN(tests)
