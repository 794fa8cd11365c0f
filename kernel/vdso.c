/* SPDX-License-Identifier: MIT */
/* The glue between the kernel and the kit: all that adopting the kit takes.
 *
 * Owns: the timekeeper, its lock and its page; the embedded image. Relies on: arch_clocksources(), the timer trap.
 * Never: computes a time. */
#include "vdso.h"

#include <vdk/image.h>
#include <vdk/time.h>

#include "abi/errno.h"
#include "arch/arch.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "mm/page.h"
#include "mm/space.h"
#include "time/timer.h"
#include "trap/trap.h"
#include "vdso-image.h"

#define IMAGE_PAGES (ALIGN_UP(VDK_IMAGE_SIZE, PAGE_SIZE) / PAGE_SIZE) /* image.S pads it with zeros */

extern const char vdso_image[]; /* image.S */

static struct spinlock lock; /* the one writer */
static struct vdk_timekeeper tk;
static paddr_t data_page, image_pages[IMAGE_PAGES];
static bool started, mapping_off;

#ifdef ARCH_HWPROBE_KEYS
static void tell_hwprobe(void)
{
	uint64_t value[ARCH_HWPROBE_KEYS];

	arch_hwprobe(value);
	if (vdk_time_set_hwprobe(&tk, value, ARCH_HWPROBE_KEYS, 1))
		panic("vdso: the kit refuses what riscv_hwprobe says");
}
#endif

void vdso_init(void)
{
	static struct vdk_clocksource cs_copy;
	const struct vdk_clocksource *cs = &cs_copy;
	struct vdk_time_config config = { .tick_ns = TICK_NS, .cpu_mode = arch_getcpu_mode() };

	_Static_assert(VDK_IMAGE_DATA_SIZE <= PAGE_SIZE, "one data page");
	_Static_assert(VDK_IMAGE_PAGE_VERSION == VDK_PAGE_VERSION, "image and kit are of one version");
	cs_copy = *arch_clocksources()[0];
	if (cmdline_is("counter", "unstable"))
		cs_copy.user_mode = VDK_MODE_SYSCALL;
	mapping_off = cmdline_is("vdso", "off");
	if (!arch_wall_time(&config.wall.tv_sec))
		log_warn("vdso: no wall clock: REALTIME starts at 1970");
	data_page = page_alloc(0);
	if (!data_page || vdk_time_init(&tk, cs, arch_phys_to_virt(data_page) + PAGE_SIZE - VDK_IMAGE_DATA_SIZE, &config))
		panic("vdso: clocksource %s: the kit refuses it", cs->name);
	for (size_t i = 0; i < IMAGE_PAGES; i++) {
		image_pages[i] = page_alloc(0);
		if (!image_pages[i])
			panic("vdso: no memory for the image");
		memcpy(arch_phys_to_virt(image_pages[i]), vdso_image + i * PAGE_SIZE, PAGE_SIZE);
	}
#ifdef ARCH_HWPROBE_KEYS
	tell_hwprobe();
#endif
	started = true;
	log_info("vdso: clocksource %s, %llu Hz, %s user mode; image %s%s", cs->name, (unsigned long long)cs->hz,
		 cs->user_mode == VDK_MODE_SYSCALL ? "not readable in" : "readable in", VDK_IMAGE_BUILD_ID,
		 mapping_off ? ", not mapped (vdso=off)" : "");
}

static bool vdso_tick(struct trap_info *info)
{
	unsigned long flags = spin_lock(&lock);

	(void)info;
	vdk_time_tick(&tk);
	spin_unlock(&lock, flags);
	return true;
}
TRAP_HANDLER(TRAP_TIMER, vdso_tick);

/* Without the vDSO, where handlers must return through it: the one page of the image that holds the code. */
static int map_sigpage(struct space *s)
{
#ifdef ARCH_VDSO_SIGRETURN
	uaddr_t base = space_find_random(s, PAGE_SIZE);
	int rc = base ? space_map_pages(s, base, &image_pages[ARCH_VDSO_SIGRETURN / PAGE_SIZE], 1,
					ARCH_PROT_READ | ARCH_PROT_EXEC, "[sigpage]") : -ENOMEM;

	if (!rc)
		s->sigreturn = base + ARCH_VDSO_SIGRETURN % PAGE_SIZE;
	return rc;
#else
	(void)s;
	return 0;
#endif
}

int vdso_map(struct space *s)
{
	uaddr_t base;
	int rc;

	if (mapping_off)
		return map_sigpage(s);
	base = space_find_random(s, (1 + IMAGE_PAGES) * PAGE_SIZE);
	if (!base)
		return -ENOMEM;
	rc = space_map_pages(s, base, &data_page, 1, ARCH_PROT_READ, "[vvar]");
	if (!rc)
		rc = space_map_pages(s, base + PAGE_SIZE, image_pages, IMAGE_PAGES, ARCH_PROT_READ | ARCH_PROT_EXEC, "[vdso]");
	if (rc)
		return rc;
	s->vdso = base + PAGE_SIZE;
#ifdef ARCH_VDSO_SIGRETURN
	s->sigreturn = s->vdso + ARCH_VDSO_SIGRETURN;
#endif
	return 0;
}

int clock_now(int clock_id, struct vdk_timespec *ts)
{
	return vdk_time_now(&tk, clock_id, ts) ? 0 : -EINVAL;
}

int clock_res_ns(int clock_id, uint32_t *ns)
{
	return vdk_time_res(&tk, clock_id, ns) ? 0 : -EINVAL;
}

static int64_t now_ns(int clock_id)
{
	struct vdk_timespec ts;

	return started && vdk_time_now(&tk, clock_id, &ts) ? ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec : 0;
}

uint64_t clock_now_ns(void)
{
	return (uint64_t)now_ns(VDK_CLOCK_MONOTONIC);
}

int64_t clock_realtime_ns(void)
{
	return now_ns(VDK_CLOCK_REALTIME);
}

int clock_set_wall(const struct vdk_timespec *ts)
{
	unsigned long flags = spin_lock(&lock);
	int rc = vdk_time_set_wall(&tk, ts);

	spin_unlock(&lock, flags);
	return rc;
}

void clock_set_zone(int32_t minutes_west, int32_t dst_time)
{
	unsigned long flags = spin_lock(&lock);

	vdk_time_set_zone(&tk, minutes_west, dst_time);
	spin_unlock(&lock, flags);
}

void clock_zone(int32_t *minutes_west, int32_t *dst_time)
{
	vdk_time_zone(&tk, minutes_west, dst_time);
}
