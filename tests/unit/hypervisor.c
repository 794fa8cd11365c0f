/* SPDX-License-Identifier: MIT */
/* vdk/hypervisor.h: what a reading makes of the two pages, and of one that changes under it. */
#include "unit.h"

#include "vdk/hypervisor.h"

static struct vdk_pvclock pv;
static struct vdk_hvclock hv;
static uint64_t tsc;
static int changes; /* still to come, each during a reading of the TSC */

static uint64_t read_tsc(void)
{
	if (changes) {
		changes--;
		pv.version += 2;
		pv.system_time += 1000;
		hv.sequence++;
		hv.offset += 1000;
	}
	return tsc;
}

static void start(void)
{
	pv = (struct vdk_pvclock){ .version = 2, .tsc_timestamp = 5000, .system_time = 10000, .tsc_to_system_mul = 1u << 31,
		.flags = VDK_PVCLOCK_TSC_STABLE };
	hv = (struct vdk_hvclock){ .sequence = 1, .scale = 1ull << 63, .offset = 70 };
	tsc = 5000;
	changes = 0;
}

static uint64_t pvclock(void)
{
	uint64_t ns = UINT64_MAX;

	assert_true(vdk_pvclock_read(&pv, read_tsc, &ns));
	return ns;
}

static void readings_are_what_the_pages_define(void)
{
	uint64_t ticks;

	start();
	tsc += 800;
	assert_int_equal(pvclock(), 10000 + 400);
	pv.tsc_shift = 3;
	assert_int_equal(pvclock(), 10000 + 3200);
	pv.tsc_shift = -3;
	assert_int_equal(pvclock(), 10000 + 50);
	pv.tsc_shift = 31;
	assert_int_equal(pvclock(), 10000 + (400ull << 31));
	assert_true(vdk_hvclock_read(&hv, read_tsc, &ticks) && ticks == 2900 + 70);
	hv.offset = -100;
	assert_true(vdk_hvclock_read(&hv, read_tsc, &ticks) && ticks == 2900 - 100);
}

static void a_tsc_behind_the_page_reads_as_the_page(void)
{
	start();
	for (unsigned int bit = 0; bit < 63; bit++) {
		tsc = pv.tsc_timestamp - (1ull << bit);
		assert_int_equal(pvclock(), 10000);
	}
}

static void a_page_that_cannot_be_used_is_not(void)
{
	uint64_t value;

	start();
	pv.flags = (uint8_t)~VDK_PVCLOCK_TSC_STABLE;
	assert_false(vdk_pvclock_read(&pv, read_tsc, &value));
	start();
	pv.version++;
	assert_false(vdk_pvclock_read(&pv, read_tsc, &value));
	for (int shift = -128; shift < 128; shift++) {
		start();
		pv.tsc_shift = (int8_t)shift;
		assert_true(vdk_pvclock_read(&pv, read_tsc, &value) == (shift > -32 && shift < 32));
	}
	hv.sequence = 0;
	assert_false(vdk_hvclock_read(&hv, read_tsc, &value));
}

static void a_page_that_changed_is_read_again_and_not_for_ever(void)
{
	uint64_t value;

	start();
	changes = 3;
	assert_int_equal(pvclock(), 10000 + 3000);
	changes = 3;
	assert_true(vdk_hvclock_read(&hv, read_tsc, &value) && value == 2500 + 70 + 6000);
	changes = VDK_HYPERVISOR_TRIES;
	assert_false(vdk_pvclock_read(&pv, read_tsc, &value));
	changes = VDK_HYPERVISOR_TRIES;
	assert_false(vdk_hvclock_read(&hv, read_tsc, &value));
}

static const struct unit_test tests[] = {
	UNIT_TEST(readings_are_what_the_pages_define),
	UNIT_TEST(a_tsc_behind_the_page_reads_as_the_page),
	UNIT_TEST(a_page_that_cannot_be_used_is_not),
	UNIT_TEST(a_page_that_changed_is_read_again_and_not_for_ever),
};
RUN(tests)
