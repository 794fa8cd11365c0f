/* SPDX-License-Identifier: MIT */
/* Owns: what the tests of the discipline share: machines whose counter ticks once per ns, so that the counter is
 * what an undisciplined clock says.
 * Relies on: unit.h, vdk/time.h.
 * Who may include: tests/unit. */
#ifndef VDK_TESTS_UNIT_MACHINE_H
#define VDK_TESTS_UNIT_MACHINE_H

#include "unit.h"

#include "vdk/time.h"

#define S 1000000000ll
#define DAY 86400
#define TICK 4000000u
#define PPM 65536
#define MIDNIGHT (20000ll * DAY)

struct machine {
	struct vdk_clocksource cs; /* first: what read_counter() is given */
	uint64_t counter;
	struct vdk_timekeeper tk;
	struct vdk_page page __attribute__((aligned(VDK_PAGE_SIZE)));
};

static struct machine one, other;

static inline uint64_t read_counter(const struct vdk_clocksource *cs)
{
	return ((const struct machine *)cs)->counter;
}

static inline void start(struct machine *m, struct vdk_timespec wall)
{
	struct vdk_time_config config = { .wall = wall, .tick_ns = TICK, .tai_offset_sec = 37 };

	memset(m, 0, sizeof(*m));
	m->cs = (struct vdk_clocksource){ .name = "fake", .read = read_counter, .hz = S, .width = 64,
		.user_mode = VDK_MODE_COUNTER };
	assert_int_equal(vdk_time_init(&m->tk, &m->cs, &m->page, &config), 0);
}

static inline int64_t now(const struct machine *m, int id)
{
	struct vdk_timespec ts;

	assert_true(vdk_time_now(&m->tk, id, &ts));
	return ts.tv_sec * S + ts.tv_nsec;
}

/* How far the discipline has put MONOTONIC ahead of the counter. */
static inline int64_t ahead(const struct machine *m)
{
	return now(m, VDK_CLOCK_MONOTONIC) - (int64_t)m->counter;
}

static inline int adjust(struct machine *m, struct vdk_timex *tx)
{
	return vdk_time_adjust(&m->tk, tx);
}

static inline struct vdk_timex query(struct machine *m)
{
	struct vdk_timex tx = { 0 };

	assert_true(adjust(m, &tx) >= 0);
	return tx;
}

static inline int state(struct machine *m)
{
	struct vdk_timex tx = { 0 };

	return adjust(m, &tx);
}

static inline void set_status(struct machine *m, int32_t status)
{
	struct vdk_timex tx = { .modes = VDK_ADJ_STATUS | VDK_ADJ_MAXERROR, .status = status };

	assert_true(adjust(m, &tx) >= 0);
	assert_int_equal(tx.status, status);
}

static inline void singleshot(struct machine *m, int64_t us)
{
	struct vdk_timex tx = { .modes = VDK_ADJ_OFFSET_SINGLESHOT, .offset = us };

	assert_true(adjust(m, &tx) >= 0);
}

/* The counter moves on by `ns`, with a tick every `every`. */
static inline void run(struct machine *m, uint64_t ns, uint64_t every)
{
	while (ns) {
		uint64_t step = ns < every ? ns : every;

		m->counter += step;
		vdk_time_tick(&m->tk);
		ns -= step;
	}
}

static inline bool near(int64_t got, int64_t want, int64_t by)
{
	if (got >= want - by && got <= want + by)
		return true;
	diag("%lld, want %lld +- %lld", (long long)got, (long long)want, (long long)by);
	return false;
}

#endif
