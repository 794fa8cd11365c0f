/* SPDX-License-Identifier: MIT */
/* The timekeeper: a process that publishes the page and keeps its clocks on the host's.
 *
 * Owns: the one writer of the page, and how it follows the host. Relies on: sample.h, vdk/time.h.
 * Never: is waited for by a program; where it is stopped, the page's last rates go on. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "sample.h"
#include "vdsorun.h"

#define FIRST_BASELINE_NS 9000000 /* how long the counter is measured before the first page; refined later */
#define BASELINE_NS 1000000000   /* a rate is measured over one to two of these */
#define TRIES 6                  /* at each measurement; the narrowest counts */
#define DISTANCE_TRIES 64
#define LOOK_NS 50000            /* the host's tick is looked for so often, */
#define LOOKS 24                 /* so many times, */
#define EARLIER_NS 3000          /* and this much earlier the next time, if it was there at the first look */
#define BLURRED_NS 2000          /* a bracket wider than that tells nothing */
#define FREQ_TICKS 25            /* the rate is changed this often, or at once if the error asks for it */
#define FREQ_AT_ONCE_NS 200
/* So long after the host's tick a slower rate may be published that begins there; it puts the clocks ahead by this
 * times the difference of the rates, some 10^-8 of it. */
#define PUBLISH_BOUND_NS 20000000

/* A rate of the page's, MONOTONIC's or RAW's, that follows a clock of the host's. */
struct line {
	int host_clock, page_clock;
	int64_t host_start_ns, start_ns; /* the host's clock, and ours, at the start */
	struct sample old[2];            /* beginnings of baselines: [0] is used, [1] comes next */
	int64_t due_ns;                  /* age of the first baseline at which the rate is to be changed again */
	unsigned int ticks;              /* since it was changed */
	double rate;                     /* to be set at the next tick, */
	bool changed;                    /* if so */
};

enum { MONOTONIC, RAW, LINES };

struct keeper {
	struct run *run;
	struct shared *shared;
	struct line line[LINES];
	struct host_tick tick;  /* the last that was seen */
	int64_t tick_late_ns;   /* it is there so long after the time that it tells: the interrupt's phase */
	int64_t tick_ns;        /* from one to the next */
	int64_t wall_offset_ns; /* our REALTIME ahead of our MONOTONIC */
	double hz;              /* the counter's, against the host's RAW at the start */
};

static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	struct counter *counter = (struct counter *)cs;

	if (!counter->held_reads)
		return machine_counter();
	counter->held_reads--;
	return counter->held_cycles;
}

/* The next reading of the counter, which a call into the kit begins with, is `cycles`. */
static void hold(struct keeper *k, uint64_t cycles)
{
	k->shared->counter.held_cycles = cycles;
	k->shared->counter.held_reads = 1;
}

static struct vdk_timespec timespec_of(int64_t ns)
{
	int64_t sec = ns / NS_PER_SEC - (ns % NS_PER_SEC < 0);

	return (struct vdk_timespec){ sec, ns - sec * NS_PER_SEC };
}

/* What a clock of the page says at a counter value not before the last publication. */
static int64_t page_clock_at(struct keeper *k, int clock_id, uint64_t cycles)
{
	struct vdk_timespec ts = { 0, 0 };

	hold(k, cycles);
	vdk_time_now(&k->shared->tk, clock_id, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* What the line should say when the host's clock says `host_ns`. */
static int64_t wanted(const struct keeper *k, const struct line *line, int64_t host_ns)
{
	return line->start_ns +
	       (int64_t)((long double)(host_ns - line->host_start_ns) * (long double)k->run->shape.rate);
}

static void note_error(struct keeper *k, unsigned int clock, double error_ns, const struct sample *s)
{
	struct error_stats *e = &k->shared->error[clock];
	double resolution = (double)s->width_cycles / k->hz * 1e9 / 2;

	e->count++;
	e->square_sum += error_ns * error_ns;
	if (fabs(error_ns) > e->max_ns)
		e->max_ns = fabs(error_ns);
	if (resolution > k->shared->resolution_ns)
		k->shared->resolution_ns = resolution;
}

static bool blurred(struct keeper *k, const struct sample *s)
{
	if ((double)s->width_cycles < k->hz * BLURRED_NS * 1e-9)
		return false;
	k->shared->blurred++;
	return true;
}

/* The line's rate against the nominal one of the page, from the host's over the baseline. */
static double measured_rate(const struct keeper *k, const struct line *line, const struct sample *s)
{
	double nominal_ns = (double)(s->cycles - line->old[0].cycles) / (double)k->shared->counter.cs.hz * 1e9;

	return (double)(s->ns - line->old[0].ns) * k->run->shape.rate / nominal_ns - 1;
}

static void set_rate(struct keeper *k, const struct line *line, double rate)
{
	int64_t freq = (int64_t)llround(fmax(-0.1, fmin(0.1, rate)) * 65536e6);

	/* The snapshot stays where it is, at the host's last tick, unless that is too long ago for a slower rate to
	 * begin there. */
	if (machine_counter() - k->shared->tk.now.cycles < k->shared->tk.bound_cycles / 2)
		hold(k, k->shared->tk.now.cycles);
	if (line == &k->line[RAW])
		vdk_time_set_raw_freq(&k->shared->tk, freq);
	else
		vdk_time_set_freq(&k->shared->tk, freq);
	k->shared->updates++;
}

/* Measure, and steer the error to 0: slowly where it is small, since noise is part of it, and since the rate that is
 * in the page when the timekeeper stops for good is what programs go on with. */
static void follow(struct keeper *k, struct line *line)
{
	struct sample s = sample_clock(line->host_clock, TRIES);
	double error_ns, horizon_ns;
	int64_t age_ns;

	if (blurred(k, &s))
		return;
	error_ns = (double)(wanted(k, line, s.ns) - page_clock_at(k, line->page_clock, s.cycles)) / k->run->shape.rate;
	note_error(k, line == &k->line[RAW] ? ERROR_RAW : ERROR_MONOTONIC, error_ns, &s);
	age_ns = s.ns - line->old[0].ns;
	if (age_ns > line->due_ns || ++line->ticks >= FREQ_TICKS || fabs(error_ns) > FREQ_AT_ONCE_NS) {
		line->ticks = 0;
		line->due_ns = age_ns < BASELINE_NS && line->due_ns < BASELINE_NS ? age_ns + age_ns / 2 : INT64_MAX;
		horizon_ns = fabs(error_ns) < FREQ_AT_ONCE_NS ? 1e9 : fabs(error_ns) < 1000 ? 1e8 : 2e7;
		line->rate = measured_rate(k, line, &s) + error_ns / horizon_ns;
		line->changed = true;
	}
	if (s.ns - line->old[1].ns > BASELINE_NS) {
		line->old[0] = line->old[1];
		line->old[1] = s;
	}
}

/* The host's REALTIME keeps its distance from MONOTONIC until somebody sets it. REALTIME = MONOTONIC +
 * wall_offset_ns, to the nanosecond. */
static void step_wall(struct keeper *k, int64_t by_ns)
{
	struct vdk_timespec wall;

	k->shared->steps++;
	if (k->run->shape.start_given)
		return;
	k->wall_offset_ns += by_ns;
	wall = timespec_of(page_clock_at(k, VDK_CLOCK_MONOTONIC, k->shared->tk.now.cycles) + k->wall_offset_ns);
	hold(k, k->shared->tk.now.cycles);
	vdk_time_set_wall(&k->shared->tk, &wall); /* refused outside 1970 to 2232: it stays */
	k->shared->updates++;
}

/* Where our MONOTONIC says what the host's said at its tick, on a counter of a cycle below 1 ns: to the nanosecond,
 * so that the coarse clocks are the host's. Not before the present snapshot. */
static uint64_t cycles_of_tick(struct keeper *k)
{
	int64_t want = wanted(k, &k->line[MONOTONIC], k->tick.monotonic_ns),
		cycle_ns = (int64_t)(1000000000 / k->shared->counter.cs.hz);
	int64_t off = 0, by;
	uint64_t cycles = machine_counter();

	for (unsigned int i = 0; i < 32; i++) {
		off = page_clock_at(k, VDK_CLOCK_MONOTONIC, cycles) - want;
		if (llabs(off) <= cycle_ns)
			break;
		by = (int64_t)((double)off * (double)k->shared->counter.cs.hz * 1e-9);
		cycles -= (uint64_t)(by ? by : off > 0 ? 1 : -1);
	}
	if (llabs(off) <= cycle_ns && cycles - k->shared->tk.now.cycles <= INT64_MAX)
		return cycles;
	k->shared->astray++;
	return k->shared->tk.now.cycles;
}

static void tick(struct keeper *k)
{
	struct host_tick now = sample_tick();
	int64_t stepped = now.realtime_ahead_ns - k->tick.realtime_ahead_ns;

	if (now.monotonic_ns == k->tick.monotonic_ns && !stepped && k->shared->updates)
		return;
	k->tick = now;
	for (int i = 0; i < LINES; i++) {
		if (k->line[i].changed)
			set_rate(k, &k->line[i], k->line[i].rate);
		k->line[i].changed = false;
	}
	hold(k, cycles_of_tick(k));
	vdk_time_tick(&k->shared->tk);
	k->shared->updates++;
	if (stepped)
		step_wall(k, stepped);
}

static void note_wall_error(struct keeper *k)
{
	struct line *line = &k->line[MONOTONIC];
	struct sample s = sample_clock(CLOCK_REALTIME, 2);
	int64_t want, got;

	if (blurred(k, &s))
		return;
	want = wanted(k, line, s.ns - k->tick.realtime_ahead_ns) + k->wall_offset_ns;
	got = page_clock_at(k, VDK_CLOCK_REALTIME, s.cycles);
	note_error(k, ERROR_REALTIME, (double)(want - got) / k->run->shape.rate, &s);
}

/* Whether programs may read the counter; if not, why, in shared->note. */
static unsigned int counter_mode(struct shared *shared)
{
	static const char *const known[] = { MACHINE_CLOCKSOURCES };
	char name[64] = "";
	const char *reason = "";
	unsigned int mode = machine_counter_mode(&reason);
	FILE *file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");

	if (file && fscanf(file, "%63s", name) == 1)
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (strcmp(name, known[i]) == 0)
				name[0] = '\0';
	if (file)
		fclose(file);
	if (mode == VDK_MODE_SYSCALL)
		snprintf(shared->note, sizeof(shared->note), "programs can't read the counter: %s", reason);
	else if (name[0])
		snprintf(shared->note, sizeof(shared->note),
			 "programs can't read the counter: the host's clocksource is another, %s", name);
	return name[0] ? VDK_MODE_SYSCALL : mode;
}

static void sleep_until(int64_t ns)
{
	struct timespec ts = { ns / NS_PER_SEC, ns % NS_PER_SEC };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

/* Until `end_ns`, see how late the host's ticks are. */
static void watch_tick(struct keeper *k, int64_t end_ns)
{
	int64_t now, last = host_clock_ns(CLOCK_MONOTONIC_COARSE), tick_ns;

	do {
		sleep_until(host_clock_ns(CLOCK_MONOTONIC) + LOOK_NS);
		tick_ns = host_clock_ns(CLOCK_MONOTONIC_COARSE);
		now = host_clock_ns(CLOCK_MONOTONIC);
		if (tick_ns != last)
			k->tick_late_ns = now - tick_ns;
		last = tick_ns;
	} while (now < end_ns);
}

/* Measure the counter, and fill the page with clocks that start at the host's, or where they are wanted. NULL, or
 * what went wrong. */
static const char *start(struct keeper *k, unsigned int mode)
{
	static const int host_clock[LINES] = { CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW };
	static const int page_clock[LINES] = { VDK_CLOCK_MONOTONIC, VDK_CLOCK_MONOTONIC_RAW };
	const struct shape *shape = &k->run->shape;
	struct shared *shared = k->shared;
	struct sample now[LINES];
	int64_t start_ns, host_raw_ns;

	for (int i = 0; i < LINES; i++) {
		k->line[i] = (struct line){ .host_clock = host_clock[i], .page_clock = page_clock[i] };
		k->line[i].old[0] = k->line[i].old[1] = sample_clock(host_clock[i], TRIES);
	}
	watch_tick(k, host_clock_ns(CLOCK_MONOTONIC) + FIRST_BASELINE_NS);
	for (int i = 0; i < LINES; i++) {
		now[i] = sample_clock(host_clock[i], TRIES);
		k->line[i].host_start_ns = k->line[i].start_ns = now[i].ns;
	}
	k->hz = (double)(now[RAW].cycles - k->line[RAW].old[0].cycles) * 1e9 /
		(double)(now[RAW].ns - k->line[RAW].old[0].ns);
	start_ns = now[MONOTONIC].ns;
	host_raw_ns = now[RAW].ns - (int64_t)((double)(int64_t)(now[RAW].cycles - now[MONOTONIC].cycles) / k->hz * 1e9);
	k->tick = sample_tick();
	k->wall_offset_ns = shape->start_given ?
		shape->start_ns - start_ns : k->tick.realtime_ahead_ns + shape->offset_ns;

	shared->counter.cs = (struct vdk_clocksource){ .name = "host", .read = read_counter,
		.hz = (uint64_t)llround(k->hz / shape->rate), .width = 64, .user_mode = mode };
	hold(k, now[MONOTONIC].cycles);
	const struct vdk_time_config config = {
		.wall = timespec_of(start_ns + k->wall_offset_ns),
		.monotonic = timespec_of(start_ns),
		.boottime = timespec_of(start_ns + sample_distance(CLOCK_BOOTTIME, DISTANCE_TRIES)),
		.raw = timespec_of(wanted(k, &k->line[RAW], host_raw_ns)),
		.tai_offset_sec = (int32_t)llround((double)(host_clock_ns(CLOCK_TAI) - host_clock_ns(CLOCK_REALTIME)) * 1e-9),
		.tick_ns = (uint32_t)k->tick_ns,
		.cpu_mode = machine_cpu_mode(),
		.publish_bound_ns = (uint32_t)fmin(PUBLISH_BOUND_NS * shape->rate, 4e9), /* of the page's */
	};
	if (vdk_time_init(&shared->tk, &shared->counter.cs, k->run->kpage, &config) != 0)
		return config.wall.tv_sec < 0 || config.wall.tv_sec > VDK_WALL_SEC_MAX ?
			"REALTIME would start outside 1970 to 2232" :
										    "the kit refuses the host's clocks";
	for (int i = 0; i < LINES; i++)
		set_rate(k, &k->line[i], measured_rate(k, &k->line[i], &now[i]));
	snprintf(shared->note, sizeof(shared->note), "counter of %.6f MHz, measured in %.1f ms", k->hz / 1e6,
		 (double)(now[RAW].ns - k->line[RAW].old[0].ns) / 1e6);
	return NULL;
}

/* A page that sends programs to the kernel. */
static const char *start_without_counter(struct keeper *k)
{
	const struct vdk_time_config config = { .tick_ns = (uint32_t)k->tick_ns, .cpu_mode = machine_cpu_mode() };

	if (k->run->shape.wanted)
		return k->shared->note;
	k->shared->counter.cs = (struct vdk_clocksource){ .name = "none", .read = read_counter, .hz = NS_PER_SEC,
		.width = 64, .user_mode = VDK_MODE_SYSCALL };
	return vdk_time_init(&k->shared->tk, &k->shared->counter.cs, k->run->kpage,
		&config) ? "the kit refuses a page without a counter" : NULL;
}

/* Soon after the host's next tick: until then our coarse clocks are behind its own. */
static void wait_for_tick(struct keeper *k)
{
	int64_t next = k->tick.monotonic_ns + k->tick_ns + k->tick_late_ns, now = host_clock_ns(CLOCK_MONOTONIC), seen;

	sleep_until(next > now ? next : now + k->tick_ns / 4);
	for (int looks = 0; looks < LOOKS; looks++) {
		seen = host_clock_ns(CLOCK_MONOTONIC_COARSE);
		if (seen != k->tick.monotonic_ns) {
			now = host_clock_ns(CLOCK_MONOTONIC);
			if (!looks && k->tick_late_ns > EARLIER_NS)
				k->tick_late_ns -= EARLIER_NS;
			else if (looks && now - seen < 2 * k->tick_ns)
				k->tick_late_ns = now - seen;
			return;
		}
		sleep_until(host_clock_ns(CLOCK_MONOTONIC) + LOOK_NS);
	}
}

_Noreturn static void tick_for_ever(struct keeper *k)
{
	for (;;) {
		wait_for_tick(k);
		tick(k);
		for (int i = 0; i < LINES; i++)
			follow(k, &k->line[i]);
		note_wall_error(k);
	}
}

/* Before other work where the system allows it: it is 1 % of a CPU at most, and each delay lets the coarse clocks
 * lag. */
static void ask_for_priority(void)
{
	const struct sched_param lowest = { .sched_priority = 1 };

	prctl(PR_SET_TIMERSLACK, 1);
	if (sched_setscheduler(0, SCHED_FIFO, &lowest) != 0)
		setpriority(PRIO_PROCESS, 0, -20);
}

void timekeeper_run(struct run *run, int ready_fd)
{
	static struct keeper k;
	struct timespec resolution = { 0, 0 };
	unsigned int mode = counter_mode(run->shared);
	const char *error;

	k.run = run;
	k.shared = run->shared;
	ask_for_priority();
	clock_getres(CLOCK_MONOTONIC_COARSE, &resolution);
	k.tick_ns = resolution.tv_sec || !resolution.tv_nsec ? 10000000 : resolution.tv_nsec;
	error = mode == VDK_MODE_SYSCALL ? start_without_counter(&k) : start(&k, mode);
	if (!error && mode != VDK_MODE_SYSCALL)
		tick(&k);
	if (!error)
		error = "k";
	if (write(ready_fd, error, strlen(error)) < 0 || strcmp(error, "k") != 0)
		_exit(125);
	close(ready_fd);
	if (mode == VDK_MODE_SYSCALL)
		for (;;)
			pause();
	tick_for_ever(&k);
}

void timekeeper_print_stats(const struct run *run)
{
	static const char *const name[ERROR_CLOCKS] = { "REALTIME", "MONOTONIC", "MONOTONIC_RAW" };
	const struct shared *shared = run->shared;

	for (int i = 0; i < ERROR_CLOCKS; i++) {
		const struct error_stats *e = &shared->error[i];

		if (e->count)
			say("%-14s off the host's by %.0f ns at most, %.1f ns rms (%llu measurements)", name[i],
				e->max_ns,
			    sqrt(e->square_sum / (double)e->count), (unsigned long long)e->count);
		else
			say("%-14s not measured", name[i]);
	}
	say("measured to %.0f ns; %llu measurements were too blurred to count", shared->resolution_ns,
		(unsigned long long)shared->blurred);
	say("%llu updates, %llu late publishes, %llu steps of the host's REALTIME, %llu ticks not at the host's",
	    (unsigned long long)shared->updates, (unsigned long long)shared->tk.late_publishes,
		(unsigned long long)shared->steps,
	    (unsigned long long)shared->astray);
	if (run->shape.wanted)
		say("%llu system calls were brought in line", (unsigned long long)shared->calls);
	say("%llu programs executed, %llu of them on the host's vDSO", (unsigned long long)shared->execs,
	    (unsigned long long)shared->unmapped);
}
