/* SPDX-License-Identifier: MIT */
/* Leap seconds, inserted and deleted: adjtimex's states, the clocks, and who waits on them.
 *
 * Owns: the claims about them. Relies on: discipline.h, pthreads.
 * Never: sets the clock of a Linux machine, unless its argument is --set. */
#define _GNU_SOURCE
#include <pthread.h>

#include "discipline.h"

#define MIDNIGHT (20500ll * 86400)

enum { MONO, TAI, REAL, WATCHED };

struct seen {
	int64_t back[WATCHED];  /* by how much a clock stepped back at most, ns */
	int in_progress, wrong; /* TIME_OOP: how often, and how often it was not 23:59:59 */
	int changes, order[8];  /* of the state */
};

/* Watch until REALTIME shows `end` in state TIME_WAIT, asking every few hundred us. */
static struct seen watch(int64_t end)
{
	static const clockid_t id[WATCHED] = { CLOCK_MONOTONIC, CLOCK_TAI, CLOCK_REALTIME };
	int64_t before[WATCHED] = { 0 };
	struct seen s = { 0 };

	for (int i = 0; i < 100000; i++) {
		struct vdk_timex tx = { 0 };
		int state = adjust(&tx);

		if (s.changes < 8 && (!s.changes || state != s.order[s.changes - 1]))
			s.order[s.changes++] = state;
		s.in_progress += state == VDK_TIME_OOP;
		s.wrong += state == VDK_TIME_OOP && tx.time.tv_sec != MIDNIGHT - 1;
		for (int c = 0; c < WATCHED; c++) {
			int64_t now = libc_ns(id[c]);

			s.back[c] = before[c] - now > s.back[c] ? before[c] - now : s.back[c];
			before[c] = now;
		}
		if (state == VDK_TIME_WAIT && before[REAL] >= end)
			return s;
		usleep(200);
	}
	diag("it does not end");
	return s;
}

/* Set the clock to `ns` with a leap second ahead. */
static void before_leap(int64_t ns, int32_t status)
{
	reset();
	set_wall(ns);
	request((struct vdk_timex){ .modes = VDK_ADJ_TAI, .constant = 37 });
	request((struct vdk_timex){ .modes = VDK_ADJ_STATUS | VDK_ADJ_MAXERROR | VDK_ADJ_ESTERROR,
		.status = VDK_STA_PLL });
	request((struct vdk_timex){ .modes = VDK_ADJ_STATUS, .status = VDK_STA_PLL | status });
}

/* No state out of turn; who looks too seldom may miss one. */
static bool in_turn(const struct seen *s, const int *want, int count)
{
	int at = 0;

	for (int i = 0; i < s->changes; i++)
		while (at < count && want[at] != s->order[i])
			at++;
	return at < count;
}

static void leap_second_is_inserted(void)
{
	static const int want[] = { VDK_TIME_OK, VDK_TIME_INS, VDK_TIME_OOP, VDK_TIME_WAIT };
	struct timespec until = { MIDNIGHT, 0 };
	struct seen s = { 0 };
	bool told = false;
	int64_t took = 0;

	for (int tries = 0; tries < 5 && !s.in_progress; tries++) {
		int64_t begin;
		pthread_t sleeper;
		int fd;

		before_leap(MIDNIGHT * NS_PER_S - 1100 * NS_PER_MS, VDK_STA_INS);
		fd = watcher();
		begin = libc_ns(CLOCK_MONOTONIC);
		pthread_create(&sleeper, NULL, sleep_until, &until);
		s = watch(MIDNIGHT * NS_PER_S + 20 * NS_PER_MS);
		pthread_join(sleeper, NULL);
		took = libc_ns(CLOCK_MONOTONIC) - begin;
		told = cancelled(fd);
		close(fd);
	}
	ok(in_turn(&s, want, LENGTH(want)), "insertion: TIME_OK, INS, OOP, WAIT");
	ok(s.in_progress && !s.wrong, "during TIME_OOP it is 23:59:59");
	ok(s.back[REAL] > 0 && s.back[REAL] < NS_PER_S, "REALTIME steps back by a second");
	is_int(s.back[MONO], 0, "insertion: MONOTONIC does not step back");
	is_int(s.back[TAI], 0, "insertion: TAI does not step back");
	is_int(query().tai, 38, "insertion: the offset of TAI grows");
	ok(took > 2050 * NS_PER_MS && took < 100 * NS_PER_S, "a sleep until midnight lasts a second longer");
	ok(told, "insertion: TFD_TIMER_CANCEL_ON_SET is told");
}

static void leap_second_is_deleted(void)
{
	static const int want[] = { VDK_TIME_OK, VDK_TIME_DEL, VDK_TIME_WAIT };
	struct seen s;

	before_leap(MIDNIGHT * NS_PER_S - 2100 * NS_PER_MS, VDK_STA_DEL);
	s = watch(MIDNIGHT * NS_PER_S);
	ok(in_turn(&s, want, LENGTH(want)), "deletion: TIME_OK, DEL, WAIT");
	is_int(s.back[MONO], 0, "deletion: MONOTONIC does not step back");
	is_int(s.back[TAI], 0, "deletion: TAI does not step back");
	is_int(s.back[REAL], 0, "deletion: REALTIME does not step back");
	is_int(query().tai, 36, "deletion: the offset of TAI shrinks");
	reset();
	request((struct vdk_timex){ .modes = VDK_ADJ_TAI });
}

int main(int argc, char **argv)
{
	if (!clock_is_ours(argc, argv))
		skip_all("this is not vdk's kernel, and its clock is not ours to set");
	leap_second_is_inserted();
	leap_second_is_deleted();
	return done();
}
