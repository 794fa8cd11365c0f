/* SPDX-License-Identifier: MIT */
/* Measures a counter's frequency against a reference that is slow to read.
 *
 * A reading of the reference is known to lie between two readings of the counter. A virtual CPU that the host takes
 * away in between makes that bracket wide; it never makes it wrong. So of many brackets the narrowest is taken, at both
 * ends of the measurement, and the longer the measurement, the less their widths matter.
 * Owns: nothing. Relies on: nothing, so that it is tested on the host.
 * Never: gives a figure without the bound of its error. */
#include "calibrate.h"

#define TRIES 24
#define STEP_MS 20
#define GOOD_PPM 10
#define RESTARTS 5
#define MS_IN_NS 1000000UL
#define NS_IN_FS 1000000UL
#define STALLED 100000 /* samples in a row without progress of the reference */

static uint64_t elapsed_ns(const struct cal_reference *r, const struct cal_sample *a, const struct cal_sample *b)
{
	return ((b->reference - a->reference) & r->mask) * r->period_fs / NS_IN_FS;
}

static uint64_t width(const struct cal_sample *s)
{
	return s->after - s->before;
}

struct cal_result cal_compute(const struct cal_reference *r, const struct cal_sample *a, const struct cal_sample *b)
{
	uint64_t ns = elapsed_ns(r, a, b);
	uint64_t cycles = ((b->before - a->before) + (b->after - a->after)) / 2, slack;
	struct cal_result result = {0};

	if (ns == 0 || cycles == 0)
		return result;
	result.hz = cycles * (uint64_t)NSEC_PER_SEC / ns;
	slack = (width(a) + width(b)) / 2 + cycles / ((b->reference - a->reference) & r->mask) + 1;
	result.ppm = (unsigned int)(slack * 1000000 / cycles + 1);
	return result;
}

bool cal_narrowest(const struct cal_reference *r, struct cal_sample *best)
{
	struct cal_sample s;

	if (!r->sample(best))
		return false;
	for (int i = 1; i < TRIES; i++) {
		if (!r->sample(&s))
			return false;
		if (width(&s) < width(best))
			*best = s;
	}
	return true;
}

static bool wait_until(const struct cal_reference *r, const struct cal_sample *a, uint64_t ns)
{
	struct cal_sample s;
	uint64_t last = a->reference;
	int stalled = 0;

	do {
		if (!r->sample(&s))
			return false;
		stalled = s.reference == last ? stalled + 1 : 0;
		last = s.reference;
	} while (elapsed_ns(r, a, &s) < ns && stalled < STALLED);
	return stalled < STALLED;
}

static bool measure_once(const struct cal_reference *r, struct cal_result *result)
{
	struct cal_sample a, b;

	if (!r->start() || !cal_narrowest(r, &a))
		return false;
	for (unsigned int ms = STEP_MS; ms <= r->longest_ms; ms += STEP_MS) {
		struct cal_result now;

		if (!wait_until(r, &a, ms * MS_IN_NS) || !cal_narrowest(r, &b))
			break;
		now = cal_compute(r, &a, &b);
		if (now.hz && (!result->hz || now.ppm < result->ppm))
			*result = now;
		if (result->hz && result->ppm <= GOOD_PPM)
			break;
	}
	return result->hz != 0;
}

bool cal_measure(const struct cal_reference *r, struct cal_result *result)
{
	*result = (struct cal_result){0};
	for (int i = 0; i < RESTARTS; i++)
		if (measure_once(r, result))
			return true;
	return false;
}
