/* SPDX-License-Identifier: MIT */
/* Keeps a page of layout linux-6.1 beside the native one.
 *
 * Owns: struct vdk_linux_6_1 and the data it fills. Relies on: vdk_tk_publish() calling it, under the caller's lock.
 * Never: changes the timekeeper; reads the page back.
 *
 * The layout has a 32-bit mult and no fraction below 2^-shift ns, so it can't say what the timekeeper says. What it can say is a straight
 * line from publication to publication. The writer keeps that line, in units of 2^-shift ns, in which its readers' arithmetic is
 * exact: moved to a new counter value, every reading stays. At each publication it looks how far the line is from the
 * timekeeper, and picks the mult that meets it again a tick later. docs/decisions/linux-6.1-layout.md has the bounds. */
#include "vdk/linux_6_1.h"

#include "page/read.h"
#include "time/internal.h"
#include "time/rate.h"

#define SHIFT_MAX 26   /* 2^38 ns, four and a half minutes, until a stock reader overflows */
#define STEER_MAX 2    /* units of mult: what a correction may add to the error of a tick that does not come */
#define FAR_SEC 16     /* a line that far off is none: begin anew */
#define LIFT_DIVISOR 16

/* A time in the line's units. */
struct moment {
	int64_t sec;
	uint64_t units; /* below 1 s */
};

static uint64_t one_second(unsigned int shift)
{
	return (uint64_t)VDK_NS_PER_SEC << shift;
}

/* *m moves on by `units`, either way, by less than 2^63. */
static void move(struct moment *m, int64_t units, unsigned int shift)
{
	int64_t second = (int64_t)one_second(shift), sum = (int64_t)m->units + units % second;

	m->sec += units / second;
	if (sum < 0) {
		m->sec--;
		sum += second;
	} else if (sum >= second) {
		m->sec++;
		sum -= second;
	}
	m->units = (uint64_t)sum;
}

/* What a reader of `slot` gets `cycles` after its base, rounded down. */
static struct moment timekeeper_at(const struct vdk_slot *slot, bool raw, uint64_t cycles, unsigned int shift)
{
	uint64_t frac = raw ? slot->raw_frac : slot->frac;
	uint64_t ns = raw ? slot->raw_ns : slot->ns[VDK_CLOCK_MONOTONIC];
	int64_t sec = raw ? slot->raw_sec : slot->sec[VDK_CLOCK_MONOTONIC];

	vdk_carry(&sec, &ns, vdk_scaled_to_ns(cycles << slot->shift, raw ? slot->raw_mult : slot->mult, 0, &frac));
	return (struct moment){ sec, ns << shift | frac >> (64 - shift) };
}

/* What a reader of the line gets `cycles` after its base, in 128 bits.
 *
 * vdk_div128 asks for units / 2^64 below a second: cycles < 2^63 and mult < 2^32 leave it below 2^31, and a second has 2^31 units
 * from shift 2 on. Shift 1 is for counters below 2 Hz, with cycles < 2^62 in a thousand million years. */
static struct moment line_at(const struct vdk_linux_6_1_line *line, uint64_t cycles, unsigned int shift)
{
	unsigned __int128 units = (unsigned __int128)cycles * line->mult + line->units;
	uint64_t sec = vdk_div128(units, one_second(shift));

	return (struct moment){ line->sec + (int64_t)sec, (uint64_t)units - sec * one_second(shift) };
}

/* How far `line` is ahead of `tk`, in units; 0 where it is too far off to be followed up. */
static int64_t ahead(struct moment line, struct moment tk, unsigned int shift)
{
	int64_t sec = line.sec - tk.sec;

	if (sec < -FAR_SEC || sec > FAR_SEC)
		return 0;
	return sec * (int64_t)one_second(shift) + (int64_t)line.units - (int64_t)tk.units;
}

/* The timekeeper's rate in units of mult times 2^-32: the slot's is mult * 2^(shift - 64) ns per cycle. */
static uint64_t exact_rate(const struct vdk_slot *slot, bool raw, unsigned int shift)
{
	return (uint64_t)(((unsigned __int128)(raw ? slot->raw_mult : slot->mult) << (slot->shift + shift)) >> 32);
}

/* What a mult has to be below the timekeeper's own rate so that a line that is `e` units ahead meets it after `cycles`, in 2^-32 of a
 * unit; STEER_MAX units at most. */
static int64_t correction(int64_t e, uint64_t cycles)
{
	uint64_t size = e < 0 ? -(uint64_t)e : (uint64_t)e, result;

	if (size >= STEER_MAX * cycles)
		result = (uint64_t)STEER_MAX << 32;
	else
		result = vdk_div128((unsigned __int128)size << 32, cycles);
	return e < 0 ? -(int64_t)result : (int64_t)result;
}

static void choose_mult(struct vdk_linux_6_1_line *line, uint64_t exact, int64_t e, uint64_t cycles)
{
	int64_t wanted = (int64_t)(exact - (uint64_t)correction(e, cycles));
	uint64_t mult = !exact || wanted < 0 ? 0 : ((uint64_t)wanted + (1ull << 31)) >> 32; /* 0: the clocks stand */

	line->mult = mult > UINT32_MAX ? UINT32_MAX : (uint32_t)mult;
	line->excess = (int64_t)(((uint64_t)line->mult << 32) - exact);
}

/* The smallest shift at which a unit of mult is 1 ns or less in a tick, so that the line can be steered that finely, and no larger: each
 * step halves the time until a stock reader's 64 bits overflow. mult leaves room for the fastest rate. */
static unsigned int choose_shift(const struct vdk_clocksource *cs, uint64_t tick_cycles)
{
	unsigned int shift = 1;

	while (shift < SHIFT_MAX && 1ull << shift < tick_cycles &&
	       ((unsigned __int128)VDK_NS_PER_SEC * (VDK_RATE_HEADROOM + 1) << (shift + 1)) / VDK_RATE_HEADROOM <
		       (unsigned __int128)cs->hz << 32)
		shift++;
	return shift;
}

static void choose_rates(struct vdk_linux_6_1 *w, const struct vdk_timekeeper *tk)
{
	w->cs = tk->cs;
	w->tick_cycles = vdk_tk_cycles_of_ns(tk->cs, tk->tick_ns);
	w->shift = choose_shift(tk->cs, w->tick_cycles);
}

/* `e` in units of another shift, rounded up: a clock may not step back. */
static int64_t rescale(int64_t e, unsigned int from, unsigned int to)
{
	return from <= to ? e * (1ll << (to - from)) : -(-e >> (from - to));
}

/* Let the line pass, `cycles` after the timekeeper's base, as far from the timekeeper as it did under the old one: whatever the
 * timekeeper was moved by, between then and now, the line is too. Then steer. The line's base is where the timekeeper's is, so that
 * time(), which reads the base, says the second that the coarse clock says.
 *
 * A slower mult is also met in the future, by as much as vdk_tk_set_mult() does, for readers whose counter is read after their second
 * look at seq: for what the timekeeper's own rate became slower, it has done that. What the line says now. */
static struct moment follow(struct vdk_linux_6_1 *w, const struct vdk_timekeeper *tk, bool raw, int64_t e, uint64_t cycles)
{
	struct vdk_linux_6_1_line *line = &w->line[raw];
	struct moment at = timekeeper_at(&tk->now, raw, cycles, w->shift), passed, base;
	uint64_t lift = tk->bound_cycles < w->tick_cycles / LIFT_DIVISOR ? tk->bound_cycles : w->tick_cycles / LIFT_DIVISOR;
	int64_t excess = line->excess;

	choose_mult(line, exact_rate(&tk->now, raw, w->shift), e, w->tick_cycles);
	if (excess > line->excess)
		e += (int64_t)(((unsigned __int128)(uint64_t)(excess - line->excess) * lift + UINT32_MAX) >> 32);
	move(&at, e, w->shift);
	line->sec = 0;
	line->units = 0;
	passed = line_at(line, cycles, w->shift);
	base = (struct moment){ at.sec - passed.sec, at.units };
	move(&base, -(int64_t)passed.units, w->shift);
	line->sec = base.sec;
	line->units = base.units;
	return at;
}

static int32_t clock_mode(const struct vdk_slot *slot)
{
	switch (slot->mode & ~VDK_MODE_SCALED) {
	case VDK_MODE_COUNTER:
	case VDK_MODE_COUNTER_ALT:
		return VDK_LINUX_6_1_COUNTER;
	default:
		return VDK_LINUX_6_1_SYSCALL;
	}
}

static void put(struct vdk_linux_6_1_base *base, int64_t sec, uint64_t nsec)
{
	VDK_STORE(base->sec, (uint64_t)sec);
	VDK_STORE(base->nsec, nsec);
}

/* A fine clock that is ahead of MONOTONIC by whole nanoseconds. */
static void put_fine(struct vdk_linux_6_1_base *base, struct moment m, int64_t sec, int64_t ns, unsigned int shift)
{
	move(&m, ns * (1ll << shift), shift);
	put(base, m.sec + sec, m.units);
}

/* A coarse clock: the timekeeper's, but never ahead of what the fine one says now. */
static void put_coarse(struct vdk_linux_6_1_base *base, const struct vdk_linux_6_1_base *fine, int64_t sec, uint32_t ns, unsigned int shift)
{
	uint64_t fine_ns = fine->nsec >> shift;
	bool behind = (int64_t)fine->sec < sec || ((int64_t)fine->sec == sec && fine_ns < ns);

	put(base, behind ? (int64_t)fine->sec : sec, behind ? fine_ns : ns);
}

/* `reached`: what MONOTONIC says now. */
static void fill(const struct vdk_linux_6_1 *w, const struct vdk_timekeeper *tk, struct moment reached)
{
	const struct vdk_slot *now = &tk->now;
	const int64_t *sec = now->sec;
	const uint32_t *ns = now->ns;
	struct vdk_linux_6_1_entry *entry = w->kdata->clock;
	struct vdk_linux_6_1_base *base = entry[0].base;
	struct vdk_linux_6_1_base now_fine;
	struct moment mono = { w->line[0].sec, w->line[0].units };
	int64_t wall_sec = sec[VDK_CLOCK_REALTIME] - sec[VDK_CLOCK_MONOTONIC];
	int64_t wall_ns = (int64_t)ns[VDK_CLOCK_REALTIME] - ns[VDK_CLOCK_MONOTONIC];

	for (int i = 0; i < 2; i++) {
		VDK_STORE(entry[i].clock_mode, clock_mode(now));
		VDK_STORE(entry[i].cycle_last, now->cycles);
		VDK_STORE(entry[i].mask, UINT64_MAX >> (64 - now->width));
		VDK_STORE(entry[i].mult, w->line[i].mult);
		VDK_STORE(entry[i].shift, w->shift);
	}
	put_fine(&base[VDK_CLOCK_REALTIME], mono, wall_sec, wall_ns, w->shift);
	put_fine(&base[VDK_CLOCK_TAI], mono, wall_sec + now->tai_offset_sec, wall_ns, w->shift);
	put_fine(&base[VDK_CLOCK_MONOTONIC], mono, 0, 0, w->shift);
	put_fine(&base[VDK_CLOCK_BOOTTIME], mono, now->boottime_sec - sec[VDK_CLOCK_MONOTONIC],
		 (int64_t)now->boottime_ns - ns[VDK_CLOCK_MONOTONIC], w->shift);
	put_fine(&now_fine, reached, wall_sec, wall_ns, w->shift);
	put_coarse(&base[VDK_CLOCK_REALTIME_COARSE], &now_fine, sec[VDK_CLOCK_REALTIME], ns[VDK_CLOCK_REALTIME], w->shift);
	put_fine(&now_fine, reached, 0, 0, w->shift);
	put_coarse(&base[VDK_CLOCK_MONOTONIC_COARSE], &now_fine, sec[VDK_CLOCK_MONOTONIC], ns[VDK_CLOCK_MONOTONIC], w->shift);
	put(&entry[1].base[VDK_CLOCK_MONOTONIC_RAW], w->line[1].sec, w->line[1].units);
	VDK_STORE(entry[0].hrtimer_res, VDK_LOAD(tk->kpage->res_ns));
	VDK_STORE(entry[0].tz_minuteswest, VDK_LOAD(tk->kpage->tz_minuteswest));
	VDK_STORE(entry[0].tz_dsttime, VDK_LOAD(tk->kpage->tz_dsttime));
}

/* Readers wait while seq is odd: the counter is read when no reader of the old line is left. */
static void begin(struct vdk_linux_6_1_data *kdata)
{
	for (int i = 0; i < 2; i++)
		VDK_STORE(kdata->clock[i].seq, VDK_LOAD(kdata->clock[i].seq) + 1);
	/* Pairs with the reader's second look at seq: who saw a byte of the new data, or a counter value later than the writer's, sees the
	 * odd number. The load is what the counter is read after (vdk_clocksource.read). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	(void)*(volatile const uint32_t *)&kdata->clock[0].seq;
}

static void end(struct vdk_linux_6_1_data *kdata)
{
	/* Pairs with the acquire load of seq in the reader: who sees the even number sees the data. */
	for (int i = 0; i < 2; i++)
		__atomic_store_n(&kdata->clock[i].seq, VDK_LOAD(kdata->clock[i].seq) + 1, __ATOMIC_RELEASE);
}

static void publish(struct vdk_follower *follower, const struct vdk_timekeeper *tk)
{
	struct vdk_linux_6_1 *w = (struct vdk_linux_6_1 *)follower;
	uint64_t counter, since;
	int64_t e[2] = { 0, 0 };
	struct moment reached;

	begin(w->kdata);
	counter = tk->cs->read(tk->cs);
	if (w->running && clock_mode(&w->then) != VDK_LINUX_6_1_SYSCALL) {
		since = vdk_cycles_since(w->then.cycles, w->cs == tk->cs ? counter : w->cs->read(w->cs), w->then.width);
		for (int i = 0; i < 2; i++)
			e[i] = ahead(line_at(&w->line[i], since, w->shift), timekeeper_at(&w->then, i, since, w->shift), w->shift);
	}
	if (w->cs != tk->cs) {
		unsigned int shift = w->shift;

		choose_rates(w, tk);
		for (int i = 0; i < 2; i++) {
			e[i] = rescale(e[i], shift, w->shift);
			w->line[i].excess = 0;
		}
	}
	since = vdk_cycles_since(tk->now.cycles, counter, tk->now.width);
	reached = follow(w, tk, false, e[0], since);
	follow(w, tk, true, e[1], since);
	w->then = tk->now;
	w->running = true;
	fill(w, tk, reached);
	end(w->kdata);
}

void vdk_linux_6_1_start(struct vdk_linux_6_1 *writer, struct vdk_timekeeper *tk, struct vdk_linux_6_1_data *kdata)
{
	*writer = (struct vdk_linux_6_1){ .follower.publish = publish, .kdata = kdata };
	choose_rates(writer, tk);
	vdk_time_follow(tk, &writer->follower);
}

void vdk_linux_6_1_namespace(struct vdk_linux_6_1_data *kdata, const struct vdk_timespec *monotonic,
			     const struct vdk_timespec *boottime)
{
	for (int i = 0; i < 2; i++) {
		struct vdk_linux_6_1_base *base = kdata->clock[i].base;

		kdata->clock[i] = (struct vdk_linux_6_1_entry){ .seq = 1, .clock_mode = VDK_LINUX_6_1_NAMESPACE };
		put(&base[VDK_CLOCK_MONOTONIC], monotonic->tv_sec, (uint64_t)monotonic->tv_nsec);
		put(&base[VDK_CLOCK_MONOTONIC_RAW], monotonic->tv_sec, (uint64_t)monotonic->tv_nsec);
		put(&base[VDK_CLOCK_MONOTONIC_COARSE], monotonic->tv_sec, (uint64_t)monotonic->tv_nsec);
		put(&base[VDK_CLOCK_BOOTTIME], boottime->tv_sec, (uint64_t)boottime->tv_nsec);
		put(&base[9], boottime->tv_sec, (uint64_t)boottime->tv_nsec); /* BOOTTIME_ALARM, as Linux */
	}
}
