/* SPDX-License-Identifier: MIT */
/* Turns a clocksource and a tick into what the page says.
 *
 * Owns: struct vdk_timekeeper. Relies on: the caller's lock, see vdk/time.h.
 * Never: reads the page back for its own state, keeps globals, allocates, locks, logs. */
#include "vdk/time.h"

#include "page/read.h"
#include "time/internal.h"
#include "time/rate.h"

#define DEFAULT_PUBLISH_BOUND_NS 10000u

static void tell_followers(const struct vdk_timekeeper *tk)
{
	for (struct vdk_follower *follower = tk->followers; follower; follower = follower->next)
		follower->publish(follower, tk);
}

void vdk_tk_publish(struct vdk_timekeeper *tk)
{
	vdk_latch_publish(tk->kpage, &tk->now);
	if (tk->slowed && vdk_cycles_since(tk->now.cycles, tk->cs->read(tk->cs), tk->now.width) > tk->bound_cycles)
		tk->late_publishes++;
	tk->slowed = false;
	tell_followers(tk);
}

void vdk_time_follow(struct vdk_timekeeper *tk, struct vdk_follower *follower)
{
	follower->next = tk->followers;
	tk->followers = follower;
	follower->publish(follower, tk);
}

void vdk_tk_add_ns(int64_t *sec, uint32_t *ns, uint64_t add)
{
	uint64_t sum = *ns;

	vdk_carry(sec, &sum, add);
	*ns = (uint32_t)sum;
}

/* The clocks that go at the adjusted rate move on by `add`: all by whole nanoseconds, so that they share one fraction. */
static void add_ns(struct vdk_timekeeper *tk, uint64_t add)
{
	struct vdk_slot *now = &tk->now;
	int64_t second = now->sec[VDK_CLOCK_REALTIME];

	for (int i = 0; i < 2; i++)
		vdk_tk_add_ns(&now->sec[i], &now->ns[i], add);
	vdk_tk_add_ns(&now->boottime_sec, &now->boottime_ns, add);
	tk->discipline.passed += (uint64_t)(now->sec[VDK_CLOCK_REALTIME] - second);
}

static void add_raw_ns(struct vdk_slot *now, uint64_t add)
{
	vdk_tk_add_ns(&now->raw_sec, &now->raw_ns, add);
}

void vdk_tk_add_scaled(struct vdk_timekeeper *tk, uint64_t scaled)
{
	struct vdk_discipline *d = &tk->discipline;
	struct vdk_slot *now = &tk->now;

	add_ns(tk, vdk_scaled_to_ns(scaled, now->mult, 0, &now->frac));
	add_raw_ns(now, vdk_scaled_to_ns(scaled, now->raw_mult, 0, &now->raw_frac));
	if (now->mult != d->base_mult)
		vdk_discipline_moved(tk, scaled, now->mult, d->base_mult);
}

uint64_t vdk_tk_wrap(uint64_t cycles, unsigned int width)
{
	return cycles & (UINT64_MAX >> (64 - width));
}

/* Move the snapshot to the counter's present value. Every reading from the new one equals, bit for bit, the reading from the old:
 *     floor((d1 + d2) * m + f) = floor(d1 * m + f) + floor(d2 * m + frac(d1 * m + f))
 * in units of 2^-64 ns, and nothing is rounded on the way. */
void vdk_tk_advance_to(struct vdk_timekeeper *tk, uint64_t counter)
{
	struct vdk_slot *now = &tk->now;
	uint64_t cycles = vdk_cycles_since(now->cycles, counter, now->width), scaled = cycles << now->shift;

	if (scaled >> now->shift != cycles)
		return; /* more than 259 years: the counter is wrong, and if it is not ahead, it is behind */
	vdk_tk_add_scaled(tk, scaled);
	now->cycles = vdk_tk_wrap(now->cycles + cycles, now->width);
}

void vdk_tk_advance(struct vdk_timekeeper *tk)
{
	if (!tk->sleep.asleep)
		vdk_tk_advance_to(tk, tk->cs->read(tk->cs));
}

bool vdk_tk_valid_time(const struct vdk_timespec *ts)
{
	return ts->tv_nsec >= 0 && ts->tv_nsec < (int64_t)VDK_NS_PER_SEC && ts->tv_sec >= 0 && ts->tv_sec <= VDK_WALL_SEC_MAX;
}

static void set_wall(struct vdk_slot *now, const struct vdk_timespec *wall)
{
	now->sec[VDK_CLOCK_REALTIME] = wall->tv_sec;
	now->ns[VDK_CLOCK_REALTIME] = (uint32_t)wall->tv_nsec;
}

/* At least `ns`, in cycles. */
uint64_t vdk_tk_cycles_of_ns(const struct vdk_clocksource *cs, uint32_t ns)
{
	return vdk_div128((unsigned __int128)ns * cs->hz, VDK_NS_PER_SEC) + 1;
}

bool vdk_tk_valid_clocksource(const struct vdk_clocksource *cs, uint32_t tick_ns, uint32_t publish_bound_ns)
{
	uint64_t half_wrap;

	if (!cs->read || !cs->hz || cs->hz > VDK_HZ_MAX || cs->width < 2 || cs->width > 64 || cs->user_mode > VDK_MODE_LAST ||
	    (cs->user_mode != VDK_MODE_SYSCALL && cs->width != VDK_USER_WIDTH))
		return false;
	half_wrap = 1ull << (cs->width - 1);
	return vdk_tk_cycles_of_ns(cs, tick_ns) < half_wrap && vdk_tk_cycles_of_ns(cs, publish_bound_ns) < half_wrap;
}

static bool valid_config(const struct vdk_time_config *config)
{
	return config->cpu_mode <= VDK_CPU_SINGLE && config->tick_ns && config->tick_ns <= VDK_NS_PER_SEC &&
	       vdk_tk_valid_time(&config->wall) && vdk_tk_valid_time(&config->monotonic) && vdk_tk_valid_time(&config->boottime) &&
	       vdk_tk_valid_time(&config->raw);
}

static uint8_t slot_mode(const struct vdk_clocksource *cs, const struct vdk_rate *rate)
{
	bool scaled = cs->user_mode != VDK_MODE_SYSCALL && rate->shift;

	return (uint8_t)(cs->user_mode | (scaled ? VDK_MODE_SCALED : 0));
}

void vdk_tk_use_clocksource(struct vdk_timekeeper *tk, const struct vdk_clocksource *cs, uint64_t counter)
{
	struct vdk_slot *now = &tk->now;
	struct vdk_rate rate = vdk_rate_of_hz(cs->hz);

	now->source ^= 1;
	/* Pairs with the acquire fence in vdk_latch_retry(), as the one in vdk_latch_write(): who gets the new pointer where it looked
	 * for that of two clocksources ago sees that the number has changed since. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	VDK_STORE(tk->sources[now->source], cs);
	tk->cs = cs;
	tk->nominal_mult = rate.mult;
	tk->bound_cycles = vdk_tk_cycles_of_ns(cs, tk->publish_bound_ns);
	now->cycles = vdk_tk_wrap(counter, cs->width);
	now->mult = now->raw_mult = rate.mult;
	now->shift = rate.shift;
	now->width = (uint8_t)cs->width;
	now->mode = slot_mode(cs, &rate);
}

int vdk_time_init(struct vdk_timekeeper *tk, const struct vdk_clocksource *cs, struct vdk_page *kpage,
		  const struct vdk_time_config *config)
{
	uint32_t bound_ns = config->publish_bound_ns ? config->publish_bound_ns : DEFAULT_PUBLISH_BOUND_NS;

	if (!valid_config(config) || !vdk_tk_valid_clocksource(cs, config->tick_ns, bound_ns) || (uintptr_t)kpage % VDK_PAGE_SIZE)
		return -VDK_EINVAL;
	*tk = (struct vdk_timekeeper){
		.now = {
			.sec[VDK_CLOCK_MONOTONIC] = config->monotonic.tv_sec,
			.ns[VDK_CLOCK_MONOTONIC] = (uint32_t)config->monotonic.tv_nsec,
			.boottime_sec = config->boottime.tv_sec,
			.boottime_ns = (uint32_t)config->boottime.tv_nsec,
			.raw_sec = config->raw.tv_sec,
			.raw_ns = (uint32_t)config->raw.tv_nsec,
			.tai_offset_sec = config->tai_offset_sec,
		},
		.sources = { cs, cs },
		.kpage = kpage,
		.tick_ns = config->tick_ns,
		.publish_bound_ns = bound_ns,
	};
	vdk_tk_use_clocksource(tk, cs, cs->read(cs));
	set_wall(&tk->now, &config->wall);
	vdk_discipline_init(tk);

	__builtin_memset(kpage, 0, sizeof(*kpage)); /* nobody reads it yet */
	VDK_STORE(kpage->magic, VDK_PAGE_MAGIC);
	VDK_STORE(kpage->version, VDK_PAGE_VERSION);
	VDK_STORE(kpage->size, (uint32_t)sizeof(*kpage));
	VDK_STORE(kpage->res_ns, 1);
	VDK_STORE(kpage->coarse_res_ns, config->tick_ns);
	VDK_STORE(kpage->cpu_mode, config->cpu_mode);
	vdk_tk_publish(tk);
	return 0;
}

void vdk_time_tick(struct vdk_timekeeper *tk)
{
	vdk_tk_advance(tk);
	vdk_discipline_play(tk);
	vdk_tk_publish(tk);
}

void vdk_time_skip(struct vdk_timekeeper *tk, uint64_t ns)
{
	vdk_tk_advance(tk);
	add_ns(tk, ns);
	add_raw_ns(&tk->now, ns);
	vdk_tk_publish(tk);
}

int vdk_time_set_wall(struct vdk_timekeeper *tk, const struct vdk_timespec *wall)
{
	if (!vdk_tk_valid_time(wall))
		return -VDK_EINVAL;
	vdk_tk_advance(tk);
	vdk_discipline_clear(tk);
	set_wall(&tk->now, wall);
	vdk_tk_publish(tk);
	return 0;
}

/* A faster rate may start now: whoever still reads the old snapshot reads less. A slower one must start at a counter value c
 * that no reader of the old snapshot reaches: until the number changes they are on the old line, and the new one must not lie
 * below it there. So the new line meets the old at c = now + bound, which puts its base bound * (old - new) higher: some
 * nanoseconds for hundreds of ppm. If the counter is found beyond c after the publication, that is counted. */
void vdk_tk_set_mult(struct vdk_timekeeper *tk, bool raw, uint64_t mult)
{
	struct vdk_slot *now = &tk->now;
	uint64_t *rate = raw ? &now->raw_mult : &now->mult;
	uint64_t *frac = raw ? &now->raw_frac : &now->frac;

	if (tk->sleep.asleep) {
		*(raw ? &tk->sleep.raw_mult : &tk->sleep.mult) = mult;
		return;
	}
	if (mult < *rate) {
		uint64_t scaled = tk->bound_cycles << now->shift;
		uint64_t ahead = vdk_scaled_to_ns(scaled, *rate - mult, 0, frac);

		if (raw) {
			add_raw_ns(now, ahead);
		} else {
			add_ns(tk, ahead);
			vdk_discipline_moved(tk, scaled, *rate, mult);
		}
		tk->slowed = true;
	}
	*rate = mult;
}

int vdk_time_set_raw_freq(struct vdk_timekeeper *tk, int64_t freq)
{
	if (freq < -VDK_FREQ_MAX || freq > VDK_FREQ_MAX)
		return -VDK_EINVAL;
	vdk_tk_advance(tk);
	vdk_tk_set_mult(tk, true, vdk_rate_adjust(tk->nominal_mult, freq));
	vdk_tk_publish(tk);
	return 0;
}

void vdk_time_set_zone(struct vdk_timekeeper *tk, int32_t minutes_west, int32_t dst_time)
{
	VDK_STORE(tk->kpage->tz_minuteswest, minutes_west);
	VDK_STORE(tk->kpage->tz_dsttime, dst_time);
	tell_followers(tk);
}

void vdk_time_zone(const struct vdk_timekeeper *tk, int32_t *minutes_west, int32_t *dst_time)
{
	*minutes_west = VDK_LOAD(tk->kpage->tz_minuteswest);
	*dst_time = VDK_LOAD(tk->kpage->tz_dsttime);
}

int vdk_time_set_cpu_mode(struct vdk_timekeeper *tk, unsigned int cpu_mode)
{
	if (cpu_mode > VDK_CPU_SINGLE)
		return -VDK_EINVAL;
	VDK_STORE(tk->kpage->cpu_mode, cpu_mode);
	return 0;
}

int vdk_time_set_hwprobe(struct vdk_timekeeper *tk, const uint64_t *value, unsigned int count, unsigned int cpus)
{
	struct vdk_page *kpage = tk->kpage;

	if (VDK_LOAD(kpage->hwprobe_count) || !count || count > VDK_HWPROBE_MAX)
		return -VDK_EINVAL;
	for (unsigned int key = 0; key < count; key++)
		VDK_STORE(kpage->hwprobe[key], value[key]);
	VDK_STORE(kpage->hwprobe_cpus, cpus);
	/* Pairs with the acquire load in the image's riscv_hwprobe: who sees the count sees the values. Without it,
	 * tests/litmus/hwprobe-count-value.litmus fails. */
	__atomic_store_n(&kpage->hwprobe_count, count, __ATOMIC_RELEASE);
	return 0;
}

/* Seven eighths of half a wrap, of the cycles that 63 bits hold, and of what the counter asks for. */
uint64_t vdk_time_max_idle_ns(const struct vdk_timekeeper *tk)
{
	const struct vdk_slot *now = &tk->now;
	unsigned int bits = now->width - 1u + now->shift < 63 ? now->width - 1u + now->shift : 63;
	uint64_t fraction = 0, scaled = 1ull << bits;

	if (tk->cs->read_within && tk->cs->read_within < scaled >> now->shift)
		scaled = tk->cs->read_within << now->shift;
	return vdk_scaled_to_ns(scaled / 8 * 7, tk->nominal_mult, 0, &fraction);
}

/* VDK_COUNTER_FN: the kernel can always read its counter: that of the slot, which may not be the latest. */
static bool kernel_counter(const void *ctx, const struct vdk_slot *slot, uint64_t *scaled)
{
	const struct vdk_timekeeper *tk = ctx;
	const struct vdk_clocksource *cs = VDK_LOAD(tk->sources[VDK_LOAD(slot->source) & 1]);

	if (scaled)
		*scaled = vdk_scaled(slot, cs->read(cs), VDK_LOAD(slot->width), VDK_LOAD(slot->shift));
	return true;
}

bool vdk_time_now(const struct vdk_timekeeper *tk, int clock_id, struct vdk_timespec *ts)
{
	return vdk_read_clock(tk->kpage, clock_id, false, ts, kernel_counter, tk);
}

bool vdk_time_res(const struct vdk_timekeeper *tk, int clock_id, uint32_t *res_ns)
{
	uint32_t res = vdk_read_res(tk->kpage, clock_id);

	if (res)
		*res_ns = res;
	return res != 0;
}
